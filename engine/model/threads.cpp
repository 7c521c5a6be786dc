#include "engine/model/threads.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

extern "C" void openblas_set_num_threads(int threads);
extern "C" char* openblas_get_corename();

namespace radlads::model {
namespace {

// Kernels from before AVX: what OpenBLAS falls back to.
constexpr std::array<std::string_view, 9> kOldKernels{"Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom", "Athlon", "Opteron", "Barcelona"};

// The OPENBLAS_CORETYPE of this processor; null if it has no AVX2.
const char* newestKernels() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
    return nullptr;
}

// Asks for large pages under the memory that malloc will give out: kernels that pass through activations of many megabytes
// otherwise wait for page tables (kernels/README.md). Only addresses are taken; mallopt() must have told malloc to keep them.
void useLargePages() {
#if defined(MADV_HUGEPAGE) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    struct sysinfo machine = {};
    if (sysinfo(&machine) != 0) return;
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE)), size = machine.freeram * machine.mem_unit / 2;
    void* const room = std::malloc(size);
    if (!room) return;
    const uintptr_t begin = (reinterpret_cast<uintptr_t>(room) + page - 1) / page * page;
    madvise(reinterpret_cast<void*>(begin), (size - page) / page * page, MADV_HUGEPAGE);  // on failure: as it was
    std::free(room);
#endif
}

void prepareThread() {
    at::set_num_threads(1);
    at::globalContext().setFlushDenormal(true);
}

}  // namespace

void restartWithFasterBlas(char** argv) {
    if (std::getenv("OPENBLAS_CORETYPE") || std::find(kOldKernels.begin(), kOldKernels.end(), std::string_view(openblas_get_corename())) == kOldKernels.end()) return;
    const char* kernels = newestKernels();
    if (!kernels || setenv("OPENBLAS_CORETYPE", kernels, 0) != 0) return;
    ::execv("/proc/self/exe", argv);  // on failure: as it was, only slower
}

void prepareProcess() {
    openblas_set_num_threads(1);
    prepareThread();
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
    mallopt(M_TOP_PAD, 64 << 20);
    useLargePages();
#endif
}

size_t defaultThreads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max<size_t>(1, static_cast<size_t>(CPU_COUNT(&set)));
    return std::max(1u, std::thread::hardware_concurrency());
}

void parallelTasks(size_t count, size_t threads, const std::function<void(size_t)>& task) {
    threads = std::min(std::max<size_t>(1, threads), count);
    if (threads <= 1) {
        for (size_t i = 0; i < count; ++i) task(i);
        return;
    }
    std::atomic<size_t> next{0};
    std::exception_ptr failure;
    std::mutex failureMutex;
    const auto work = [&] {
        for (size_t i = next++; i < count; i = next++) {
            try {
                task(i);
            } catch (...) {
                const std::lock_guard lock(failureMutex);
                if (!failure) failure = std::current_exception();
            }
        }
    };
    std::vector<std::thread> pool;
    for (size_t t = 1; t < threads; ++t) {
        pool.emplace_back([&] {
            prepareThread();
            work();
        });
    }
    work();
    for (std::thread& thread : pool) thread.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace radlads::model
