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
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>

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

// Threads that wait for the next parallelTasks(): to start new ones, and to sleep between those that follow each other at
// once, costs a hundredth of an update of a small model.
class Pool {
public:
    // work() on `count` of them and on the caller's thread, which returns when all have returned. One caller at a time: false
    // if there is one already, then nothing has been called. work must not throw.
    bool tryRun(size_t count, const std::function<void()>& work) {
        if (m_isUsed.exchange(true)) return false;
        {
            const std::lock_guard lock(m_mutex);
            try {
                for (; m_threads < count; ++m_threads) std::thread([this, index = m_threads, seen = m_job.load()] { serve(index, seen); }).detach();
            } catch (const std::system_error&) {  // no more of them: those that are there do
            }
            m_work = &work;
            m_wanted = m_running = std::min(count, m_threads);
            ++m_job;
        }
        m_wake.notify_all();
        work();
        spinUntil([&] { return m_running.load() == 0; });
        {
            std::unique_lock lock(m_mutex);
            m_done.wait(lock, [&] { return m_running.load() == 0; });
        }
        m_isUsed = false;
        return true;
    }

private:
    void serve(size_t index, uint64_t seen) {
        prepareThread();
        for (;;) {
            spinUntil([&] { return m_job.load() != seen; });
            const std::function<void()>* work = nullptr;
            {
                std::unique_lock lock(m_mutex);
                m_wake.wait(lock, [&] { return m_job.load() != seen; });
                seen = m_job.load();
                if (index < m_wanted) work = m_work;
            }
            if (!work) continue;
            (*work)();
            const std::lock_guard lock(m_mutex);
            if (--m_running == 0) m_done.notify_one();
        }
    }
    // For as long as a thread would take to wake up.
    template <class Condition>
    static void spinUntil(const Condition& condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
        while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    }

    std::atomic<bool> m_isUsed{false};
    std::mutex m_mutex;
    std::condition_variable m_wake, m_done;
    size_t m_threads = 0, m_wanted = 0;
    const std::function<void()>* m_work = nullptr;
    std::atomic<uint64_t> m_job{0};
    std::atomic<size_t> m_running{0};
};

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
    static Pool& pool = *new Pool;  // never ends: its threads wait until the process does
    if (!pool.tryRun(threads - 1, work)) work();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace radlads::model
