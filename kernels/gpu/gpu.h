// What a kernel for GPUs may use, in three implementations chosen when it is compiled: HIP (hipcc), CUDA (nvcc), and
// fibers, which run a kernel on the CPU so that its logic can be tested everywhere. The .hip files use no other names
// of HIP or CUDA. All shared memory is dynamic: a kernel divides sharedMemory() itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/kernels.h"

#if defined(__HIPCC__)
#include <hip/hip_runtime.h>
#define GPU_HIP 1
#elif defined(__CUDACC__)
#include <cuda_runtime.h>
#define GPU_CUDA 1
#else
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/gpu/fibers.h"
#define GPU_FIBERS 1
#endif

#ifdef GPU_FIBERS
#define GPU_DEVICE inline
#define GPU_BOTH inline
#define GPU_KERNEL(threads) void
#define GPU_KERNEL_TOGETHER(threads, blocks) void
#define GPU_UNROLL
#define GPU_UNROLL_BY_8
#else
#define GPU_DEVICE __device__ __forceinline__
#define GPU_BOTH __host__ __device__ __forceinline__
#define GPU_KERNEL(threads) __global__ void __launch_bounds__(threads)
// With registers for at least `blocks` on a multiprocessor (HIP: warps on a SIMD, the same number for 256 threads).
#define GPU_KERNEL_TOGETHER(threads, blocks) __global__ void __launch_bounds__(threads, blocks)
#define GPU_UNROLL _Pragma("unroll")
#define GPU_UNROLL_BY_8 _Pragma("unroll 8")
#endif

namespace radlads::kernels::gpu {

constexpr std::size_t kMostShared = 64 * 1024;  // bytes of shared memory that a block may have on every GPU

struct Grid {
    int64_t x = 1, y = 1;
};

// --- Where a thread is ---------------------------------------------------------------------------------------------

#ifdef GPU_FIBERS

inline int thread() {
    return fibers::current().thread;
}
inline int blockThreads() {
    return fibers::current().threads;
}
inline int64_t blockX() {
    return fibers::current().blockX;
}
inline int64_t blockY() {
    return fibers::current().blockY;
}
inline int warpLanes() {
    return fibers::current().lanes;
}
inline unsigned char* sharedMemory() {
    return fibers::current().shared;
}
// Waits for all threads of the block; all must come to the same one.
inline void sync(fibers::Place place = fibers::Place::current()) {
    fibers::sync(place);
}
// Waits for all lanes of the warp.
inline void syncWarp(fibers::Place place = fibers::Place::current()) {
    fibers::exchange([](void**, int) {}, nullptr, place);
}
// The value of another lane of the warp; all lanes take part.
inline float shuffle(float value, int from, fibers::Place place = fibers::Place::current()) {
    struct Lane {
        float value, result;
        int from;
    } lane{value, 0, from};
    fibers::exchange(
        [](void** lanes, int count) {
            for (int i = 0; i < count; ++i) {
                Lane* to = static_cast<Lane*>(lanes[i]);
                to->result = static_cast<Lane*>(lanes[to->from & (count - 1)])->value;
            }
        },
        &lane, place);
    return lane.result;
}
// 16 bytes of global memory to shared memory, both from multiples of 16, while the thread goes on; what it has sent is
// there once awaitCopies() returns, for other threads behind a barrier.
inline void copyLater(void* shared, const void* global) {
    fibers::copyLater(shared, global);
}
inline void awaitCopies() {
    fibers::awaitCopies();
}
inline uint32_t bitsOf(float value) {
    return std::bit_cast<uint32_t>(value);
}
inline float floatOf(uint32_t bits) {
    return std::bit_cast<float>(bits);
}
inline float exponential(float x) {
    return std::exp(x);
}

#else

GPU_DEVICE int thread() {
    return static_cast<int>(threadIdx.x);
}
GPU_DEVICE int blockThreads() {
    return static_cast<int>(blockDim.x);
}
GPU_DEVICE int64_t blockX() {
    return blockIdx.x;
}
GPU_DEVICE int64_t blockY() {
    return blockIdx.y;
}
#if defined(GPU_CUDA) || (defined(__AMDGCN__) && !defined(__GFX9__))
constexpr int kWarpLanes = 32;
#else
constexpr int kWarpLanes = 64;                              // CDNA, and what the host's pass takes the device for
#endif
GPU_DEVICE constexpr int warpLanes() {
    return kWarpLanes;
}
extern __shared__ __align__(16) unsigned char gpuSharedMemory[];
GPU_DEVICE unsigned char* sharedMemory() {
    return gpuSharedMemory;
}
GPU_DEVICE void sync() {
    __syncthreads();
}
GPU_DEVICE void syncWarp() {
#ifdef GPU_CUDA
    __syncwarp();
#else
    __builtin_amdgcn_fence(__ATOMIC_ACQ_REL, "wavefront");  // the lanes of a wavefront go in step
    __builtin_amdgcn_wave_barrier();
#endif
}
GPU_DEVICE float shuffle(float value, int from) {
#ifdef GPU_CUDA
    return __shfl_sync(0xffffffffu, value, from);
#else
    return __shfl(value, from);
#endif
}
GPU_DEVICE void copyLater(void* shared, const void* global) {
#if defined(GPU_CUDA) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile(
        "cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(static_cast<uint32_t>(__cvta_generic_to_shared(shared))),
        "l"(global)
        : "memory");
#else
    *static_cast<uint4*>(shared) = *static_cast<const uint4*>(global);
#endif
}
GPU_DEVICE void awaitCopies() {
#if defined(GPU_CUDA) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}
GPU_DEVICE uint32_t bitsOf(float value) {
    return __float_as_uint(value);
}
GPU_DEVICE float floatOf(uint32_t bits) {
    return __uint_as_float(bits);
}
// Results below the smallest normal number may be zero.
GPU_DEVICE float exponential(float x) {
#if defined(GPU_CUDA) && defined(__CUDA_ARCH__)
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x * 1.44269504088896341f));
    return result;
