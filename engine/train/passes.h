// How passes over all parameters use threads.
#pragma once

#include <algorithm>

#include "engine/model/threads.h"
#include "kernels/adamw.h"

namespace radlads::train {

inline kernels::Parallel onThreads(size_t threads) {
    threads = std::max<size_t>(1, threads);
    return {static_cast<int64_t>(threads), [threads](int64_t count, const std::function<void(int64_t)>& task) {
                model::parallelTasks(static_cast<size_t>(count), threads, [&](size_t i) { task(static_cast<int64_t>(i)); });
            }};
}

}  // namespace radlads::train
