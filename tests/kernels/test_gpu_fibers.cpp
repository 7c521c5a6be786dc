// That the emulation of a GPU sees what it is there to see, and that its tile products are products.
#include <gtest/gtest.h>

#include "kernels/gpu/mma.h"
#include "kernels/gpu/rows.h"
#include "tests/kernels/gpu_support.h"

namespace radlads::kernels::gpu {
namespace {

// Every thread writes its number and reads its neighbour's.
GPU_KERNEL(128) neighbours(float* to, bool waits) {
    float* room = reinterpret_cast<float*>(sharedMemory());
    room[thread()] = static_cast<float>(thread());
    if (waits) sync();
    to[thread()] = room[(thread() + 1) % blockThreads()];
}

std::vector<float> runNeighbours(const Way& way, bool waits) {
    way.use();
    std::vector<float> result(128);
    EXPECT_EQ(launch(neighbours, {1, 1}, 128, 128 * sizeof(float), nullptr, result.data(), waits), nullptr) << way.name;
    return result;
}

TEST(GpuFibers, AMissingBarrierDependsOnTheOrder) {
    for (const int lanes : {32, 64}) {
        const std::vector<Way> list = orders(lanes);
        const std::vector<float> good = runNeighbours(list[0], true);
        for (std::size_t i = 0; i < good.size(); ++i) EXPECT_EQ(good[i], static_cast<float>((i + 1) % 128));
        int different = 0;
        for (const Way& way : list) {
            EXPECT_TRUE(isSameBits(runNeighbours(way, true), good)) << way.name;
            different += !isSameBits(runNeighbours(way, false), good);
        }
        EXPECT_EQ(different, 3) << "every order reads some neighbour before it wrote";
        EXPECT_FALSE(isSameBits(runNeighbours(list[0], false), runNeighbours(list[1], false)));
        EXPECT_FALSE(isSameBits(runNeighbours(list[0], false), runNeighbours(list[2], false)));
    }
}

// Warps that shuffle as often as each other: without the barrier the next round's numbers overwrite what is still read.
GPU_KERNEL(128) rounds(float* to, bool waits) {
    float* room = reinterpret_cast<float*>(sharedMemory());
    room[thread()] = static_cast<float>(thread());
    sync();
    float sum = warpSum(1.0f) * room[(thread() + 64) % blockThreads()];
    sum += warpSum(1.0f);
    if (waits) sync();
    room[thread()] = -1;
    sync();
    to[thread()] = sum + room[thread()];
}

TEST(GpuFibers, WarpsDoNotGoInStep) {
    for (const int lanes : {32, 64}) {
        std::vector<std::vector<float>> good, bad;
        for (const Way& way : orders(lanes))
            for (const bool waits : {true, false}) {
                way.use();
                std::vector<float> to(128);
                ASSERT_EQ(launch(rounds, {1, 1}, 128, 512, nullptr, to.data(), waits), nullptr);
                (waits ? good : bad).push_back(to);
            }
        EXPECT_TRUE(isSameBits(good[0], good[1]) && isSameBits(good[0], good[2]));
        EXPECT_FALSE(isSameBits(bad[0], good[0]));
        EXPECT_FALSE(isSameBits(bad[1], good[0]));
    }
}

// Blocks must not depend on each other.
GPU_KERNEL(64) afterAnother(float* sum) {
    if (thread() == 0) *sum = *sum * 2 + static_cast<float>(blockX() + 4 * blockY());
}

TEST(GpuFibers, BlocksGoInTheOrderToo) {
    std::vector<float> sums;
    for (const Way& way : orders(64)) {
        way.use();
        float sum = 0;
        ASSERT_EQ(launch(afterAnother, {4, 2}, 64, 0, nullptr, &sum), nullptr);
        sums.push_back(sum);
    }
    EXPECT_EQ(sums[0], 247);   // 0, 1, ... 7
    EXPECT_EQ(sums[1], 1538);  // 7, 6, ... 0
    EXPECT_NE(sums[2], sums[0]);
}

GPU_KERNEL(128) halfWaits() {
    if (thread() < 64) sync();
}
GPU_KERNEL(128) twoBarriers() {
    if (thread() < 64)
        sync();
    else
        sync();
}
GPU_KERNEL(128) loneShuffle(float* to) {
    if (lane() < 16) to[thread()] = shuffle(1.0f, 0);
}
GPU_KERNEL(128) barrierAgainstShuffle(float* to) {
    if (lane() < 16)
        to[thread()] = shuffle(1.0f, 0);
    else
        sync();
}
GPU_KERNEL(64) writesBeyond() {
    if (thread() == 0) sharedMemory()[100] = 1;
}
GPU_KERNEL(64) unalignedTile() {
    Fragment a;
    loadA(a, reinterpret_cast<const BFloat16*>(sharedMemory()) + 1, 16);
}

TEST(GpuFibers, MistakesAreErrorsOfTheLaunch) {
    for (const Way& way : ways({32, 64}, {0, 1, 2})) {
        way.use();
        float room[128] = {};
        const auto expect = [&](const char* error, const char* text) {
            ASSERT_NE(error, nullptr) << text << " " << way.name;
            EXPECT_NE(std::string(error).find(text), std::string::npos) << error << " " << way.name;
        };
        expect(launch(halfWaits, {2, 1}, 128, 0, nullptr), "for 64 that have ended");
        expect(launch(twoBarriers, {1, 1}, 128, 0, nullptr), "divergent: threads wait for others at a barrier");
        expect(launch(loneShuffle, {1, 1}, 128, 0, nullptr, room), "divergent: threads wait at an exchange of a warp");
        expect(launch(barrierAgainstShuffle, {1, 1}, 128, 0, nullptr, room), "divergent: threads wait for others");
        expect(launch(writesBeyond, {1, 1}, 64, 100, nullptr), "wrote 100 bytes from the start of its shared memory");
        expect(launch(unalignedTile, {1, 1}, 64, 4096, nullptr), "multiples of 16 bytes");
        expect(launch(halfWaits, {1, 1}, 100, 0, nullptr), "whole warps");
        EXPECT_EQ(launch(neighbours, {1, 1}, 128, 512, nullptr, room, true), nullptr) << "after the errors";
    }
}

GPU_KERNEL(64) readsUnwritten(float* to) {
    to[thread()] = reinterpret_cast<float*>(sharedMemory())[thread()];
    to[64 + thread()] = widen(reinterpret_cast<BFloat16*>(sharedMemory())[thread()]);
}

TEST(GpuFibers, SharedMemoryIsNaNAtFirst) {
    ways()[0].use();
    float values[128] = {};
    ASSERT_EQ(launch(readsUnwritten, {1, 1}, 64, 256, nullptr, values), nullptr);
    for (const float value : values) EXPECT_TRUE(std::isnan(value));
}

// Every thread copies four floats for its neighbour, who may read them once they have been awaited, behind a barrier.
GPU_KERNEL(64) copies(const float* from, float* to, bool isAwaited) {
    float* room = reinterpret_cast<float*>(sharedMemory());
    copyLater(room + 4 * thread(), from + 4 * thread());
    if (isAwaited) awaitCopies();
    sync();
    const int other = (thread() + 1) % 64;
    for (int i = 0; i < 4; ++i) to[4 * thread() + i] = room[4 * other + i];
}

TEST(GpuFibers, CopiesAreThereOnceAwaited) {
    alignas(16) float from[256], to[256];
    for (int i = 0; i < 256; ++i) from[i] = static_cast<float>(i);
    for (const Way& way : ways({32, 64}, {0, 1, 2}))
        for (const bool isAwaited : {true, false, true}) {
            way.use();
            ASSERT_EQ(launch(copies, {1, 1}, 64, 1024, nullptr, from, to, isAwaited), nullptr);
            for (int i = 0; i < 256; ++i) EXPECT_EQ(isAwaited ? to[i] == from[(i + 4) % 256] : std::isnan(to[i]), true);
        }
}

GPU_KERNEL(128) sums(float* to) {
    float* room = reinterpret_cast<float*>(sharedMemory());
    const float x = static_cast<float>(thread());
    to[thread()] = warpSum(x);
    to[128 + thread()] = warpMax(-x);
    to[256 + thread()] = blockSum(x, room);
    to[384 + thread()] = blockMax(x == 77 ? 1000.0f : x, room);
    to[512 + thread()] = shuffle(x, 3);
}

TEST(GpuFibers, SumsOfWarpsAndBlocks) {
    for (const Way& way : ways({32, 64}, {0, 1, 2})) {
        way.use();
        float to[640] = {};
        ASSERT_EQ(launch(sums, {1, 1}, 128, 64, nullptr, to), nullptr) << way.name;
        for (int i = 0; i < 128; ++i) {
            const int first = i / way.lanes * way.lanes;
            EXPECT_EQ(to[i], static_cast<float>((2 * first + way.lanes - 1) * way.lanes / 2)) << way.name;
            EXPECT_EQ(to[128 + i], static_cast<float>(-first));
            EXPECT_EQ(to[256 + i], 127 * 64);
            EXPECT_EQ(to[384 + i], 1000);
            EXPECT_EQ(to[512 + i], static_cast<float>(first + 3));
        }
    }
}

// C = A B of 16 x 16 with A and B lying either way, by the matrix unit or by shuffles.
GPU_KERNEL(64) products(const BFloat16* a, const BFloat16* b, float* c, bool isPlain) {
    constexpr int kStride = 24;
    BFloat16 *room = reinterpret_cast<BFloat16*>(sharedMemory()), *turned = room + 32 * kStride;
    for (int i = thread(); i < 256; i += blockThreads()) {
        room[i / 16 * kStride + i % 16] = a[i];
        room[(16 + i / 16) * kStride + i % 16] = b[i];
        turned[i % 16 * kStride + i / 16] = a[i];
        turned[(16 + i % 16) * kStride + i / 16] = b[i];
    }
    sync();
    for (int which = 0; which < 4; ++which) {
        Fragment x, y;
        Accumulator sum;
        clear(sum);
        if (which & 1)
            loadATransposed(x, turned, kStride);
        else
            loadA(x, room, kStride);
        if (which & 2)
            loadBTransposed(y, turned + 16 * kStride, kStride);
        else
            loadB(y, room + 16 * kStride, kStride);
        if (isPlain)
            plainMma(sum, x, y);
        else
            mma(sum, x, y);
        if (warp() == 0)
            for (int e = 0; e < fragmentElements(); ++e) c[which * 256 + rowOf(e) * 16 + columnOf(e)] = sum.x[e];
    }
}

TEST(GpuFibers, TileProductsAreProducts) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    std::vector<BFloat16> a(256), b(256);
    for (std::size_t i = 0; i < 256; ++i)
        a[i] = fromFloat<BFloat16>(normal(random)), b[i] = fromFloat<BFloat16>(normal(random));
    std::vector<float> expected(1024);
    for (std::size_t i = 0; i < 256; ++i)
        for (std::size_t k = 0; k < 16; ++k)
            for (std::size_t copy = 0; copy < 4; ++copy)
                expected[copy * 256 + i] += toFloat(a[i / 16 * 16 + k]) * toFloat(b[k * 16 + i % 16]);
    for (const Way& way : ways({32, 64}, {0, 2}))
        for (const bool isPlain : {false, true}) {
            way.use();
            std::vector<float> c(1024, std::nanf(""));
            ASSERT_EQ(launch(products, {1, 1}, 64, 64 * 24 * 2, nullptr, a.data(), b.data(), c.data(), isPlain),
                      nullptr);
            EXPECT_LT(relativeError(c, expected), 1e-6) << way.name << (isPlain ? " by shuffles" : "");
        }
}

TEST(GpuFibers, BFloat16IsRoundedAsOnTheCpu) {
    std::mt19937 random(5);
    for (int i = 0; i < 100000; ++i) {
        const float value = floatOf(static_cast<uint32_t>(random()));
        ASSERT_EQ(narrow(value).bits, fromFloat<BFloat16>(value).bits) << bitsOf(value);
    }
}

TEST(GpuFibers, ADivisorDivides) {
    std::vector<int64_t> numbers{1, 3, 5, 6, 7, 9, 10, 12, 100, 641, 1120, 151936, 6700417, int64_t{3} << 33};
    for (int bit = 1; bit < 40; ++bit)
        for (const int64_t beside : {-1, 0, 1}) numbers.push_back((int64_t{1} << bit) + beside);
    std::mt19937_64 random(3);
    for (const int64_t number : numbers) {
        if (number < 1) continue;
        const Divisor divisor(number);
        std::vector<int64_t> values = numbers;
        values.push_back(0);
        for (int i = 0; i < 200; ++i) values.push_back(static_cast<int64_t>(random() >> (i % 40 + 20)));
        for (const int64_t factor : {1, 2, 3, 1000, 65537})
            for (const int64_t beside : {-1, 0, 1}) values.push_back(number * factor + beside);
        for (const int64_t value : values) {
            if (value < 0) continue;
            ASSERT_EQ(divisor.quotient(value), value / number) << value << " by " << number;
            ASSERT_EQ(divisor.remainder(value), value % number) << value << " by " << number;
        }
    }
}

}  // namespace
}  // namespace radlads::kernels::gpu