#else
    return exp2f(x * 1.44269504088896341f);
#endif
}

#endif

GPU_DEVICE int lane() {
    return thread() & (warpLanes() - 1);
}
GPU_DEVICE int warp() {
    return thread() / warpLanes();
}
GPU_DEVICE int blockWarps() {
    return blockThreads() / warpLanes();
}

// Over the lanes of a warp, in an order that depends on nothing but their number; every lane has the result.
GPU_DEVICE float warpSum(float value) {
    for (int step = warpLanes() / 2; step > 0; step /= 2) value += shuffle(value, lane() ^ step);
    return value;
}
GPU_DEVICE float warpMax(float value) {
    for (int step = warpLanes() / 2; step > 0; step /= 2) {
        const float other = shuffle(value, lane() ^ step);
        value = value < other ? other : value;
    }
    return value;
}
// Over the threads of a block of whole warps; `room` is shared memory for a float of every warp. Begins and ends with a
// barrier's worth of order: room may be used again at once.
GPU_DEVICE float blockSum(float value, float* room) {
    value = warpSum(value);
    sync();
    if (lane() == 0) room[warp()] = value;
    sync();
    float sum = 0;
    for (int i = 0; i < blockWarps(); ++i) sum += room[i];
    return sum;
}
GPU_DEVICE float blockMax(float value, float* room) {
    value = warpMax(value);
    sync();
    if (lane() == 0) room[warp()] = value;
    sync();
    float largest = room[0];
    for (int i = 1; i < blockWarps(); ++i) largest = largest < room[i] ? room[i] : largest;
    return largest;
}

// --- Numbers ---------------------------------------------------------------------------------------------------------

// As toFloat and fromFloat of kernels/bfloat16.h, on the device: to the nearest, halves to even; NaN stays NaN.
GPU_DEVICE float widen(BFloat16 value) {
    return floatOf(static_cast<uint32_t>(value.bits) << 16);
}
GPU_DEVICE BFloat16 narrow(float value) {
#if defined(GPU_CUDA) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    BFloat16 rounded;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(rounded.bits) : "f"(value));
    return rounded;
#else
    const uint32_t bits = bitsOf(value);
    BFloat16 result;
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        result.bits = static_cast<uint16_t>((bits >> 16) | 0x40u);
    else
        result.bits = static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
    return result;
#endif
}
// Two at once, the first in the lower half.
GPU_DEVICE uint32_t narrow(float first, float second) {
#if defined(GPU_CUDA) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    uint32_t rounded;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(rounded) : "f"(second), "f"(first));
    return rounded;
#else
    return narrow(first).bits | static_cast<uint32_t>(narrow(second).bits) << 16;
#endif
}
// The upper half of the product.
GPU_DEVICE uint32_t highProduct(uint32_t a, uint32_t b) {
#ifdef GPU_CUDA
    return __umulhi(a, b);
#else
    return static_cast<uint32_t>(uint64_t{a} * b >> 32);
#endif
}
// To about a unit in the last place; where it would not be a normal number, 0.
GPU_DEVICE float reciprocal(float x) {
#if defined(GPU_CUDA)
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
#elif defined(__AMDGCN__)
    return __builtin_amdgcn_rcpf(x);
#else
    return 1 / x;
#endif
}
GPU_DEVICE float sigmoid(float x) {
    return reciprocal(1 + exponential(-x));
}
GPU_DEVICE float get(const float* from, int64_t i) {
    return from[i];
}
GPU_DEVICE float get(const BFloat16* from, int64_t i) {
    return widen(from[i]);
}
GPU_DEVICE void put(float* to, int64_t i, float value) {
    to[i] = value;
}
GPU_DEVICE void put(BFloat16* to, int64_t i, float value) {
    to[i] = narrow(value);
}

