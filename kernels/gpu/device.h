// The device's memory, for tests and benchmarks: the ops themselves borrow what the caller has. On fibers it is the
// CPU's. Functions that return const char*: nullptr, or why not.
#pragma once

#include <cstddef>

namespace radlads::kernels::gpu {

const char* whyNoDevice();
const char* deviceName();  // "NVIDIA H100 ...", "fibers on the CPU"
bool isEmulated();
void* allocate(std::size_t bytes);  // nullptr: there is no room
void release(void* memory);
const char* upload(void* to, const void* from, std::size_t bytes);
const char* download(void* to, const void* from, std::size_t bytes);
const char* copy(void* to, const void* from, std::size_t bytes);  // within the device
const char* synchronise();

}  // namespace radlads::kernels::gpu
