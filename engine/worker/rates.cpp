#include "engine/worker/rates.h"

#include <algorithm>
#include <ctime>

namespace radlads::worker {
namespace {

double processorSeconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

Stopwatch::Stopwatch() : m_start(std::chrono::steady_clock::now()), m_processorStart(processorSeconds()) {}

double Stopwatch::seconds() const {
    return std::max(std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count(), 1e-9);
}

double Stopwatch::processorShare() const {
    return (processorSeconds() - m_processorStart) / seconds();
}

}  // namespace radlads::worker
