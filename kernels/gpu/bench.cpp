// The ops on a GPU beside the device's own ceilings: a table of the recurrences, one of the others.
// kernels/gpu/bench.sh builds and runs it.
#include <dlfcn.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/gpu/bench_support.h"
#include "kernels/gpu/wkv.h"

namespace radlads::kernels::gpu {
namespace {

// Bytes read and written a second by a copy within the device.
double copyBandwidth(std::size_t bytes) {
    const Memory from(bytes), to(bytes);
    return 2.0 * static_cast<double>(bytes) / secondsOf([&] { check(copy(to.data(), from.data(), bytes), "a copy"); });
}

// FLOP a second of the vendor's product of n x n bfloat16 matrices; 0 where its library is not installed. Loaded by
// name, so that building needs no headers of it; the numbers are those of its headers.
double gemmRate(int n) {
    const auto bytes = static_cast<std::size_t>(n) * static_cast<std::size_t>(n) * 2;
    const float one = 1, zero = 0;
    void* handle = nullptr;
    std::function<int(void*, void*, void*)> product;
    for (const char* name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so"}) {
        void* library = dlopen(name, RTLD_NOW);
        if (!library) continue;
        const auto create = reinterpret_cast<int (*)(void**)>(dlsym(library, "cublasCreate_v2"));
        using Product = int (*)(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int,
                                int, const void*, void*, int, int, int, int);
        const auto call = reinterpret_cast<Product>(dlsym(library, "cublasGemmEx"));
        if (!create || !call || create(&handle) != 0) continue;
        constexpr int kBFloat16 = 14, kFloatSums = 68, kDefault = -1;
        product = [=, &one, &zero](void* a, void* b, void* c) {
            return call(handle, 0, 0, n, n, n, &one, a, kBFloat16, n, b, kBFloat16, n, &zero, c, kBFloat16, n,
                        kFloatSums, kDefault);
        };
        break;
    }
    if (!product)
        if (void* library = dlopen("librocblas.so", RTLD_NOW)) {
            const auto create = reinterpret_cast<int (*)(void**)>(dlsym(library, "rocblas_create_handle"));
            using Product =
                int (*)(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int,
                        const void*, const void*, int, int, void*, int, int, int, int, int32_t, uint32_t);
            const auto call = reinterpret_cast<Product>(dlsym(library, "rocblas_gemm_ex"));
            constexpr int kNone = 111, kBFloat16 = 168, kFloat = 151;
            if (create && call && create(&handle) == 0)
                product = [=, &one, &zero](void* a, void* b, void* c) {
                    return call(handle, kNone, kNone, n, n, n, &one, a, kBFloat16, n, b, kBFloat16, n, &zero, c,
                                kBFloat16, n, c, kBFloat16, n, kFloat, 0, 0, 0);
                };
        }
    if (!product) return 0;
    const Memory a(bytes), b(bytes), c(bytes);
    std::vector<BFloat16> values(bytes / 2);
    std::mt19937 random(1);
    for (BFloat16& value : values) value.bits = static_cast<uint16_t>(0x3f00 + random() % 128);
    check(upload(a.data(), values.data(), bytes), "a copy");
    check(upload(b.data(), values.data(), bytes), "a copy");
    int status = 0;
    const double seconds = secondsOf([&] { status |= product(a.data(), b.data(), c.data()); });
    return status == 0 ? 2.0 * std::pow(n, 3) / seconds : 0;
}

struct Shape {
    int64_t batch = 8, tokens = 4096, width = 4096;
};

// One op at one head size: its tensors, random, and its passes.
class Op {
public:
    Op(Wkv op, const Shape& shape, int64_t size)
        : m_op(op), m_shape(shape), m_size(size), m_count(shape.batch * shape.tokens * shape.width) {
        std::mt19937 random(1);
        std::vector<BFloat16> values(static_cast<std::size_t>(m_count));
        std::uniform_real_distribution<float> uniform(0, 1);
        const float scale = 1 / std::sqrt(static_cast<float>(size));
        const auto tensor = [&](float low, float high) {
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] = i < 65536 ? fromFloat<BFloat16>(low + (high - low) * uniform(random)) : values[i % 65536];
            const View view = newTensor();
            check(upload(view.data, values.data(), values.size() * 2), "a copy");
            return view;
        };
        m_in.q = tensor(-1, 1), m_in.k = tensor(-scale, scale), m_in.v = tensor(-1, 1);
        m_in.g = op == Wkv::Seven ? tensor(-0.6f, 0) : tensor(-2, 0);
        if (op == Wkv::Seven) m_in.a = tensor(-scale, scale), m_in.b = tensor(-scale, scale);
        m_gradients = {tensor(-1, 1), {}, newTensor(), newTensor(), newTensor(), newTensor(), {}, {}, {}};
        if (op == Wkv::Seven) m_gradients.da = newTensor(), m_gradients.db = newTensor();
        m_y = newTensor();
        const std::size_t saved = wkvSavedFloats(Form::Tiles, op, m_in),
                          room = wkvWorkspaceFloats(Form::Tiles, op, m_in);
        m_extra = 4.0 * static_cast<double>(saved + room);
        m_saved = newMemory(saved * 4), m_room = newMemory(room * 4);
    }
    void forward() {
        check(wkvForward(Form::Tiles, m_op, m_in, {m_y, {}, static_cast<float*>(m_saved)}, static_cast<float*>(m_room),
                         nullptr),
              "the forward pass");
    }
    void backward() {
        check(wkvBackward(Form::Tiles, m_op, m_in, static_cast<float*>(m_saved), m_gradients,
                          static_cast<float*>(m_room), nullptr),
              "the backward pass");
    }
    // Of the products that the chunks need: T tokens of N channels.
    double flop(bool isBoth) const {
        const double n = static_cast<double>(m_size), t = m_size <= 64 ? 64 : 32;
        const double square = t * t * n, wide = t * n * n;
        const bool isSeven = m_op == Wkv::Seven;
        const double there = isSeven ? 9 * square + 4 * wide : 2 * square + 2 * wide;
        const double back = isSeven ? 16 * square + 8 * wide : 4 * square + 4 * wide;
        return 2 * (there + (isBoth ? back : 0)) * static_cast<double>(m_count) / (t * n);
    }
    // What has to be read and written at least: the tensors of both passes.
    double bytes(bool isBoth) const {
        const double tensors = m_op == Wkv::Seven ? 7 : 5;
        return 2.0 * static_cast<double>(m_count) * (isBoth ? 3 * tensors - 1 : tensors);
    }
    double extra() const { return m_extra; }

private:
    void* newMemory(std::size_t bytes) {
        m_memory.push_back(std::make_unique<Memory>(bytes));
        return m_memory.back()->data();
    }
    View newTensor() {
        BFloat16* data = static_cast<BFloat16*>(newMemory(static_cast<std::size_t>(m_count) * 2));
        View view = contiguous(data, m_shape.batch, m_shape.tokens, m_shape.width / m_size, m_size);
        std::swap(view.sizes[1], view.sizes[2]);  // [batch, tokens, heads, size], as the model has it
        std::swap(view.strides[1], view.strides[2]);
        return view;
    }

