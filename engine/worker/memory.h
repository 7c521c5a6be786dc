// How much memory a piece of work takes at its peak.
#pragma once

#include <functional>

namespace radlads::worker {

// Bytes of this process's resident memory at most while `task` runs, above what it has before; pages that it has freed go back first.
// Negative where the kernel does not say.
double peakMemoryOf(const std::function<void()>& task);

}  // namespace radlads::worker
