// The product of 16 x 16 tiles of bfloat16 into float32, by a warp: C += A B. One interface over MFMA (CDNA2 and later,
// warps of 64), mma.sync (NVIDIA from sm_80, warps of 32), and shuffles for the rest; on the CPU the lanes' fragments
// lie as on the GPU with that warp. All lanes take part. Tiles are loaded from memory whose rows start at multiples of
// 16 bytes.
#pragma once

#include "kernels/gpu/gpu.h"

#if defined(GPU_CUDA) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define GPU_MMA_SYNC 1
#elif defined(GPU_HIP) && (defined(__gfx90a__) || defined(__gfx940__) || defined(__gfx941__) || defined(__gfx942__))
#define GPU_MFMA 1
#endif

namespace radlads::kernels::gpu {

constexpr int kTile = 16;

// Which elements a lane has. Lanes of 64: element e of A is [lane % 16][4 (lane / 16) + e]. Lanes of 32: as
// mma.m16n8k16 wants it, C and B in two halves of 8 columns.
GPU_DEVICE constexpr int fragmentSize(int lanes) {
    return kTile * kTile / lanes;
}
GPU_DEVICE int rowOfA(int lanes, int l, int e) {
    return lanes == 64 ? l & 15 : (l >> 2) + ((e >> 1) & 1) * 8;
}
GPU_DEVICE int innerOfA(int lanes, int l, int e) {
    return lanes == 64 ? (l >> 4) * 4 + e : (l & 3) * 2 + (e & 1) + (e >> 2) * 8;
}
GPU_DEVICE int innerOfB(int lanes, int l, int e) {
    return lanes == 64 ? (l >> 4) * 4 + e : (l & 3) * 2 + (e & 1) + ((e >> 1) & 1) * 8;
}
GPU_DEVICE int columnOfB(int lanes, int l, int e) {
    return lanes == 64 ? l & 15 : (l >> 2) + (e >> 2) * 8;
}
GPU_DEVICE int rowOfC(int lanes, int l, int e) {
    return lanes == 64 ? (l >> 4) * 4 + e : (l >> 2) + ((e >> 1) & 1) * 8;
}
GPU_DEVICE int columnOfC(int lanes, int l, int e) {
    return lanes == 64 ? l & 15 : (l & 3) * 2 + (e & 1) + (e >> 2) * 8;
}

#if defined(GPU_FIBERS)
constexpr int kFragment = 8;  // as many as any warp has
inline int fragmentElements() {
    return fragmentSize(warpLanes());
}
#else
constexpr int kFragment = kTile * kTile / kWarpLanes;
GPU_DEVICE constexpr int fragmentElements() {
    return kFragment;
}
#endif

struct Accumulator {
    float x[kFragment];
};
GPU_DEVICE void clear(Accumulator& c) {
    GPU_UNROLL for (int e = 0; e < kFragment; ++e) c.x[e] = 0;
}
// Where this lane's element e lies in the tile; e < fragmentElements().
GPU_DEVICE int rowOf(int e) {
    return rowOfC(warpLanes(), lane(), e);
}
GPU_DEVICE int columnOf(int e) {
    return columnOfC(warpLanes(), lane(), e);
}

// Lane's elements of A or B.
struct alignas(8) Fragment {
    BFloat16 x[kFragment];
};

#if defined(GPU_FIBERS)
inline void checkTile(const BFloat16* from, int stride) {
    if (reinterpret_cast<std::uintptr_t>(from) % 16 != 0 || stride % 8 != 0)
        fibers::fail("a tile's rows do not start at multiples of 16 bytes");
}
#endif

#if defined(GPU_MMA_SYNC)
// Four 8 x 8 matrices of shared memory, the lane naming a row of one of them.
GPU_DEVICE void loadMatrices(Fragment& f, const BFloat16* row) {
    uint32_t* x = reinterpret_cast<uint32_t*>(f.x);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(static_cast<uint32_t>(__cvta_generic_to_shared(row)))
                 : "memory");
}
GPU_DEVICE void loadMatricesTransposed(Fragment& f, const BFloat16* row) {
    uint32_t* x = reinterpret_cast<uint32_t*>(f.x);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(static_cast<uint32_t>(__cvta_generic_to_shared(row)))
                 : "memory");
}
GPU_DEVICE void loadA(Fragment& f, const BFloat16* from, int stride) {
    loadMatrices(f, from + (lane() & 15) * stride + (lane() >> 4) * 8);
}
GPU_DEVICE void loadATransposed(Fragment& f, const BFloat16* from, int stride) {
    loadMatricesTransposed(f, from + ((lane() & 7) + (lane() >> 4) * 8) * stride + ((lane() >> 3) & 1) * 8);
}
GPU_DEVICE void loadB(Fragment& f, const BFloat16* from, int stride) {
    loadMatricesTransposed(f, from + (lane() & 15) * stride + (lane() >> 4) * 8);
}
GPU_DEVICE void loadBTransposed(Fragment& f, const BFloat16* from, int stride) {
    loadMatrices(f, from + ((lane() & 7) + (lane() >> 4) * 8) * stride + ((lane() >> 3) & 1) * 8);
}
GPU_DEVICE void mma(Accumulator& c, const Fragment& a, const Fragment& b) {
    const uint32_t* x = reinterpret_cast<const uint32_t*>(a.x);
    const uint32_t* y = reinterpret_cast<const uint32_t*>(b.x);
    GPU_UNROLL for (int half = 0; half < 2; ++half) asm(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" :
        "+f"(c.x[half * 4]), "+f"(c.x[half * 4 + 1]), "+f"(c.x[half * 4 + 2]), "+f"(c.x[half * 4 + 3]) : "r"(x[0]),
        "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[half * 2]), "r"(y[half * 2 + 1]));
}
#else
// A[i][k] = from[i * stride + k]
GPU_DEVICE void loadA(Fragment& f, const BFloat16* from, int stride) {
#if defined(GPU_FIBERS)
    checkTile(from, stride);
#endif
#if defined(GPU_MFMA)
    *reinterpret_cast<uint2*>(f.x) = *reinterpret_cast<const uint2*>(from + (lane() & 15) * stride + (lane() >> 4) * 4);
#else
    GPU_UNROLL for (int e = 0; e < fragmentElements(); ++e) f.x[e] =
        from[rowOfA(warpLanes(), lane(), e) * stride + innerOfA(warpLanes(), lane(), e)];
#endif
}
// A[i][k] = from[k * stride + i]
GPU_DEVICE void loadATransposed(Fragment& f, const BFloat16* from, int stride) {
#if defined(GPU_FIBERS)
    checkTile(from, stride);
#endif
    GPU_UNROLL for (int e = 0; e < fragmentElements(); ++e) f.x[e] =
        from[innerOfA(warpLanes(), lane(), e) * stride + rowOfA(warpLanes(), lane(), e)];
}
// B[k][j] = from[k * stride + j]
GPU_DEVICE void loadB(Fragment& f, const BFloat16* from, int stride) {
#if defined(GPU_FIBERS)
    checkTile(from, stride);
#endif
    GPU_UNROLL for (int e = 0; e < fragmentElements(); ++e) f.x[e] =
        from[innerOfB(warpLanes(), lane(), e) * stride + columnOfB(warpLanes(), lane(), e)];
}
// B[k][j] = from[j * stride + k]
GPU_DEVICE void loadBTransposed(Fragment& f, const BFloat16* from, int stride) {
#if defined(GPU_FIBERS)
    checkTile(from, stride);
#endif
#if defined(GPU_MFMA)
    *reinterpret_cast<uint2*>(f.x) = *reinterpret_cast<const uint2*>(from + (lane() & 15) * stride + (lane() >> 4) * 4);
#else
    GPU_UNROLL for (int e = 0; e < fragmentElements(); ++e) f.x[e] =
        from[columnOfB(warpLanes(), lane(), e) * stride + innerOfB(warpLanes(), lane(), e)];
#endif
}

#if defined(GPU_MFMA)
typedef short Bits4 __attribute__((ext_vector_type(4)));
typedef float Floats4 __attribute__((ext_vector_type(4)));
GPU_DEVICE void mma(Accumulator& c, const Fragment& a, const Fragment& b) {
    Floats4& sums = *reinterpret_cast<Floats4*>(c.x);
    sums = __builtin_amdgcn_mfma_f32_16x16x16bf16_1k(*reinterpret_cast<const Bits4*>(a.x),
                                                     *reinterpret_cast<const Bits4*>(b.x), sums, 0, 0, 0);
}
#endif
#endif

// By shuffles: where there is no matrix unit. Sums run over the inner index in order.
GPU_DEVICE void plainMma(Accumulator& c, const Fragment& a, const Fragment& b) {
    const int lanes = warpLanes(), l = lane();
    for (int k = 0; k < kTile; ++k) GPU_UNROLL for (int e = 0; e < fragmentElements(); ++e) {
            const int row = rowOfC(lanes, l, e), column = columnOfC(lanes, l, e);
            float x, y;
            if (lanes == 64) {
                x = shuffle(widen(a.x[k & 3]), (k >> 2) * 16 + row);
                y = shuffle(widen(b.x[k & 3]), (k >> 2) * 16 + column);
            } else {  // e says whether row and column are in the upper halves, the same for all lanes
                const int far = (k >> 3) & 1, pair = (k & 7) >> 1;
                x = shuffle(widen(a.x[(k & 1) + ((e >> 1) & 1) * 2 + far * 4]), (row & 7) * 4 + pair);
                y = shuffle(widen(b.x[(k & 1) + far * 2 + (e >> 2) * 4]), (column & 7) * 4 + pair);
            }
            c.x[e] += x * y;
        }
}

#if defined(GPU_FIBERS)
inline void mma(Accumulator& c, const Fragment& a, const Fragment& b, fibers::Place place = fibers::Place::current()) {
    struct Lane {
        Accumulator* c;
        const Fragment *a, *b;
    } mine{&c, &a, &b};
    fibers::exchange(
        [](void** slots, int lanes) {
            float left[kTile][kTile], right[kTile][kTile], sums[kTile][kTile] = {};
            for (int l = 0; l < lanes; ++l)
                for (int e = 0; e < fragmentSize(lanes); ++e) {
                    const Lane* from = static_cast<const Lane*>(slots[l]);
                    left[rowOfA(lanes, l, e)][innerOfA(lanes, l, e)] = widen(from->a->x[e]);
                    right[innerOfB(lanes, l, e)][columnOfB(lanes, l, e)] = widen(from->b->x[e]);
                }
            for (int i = 0; i < kTile; ++i)
                for (int k = 0; k < kTile; ++k)
                    for (int j = 0; j < kTile; ++j) sums[i][j] += left[i][k] * right[k][j];
            for (int l = 0; l < lanes; ++l)
                for (int e = 0; e < fragmentSize(lanes); ++e)
                    static_cast<Lane*>(slots[l])->c->x[e] += sums[rowOfC(lanes, l, e)][columnOfC(lanes, l, e)];
        },
        &mine, place);
}
#elif !defined(GPU_MMA_SYNC) && !defined(GPU_MFMA)
GPU_DEVICE void mma(Accumulator& c, const Fragment& a, const Fragment& b) {
    plainMma(c, a, b);
}
#endif

}  // namespace radlads::kernels::gpu