    Wkv m_op;
    Shape m_shape;
    int64_t m_size, m_count;
    double m_extra = 0;
    std::vector<std::unique_ptr<Memory>> m_memory;
    WkvInputs m_in;
    WkvGradients m_gradients;
    View m_y;
    void *m_saved = nullptr, *m_room = nullptr;
};

void benchRecurrences(const Shape& shape, double bandwidth) {
    const bool isReal = !isEmulated();
    std::printf("\nRecurrences, bfloat16, batch %lld, %lld tokens, width %lld\n", static_cast<long long>(shape.batch),
                static_cast<long long>(shape.tokens), static_cast<long long>(shape.width));
    const double rate = isReal ? gemmRate(8192) : 0;
    if (rate > 0)
        std::printf("GEMM   %8.1f TFLOP/s\n", rate / 1e12);
    else
        std::printf("GEMM   no cuBLAS or rocBLAS was used: no fraction of its rate\n");
    std::printf("%-6s %4s %-9s %10s %9s %8s %8s %9s\n", "op", "N", "pass", "ms", "TFLOP/s", "of GEMM", "of copy",
                "extra GB");
    for (const Wkv op : {Wkv::Seven, Wkv::Six})
        for (const int64_t size : {64, 128}) {
            Op work(op, shape, size);
            for (const bool isBoth : {false, true}) {
                const double seconds = secondsOf(
                    [&] {
                        work.forward();
                        if (isBoth) work.backward();
                    },
                    isReal ? 5 : 1, isReal ? 4 : 1);
                const double flop = work.flop(isBoth) / seconds;
                std::printf("%-6s %4lld %-9s %10.3f %9.1f", op == Wkv::Seven ? "wkv7" : "wkv6",
                            static_cast<long long>(size), isBoth ? "both" : "forward", seconds * 1e3, flop / 1e12);
                if (rate > 0)
                    std::printf(" %8.3f", flop / rate);
                else
                    std::printf(" %8s", "-");
                std::printf(" %8.3f %9.2f\n", work.bytes(isBoth) / seconds / bandwidth, work.extra() / 1e9);
            }
        }
}

int run(const Shape& shape, const std::string& only) {
    if (const char* why = whyNoDevice()) {
        std::fprintf(stderr,
                     "bench: no GPU can be used: %s; run this on a machine with a GPU and its driver, or try "
                     "kernels/gpu/bench.sh fibers.\n",
                     why);
        return 1;
    }
    std::printf("%s%s\n", deviceName(), isEmulated() ? "; times of an emulation mean nothing" : "");
    const double bandwidth = copyBandwidth(isEmulated() ? 1 << 20 : std::size_t{1} << 30);
    std::printf("copy   %8.0f GB/s\n", bandwidth / 1e9);
    if (only != "ops") benchRecurrences(shape, bandwidth);
    if (only != "recurrences") benchOps(bandwidth);
    return 0;
}

}  // namespace
}  // namespace radlads::kernels::gpu

int main(int argc, char** argv) {
    radlads::kernels::gpu::Shape shape;
    std::string only;
    int64_t* sizes[] = {&shape.batch, &shape.tokens, &shape.width};
    int given = 0;
    for (int i = 1; i < argc; ++i) {
        const std::string text = argv[i];
        if (text == "ops" || text == "recurrences")
            only = text;
        else if (given < 3)
            *sizes[given++] = std::atoll(argv[i]);
    }
    if (shape.batch < 1 || shape.tokens < 1 || shape.width < 128 || shape.width % 128 != 0) {
        std::fprintf(stderr, "Usage: bench [ops|recurrences] [BATCH [TOKENS [WIDTH]]]; WIDTH is a multiple of 128.\n");
        return 2;
    }
    return radlads::kernels::gpu::run(shape, only);
}
