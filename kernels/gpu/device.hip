#include <cstdlib>
#include <cstring>

#include "kernels/gpu/device.h"
#include "kernels/gpu/gpu.h"

namespace radlads::kernels::gpu {

#if defined(GPU_FIBERS)

const char* whyNoDevice() {
    return nullptr;
}
const char* deviceName() {
    return "fibers on the CPU";
}
bool isEmulated() {
    return true;
}
void* allocate(std::size_t bytes) {
    return std::aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
}
void release(void* memory) {
    std::free(memory);
}
const char* upload(void* to, const void* from, std::size_t bytes) {
    if (bytes > 0) std::memcpy(to, from, bytes);
    return nullptr;
}
const char* download(void* to, const void* from, std::size_t bytes) {
    return upload(to, from, bytes);
}
const char* copy(void* to, const void* from, std::size_t bytes) {
    return upload(to, from, bytes);
}
const char* synchronise() {
    return nullptr;
}

#else

#if defined(GPU_CUDA)
#define RUNTIME(name) cuda##name
#else
#define RUNTIME(name) hip##name
#endif

namespace {

const char* textOf(RUNTIME(Error_t) error) {
    return error == RUNTIME(Success) ? nullptr : RUNTIME(GetErrorString)(error);
}

#if defined(GPU_CUDA)
using Properties = cudaDeviceProp;
#else
using Properties = hipDeviceProp_t;
#endif

}  // namespace

const char* whyNoDevice() {
    int count = 0;
    if (const char* error = textOf(RUNTIME(GetDeviceCount)(&count))) return error;
    return count > 0 ? nullptr : "the machine has no GPU that the toolkit's runtime can use";
}
const char* deviceName() {
    static Properties properties = {};
    return RUNTIME(GetDeviceProperties)(&properties, 0) == RUNTIME(Success) ? properties.name : "unknown device";
}
bool isEmulated() {
    return false;
}
void* allocate(std::size_t bytes) {
    void* memory = nullptr;
    return RUNTIME(Malloc)(&memory, bytes > 0 ? bytes : 1) == RUNTIME(Success) ? memory : nullptr;
}
void release(void* memory) {
    static_cast<void>(RUNTIME(Free)(memory));
}
const char* upload(void* to, const void* from, std::size_t bytes) {
    return textOf(RUNTIME(Memcpy)(to, from, bytes, RUNTIME(MemcpyHostToDevice)));
}
const char* download(void* to, const void* from, std::size_t bytes) {
    return textOf(RUNTIME(Memcpy)(to, from, bytes, RUNTIME(MemcpyDeviceToHost)));
}
const char* copy(void* to, const void* from, std::size_t bytes) {
    return textOf(RUNTIME(MemcpyAsync)(to, from, bytes, RUNTIME(MemcpyDeviceToDevice), nullptr));
}
const char* synchronise() {
    return textOf(RUNTIME(DeviceSynchronize)());
}

#endif

}  // namespace radlads::kernels::gpu
