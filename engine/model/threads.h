// Threads and memory of the process that computes. LibTorch and OpenBLAS are kept to one thread each: parallel work is ours, over
// whole micro-batches, which gives the same bits for any number of threads.
#pragma once

#include <cstddef>
#include <functional>

namespace radlads::model {

// Call once, first thing in main: single-threaded BLAS, denormals flushed, large pages, freed memory kept for the next step (page faults from
// returning it cost up to 40 % of a small step).
void prepareProcess();
// Calls task(0) .. task(count - 1), each once, on up to `threads` threads, which wait for the next call; the first exception is
// rethrown after all have ended. Called while another call runs, in a task or beside it, all tasks run on the caller's thread.
void parallelTasks(size_t count, size_t threads, const std::function<void(size_t)>& task);
// OpenBLAS runs its slowest kernels on a processor that is newer than itself (a fifth of the speed was measured). If it does, and the
// user has not chosen (OPENBLAS_CORETYPE), starts this process again with the newest kernels that the processor can run; it reads
// the choice only while it is loaded. Call first thing in main; returns if there is nothing to do.
void restartWithFasterBlas(char** argv);
size_t defaultThreads();  // cores that this process may use

}  // namespace radlads::model
