#include "engine/worker/memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

namespace radlads::worker {
namespace {

// A line of /proc/self/status in bytes.
double statusBytes(const std::string& key) {
    std::ifstream file("/proc/self/status");
    std::string word;
    while (file >> word) {
        double kilobytes = 0;
        if (word == key && file >> kilobytes) return kilobytes * 1024;
    }
    return -1;
}

}  // namespace

double peakMemoryOf(const std::function<void()>& task) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    const double before = statusBytes("VmRSS:");
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
    task();
    const double peak = statusBytes("VmHWM:");
    return before < 0 || peak < 0 ? -1 : peak - before;
}

}  // namespace radlads::worker
