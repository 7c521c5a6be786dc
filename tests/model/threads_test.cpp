// parallelTasks: every task once, whatever calls whom.
#include "engine/model/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace radlads;

TEST(ParallelTasks, EachRunsOnceForAnyNumberOfThreads) {
    for (const size_t threads : {0, 1, 2, 3, 8, 2, 1, 5})
        for (const size_t count : {0, 1, 2, 7, 100}) {
            std::vector<int> calls(count);
            model::parallelTasks(count, threads, [&](size_t i) { ++calls[i]; });
            EXPECT_EQ(calls, std::vector<int>(count, 1)) << threads;
        }
}

// Two tasks that wait for each other end only if two threads run them.
TEST(ParallelTasks, RunAtTheSameTime) {
    for (int round = 0; round < 200; ++round) {
        std::atomic<int> arrived{0};
        model::parallelTasks(2, 2, [&](size_t) {
            ++arrived;
            while (arrived < 2) std::this_thread::yield();
        });
        EXPECT_EQ(arrived, 2);
    }
}

TEST(ParallelTasks, TheFirstFailureIsToldAfterAllHaveEnded) {
    for (const size_t threads : {1, 3}) {
        std::atomic<int> calls{0};
        EXPECT_THROW(model::parallelTasks(threads == 1 ? 1 : 10, threads,
                                          [&](size_t) {
                                              ++calls;
                                              throw std::runtime_error("no");
                                          }),
                     std::runtime_error);
        EXPECT_EQ(calls, threads == 1 ? 1 : 10);
    }
    std::atomic<int> calls{0};
    model::parallelTasks(4, 3, [&](size_t) { ++calls; });  // works on
    EXPECT_EQ(calls, 4);
}

TEST(ParallelTasks, MayBeCalledInATaskAndBesideOneAnother) {
    std::atomic<int> calls{0};
    const auto nested = [&] {
        for (int round = 0; round < 50; ++round)
            model::parallelTasks(3, 3, [&](size_t) { model::parallelTasks(4, 2, [&](size_t) { ++calls; }); });
    };
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) callers.emplace_back(nested);
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(calls, 4 * 50 * 3 * 4);
}

}  // namespace