// A View as kernels take it: its dtype is looked at for every element, which is the same for all threads.
struct DeviceView {
    void* data = nullptr;
    int64_t strides[3] = {};
    bool isBFloat16 = false;

    DeviceView() = default;
    explicit DeviceView(const View& view) : data(view.data), isBFloat16(view.dtype == DType::BFloat16) {
        for (int i = 0; i < 3; ++i) strides[i] = view.strides[i];
    }
};
GPU_DEVICE int64_t rowOf(const DeviceView& view, int64_t b, int64_t h, int64_t t) {
    return b * view.strides[0] + h * view.strides[1] + t * view.strides[2];
}
GPU_DEVICE float get(const DeviceView& view, int64_t i) {
    return view.isBFloat16 ? get(static_cast<const BFloat16*>(view.data), i)
                           : get(static_cast<const float*>(view.data), i);
}
GPU_DEVICE void put(const DeviceView& view, int64_t i, float value) {
    if (view.isBFloat16)
        put(static_cast<BFloat16*>(view.data), i, value);
    else
        put(static_cast<float*>(view.data), i, value);
}

// --- Launch, on the host
// ----------------------------------------------------------------------------------------------

// Runs kernel(parameters...) on `grid` blocks of `threads` threads (whole warps, at most 1024), behind what the stream
// has. nullptr, or why not. The stream is a hipStream_t or cudaStream_t; fibers have run when this returns.
template <class... P>
const char* launch(void (*kernel)(P...), Grid grid, int threads, std::size_t sharedBytes, void* stream,
                   const std::type_identity_t<P>&... parameters) {
    if (grid.x <= 0 || grid.y <= 0) return nullptr;
#if defined(GPU_FIBERS)
    static_cast<void>(stream);
    if (sharedBytes > kMostShared) return "more shared memory than a block may have";
    auto body = [&] { kernel(parameters...); };
    return fibers::run(
        grid.x, grid.y, threads, sharedBytes, [](void* call) { (*static_cast<decltype(body)*>(call))(); }, &body);
#elif defined(GPU_CUDA)
    if (sharedBytes > 48 * 1024)
        if (const cudaError_t error =
                cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                     static_cast<int>(sharedBytes));
            error != cudaSuccess)
            return cudaGetErrorString(error);
    const void* arguments[] = {&parameters..., nullptr};
    const cudaError_t error = cudaLaunchKernel(reinterpret_cast<const void*>(kernel),
                                               dim3(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y)),
                                               dim3(static_cast<unsigned>(threads)), const_cast<void**>(arguments),
                                               sharedBytes, static_cast<cudaStream_t>(stream));
    return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
#else
    const void* arguments[] = {&parameters..., nullptr};
    const hipError_t error = hipLaunchKernel(reinterpret_cast<const void*>(kernel),
                                             dim3(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y)),
                                             dim3(static_cast<unsigned>(threads)), const_cast<void**>(arguments),
                                             sharedBytes, static_cast<hipStream_t>(stream));
    return error == hipSuccess ? nullptr : hipGetErrorString(error);
#endif
}

// Behind what the stream has; `from` may change once this has returned.
inline const char* copyToDevice(void* to, const void* from, std::size_t bytes, void* stream) {
#if defined(GPU_FIBERS)
    static_cast<void>(stream);
    std::memcpy(to, from, bytes);
    return nullptr;
#elif defined(GPU_CUDA)
    const cudaError_t error =
        cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, static_cast<cudaStream_t>(stream));
    return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
#else
    const hipError_t error = hipMemcpyAsync(to, from, bytes, hipMemcpyHostToDevice, static_cast<hipStream_t>(stream));
    return error == hipSuccess ? nullptr : hipGetErrorString(error);
#endif
}

}  // namespace radlads::kernels::gpu
