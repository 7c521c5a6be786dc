#include "engine/model/threads.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <malloc.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

extern "C" void openblas_set_num_threads(int threads);

namespace radlads::model {
namespace {

void prepareThread() {
    at::set_num_threads(1);
    at::globalContext().setFlushDenormal(true);
}

}  // namespace

void prepareProcess() {
    openblas_set_num_threads(1);
    prepareThread();
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
    mallopt(M_TOP_PAD, 64 << 20);
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
