// The ops beside the recurrences: times of each at one shape, in float32 and bfloat16.
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/gpu/adamw.h"
#include "kernels/gpu/bench_support.h"
#include "kernels/gpu/losses.h"
#include "kernels/gpu/pointwise.h"
#include "kernels/gpu/prepare.h"

namespace radlads::kernels::gpu {
namespace {

struct Shape {
    int64_t batch, tokens, width, inner, heads, kvHeads, size, vocabulary, lossRows, parameters, tensors;
};
constexpr Shape kModel{8, 2048, 1536, 8960, 12, 2, 128, 151936, 2048, 100'000'000, 50};
constexpr Shape kTiny{1, 9, 24, 40, 4, 2, 6, 101, 3, 1000, 3};  // for the emulation

// The tensors of an op, and how many bytes of them it reads and writes at least.
class Room {
public:
    Room(const Shape& theShape, DType theDtype) : shape(theShape), dtype(theDtype) {
        std::mt19937 random(1);
        std::uniform_real_distribution<float> uniform(-1, 1);
        for (std::size_t i = 0; i < kPattern; ++i) {
            m_floats.push_back(uniform(random));
            m_narrow.push_back(fromFloat<BFloat16>(m_floats.back()));
        }
    }

    const Shape& shape;
    const DType dtype;
    double bytes() const { return m_bytes; }

    // [1, 1, rows, width]
    View rows(int64_t width) { return rows(shape.batch * shape.tokens, width); }
    View rows(int64_t count, int64_t width) { return tensor(1, count, 1, width, dtype); }
    // [batch, heads, tokens, size], with tokens before heads, as the model has it
    View heads(int64_t count) { return heads(count, dtype); }
    View heads(int64_t count, DType type) { return tensor(shape.batch, shape.tokens, count, shape.size, type); }
    // [batch, streams, tokens, width]
    View streams(int64_t count) {
        View view = tensor(shape.batch * count, shape.tokens, 1, shape.width, dtype);
        view.sizes[0] = shape.batch, view.sizes[1] = count;
        view.strides[0] = count * shape.tokens * shape.width, view.strides[1] = shape.tokens * shape.width;
        return view;
    }
    float* parameter(int64_t count) { return static_cast<float*>(array(count, DType::Float32)); }
    void* array(int64_t count, DType type) {
        const std::size_t size = static_cast<std::size_t>(count) * sizeOf(type);
        m_bytes += static_cast<double>(size);
        return filled(size, type);
    }
    void alsoMoved(double more) { m_bytes += more; }  // what is read and written
    template <class T>
    T* workspace(std::size_t count) {  // nobody else needs it to be moved
        m_memory.push_back(std::make_unique<Memory>(count * sizeof(T)));
        return static_cast<T*>(m_memory.back()->data());
    }
    template <class T>
    T* given(const std::vector<T>& values) {
        T* data = workspace<T>(values.size());
        check(upload(data, values.data(), values.size() * sizeof(T)), "a copy");
        m_bytes += static_cast<double>(values.size() * sizeof(T));
        return data;
    }

private:
    static constexpr std::size_t kPattern = 1 << 16;

    void* filled(std::size_t bytes, DType type) {
        m_memory.push_back(std::make_unique<Memory>(bytes));
        char* data = static_cast<char*>(m_memory.back()->data());
        const void* pattern = type == DType::Float32 ? static_cast<const void*>(m_floats.data()) : m_narrow.data();
        std::size_t done = std::min(bytes, kPattern * sizeOf(type));
        check(upload(data, pattern, done), "a copy");
        for (; done < bytes; done += std::min(done, bytes - done))
            check(copy(data + done, data, std::min(done, bytes - done)), "a copy");
        return data;
    }
    View tensor(int64_t batch, int64_t tokens, int64_t heads, int64_t size, DType type) {
        View view;
        view.data = array(batch * tokens * heads * size, type);
        view.dtype = type;
        const int64_t sizes[] = {batch, heads, tokens, size};
        const int64_t strides[] = {tokens * heads * size, size, heads * size, 1};
        std::copy(sizes, sizes + 4, view.sizes);
        std::copy(strides, strides + 4, view.strides);
        return view;
    }

    double m_bytes = 0;
    std::vector<float> m_floats;
    std::vector<BFloat16> m_narrow;
    std::vector<std::unique_ptr<Memory>> m_memory;
};

// A call of an op; its tensors are the room's.
using Call = std::function<const char*()>;

RmsNorm normOf(Room& room) {
    return {room.rows(room.shape.width), {}, room.parameter(room.shape.width), 1e-6};
}
Call rmsNormForwardOp(Room& room) {
    RmsNorm op = normOf(room);
    op.residual = room.rows(room.shape.width);
    const View y = room.rows(room.shape.width), sum = room.rows(room.shape.width);
    float* inverse = room.parameter(room.shape.batch * room.shape.tokens);
    check(whyNot(op), "RMSNorm");
    return [=] { return rmsNormForward(op, {y, sum, inverse}, nullptr); };
}
Call rmsNormBackwardOp(Room& room) {
    const RmsNorm op = normOf(room);
    const float* inverse = room.parameter(room.shape.batch * room.shape.tokens);
    RmsNormGradients gradients{room.rows(room.shape.width), room.rows(room.shape.width), room.rows(room.shape.width),
                               room.parameter(room.shape.width)};
    float* work = room.workspace<float>(gpu::rmsNormWorkspaceFloats(op));
    check(whyNot(op), "RMSNorm");
    return [=] { return rmsNormBackward(op, inverse, gradients, work, nullptr); };
}

SwiGlu gluOf(Room& room) {
    return {room.rows(room.shape.inner), room.rows(room.shape.inner)};
}
Call swiGluForwardOp(Room& room) {
    const SwiGlu op = gluOf(room);
    const View y = room.rows(room.shape.inner);
    check(whyNot(op), "SwiGLU");
    return [=] { return swiGluForward(op, y, nullptr); };
}
Call swiGluBackwardOp(Room& room) {
    const SwiGlu op = gluOf(room);
    const SwiGluGradients gradients{room.rows(room.shape.inner), room.rows(room.shape.inner),
                                    room.rows(room.shape.inner)};
    check(whyNot(op), "SwiGLU");
    return [=] { return swiGluBackward(op, gradients, nullptr); };
}

Rotation rotationOf(Room& room) {
    const int64_t count = room.shape.tokens * room.shape.size;
    return {room.parameter(count), room.parameter(count), room.shape.size};
}
Call ropeOp(Room& room) {
    const Rope op{room.heads(room.shape.heads), rotationOf(room), 1, false};
    const View y = room.heads(room.shape.heads);
    check(whyNot(op), "RoPE");
    return [=] { return rope(op, y, nullptr); };
}

HeadOutput headOutputOf(Room& room) {
    const int64_t heads = room.shape.heads, width = heads * room.shape.size;
    return {room.heads(heads), room.parameter(width),  room.parameter(width), 1e-5, 1,
            room.heads(heads), HeadOutput::Gate::Plain};
}
Call headOutputForwardOp(Room& room) {
    const HeadOutput op = headOutputOf(room);
    const View out = room.heads(room.shape.heads);
    check(whyNot(op), "output of heads");
    return [=] { return headOutputForward(op, out, nullptr); };
}
Call headOutputBackwardOp(Room& room) {
    const HeadOutput op = headOutputOf(room);
    const int64_t heads = room.shape.heads, width = heads * room.shape.size;
    const HeadOutputGradients gradients{room.heads(heads), room.heads(heads), room.heads(heads), room.parameter(width),
                                        room.parameter(width)};
    float* work = room.workspace<float>(headOutputWorkspaceFloats(op));
    check(whyNot(op), "output of heads");
    return [=] { return headOutputBackward(op, gradients, work, nullptr); };
}

Call alignLossOp(Room& room) {
    const AlignLoss op{room.rows(room.shape.width), room.rows(room.shape.width)};
    double* work = room.workspace<double>(alignLossWorkspaceDoubles(op) + 1);
    check(whyNot(op), "alignment loss");
    return [=] { return alignLoss(op, work, work + 1, nullptr); };
}
Call alignLossBackwardOp(Room& room) {
    const AlignLoss op{room.rows(room.shape.width), room.rows(room.shape.width)};
    const View doutput = room.rows(room.shape.width);
    check(whyNot(op), "alignment loss");
    return [=] { return alignLossBackward(op, 1, nullptr, doutput, nullptr); };
}

// As the students have it: balanced, rotated, few heads of keys; wkv7 with the values of the first layer.
Prepare prepareOf(Room& room, Wkv kind, bool isBackward) {
    const Shape& shape = room.shape;
    const int64_t width = shape.heads * shape.size;
    Prepare op;
    op.op = kind;
    op.k = room.heads(shape.kvHeads), op.v = room.heads(shape.kvHeads);
    if (!isBackward) op.q = room.heads(shape.heads);
    op.decay = room.heads(shape.heads), op.decayBase = room.parameter(width);
    if (kind == Wkv::Seven) {
        op.rate = room.heads(shape.heads), op.mix = room.heads(shape.heads), op.first = room.heads(shape.heads);
        op.rateBase = room.parameter(width), op.mixBase = room.parameter(width);
    }
    if (isBackward) op.q = op.decay;  // is there and not read
    op.rotation = rotationOf(room);
    return op;
}
Prepared preparedOf(Room& room, Wkv kind) {
    const int64_t heads = room.shape.heads;
    Prepared of{room.heads(heads), room.heads(heads, DType::Float32), room.heads(heads), room.heads(heads), {}, {}};
    if (kind == Wkv::Seven) of.a = room.heads(heads), of.b = room.heads(heads);
    return of;
}
template <Wkv kKind>
Call prepareForwardOp(Room& room) {
    const Prepare op = prepareOf(room, kKind, false);
    const Prepared outputs = preparedOf(room, kKind);
    check(whyNot(op), "prepare");
    return [=] { return prepareForward(op, outputs, nullptr); };
}
template <Wkv kKind>
Call prepareBackwardOp(Room& room) {
    const Prepare op = prepareOf(room, kKind, true);
    const int64_t heads = room.shape.heads, kvHeads = room.shape.kvHeads, width = heads * room.shape.size;
    PrepareGradients g;
    g.of = preparedOf(room, kKind);
    g.dq = room.heads(heads), g.dk = room.heads(kvHeads), g.dv = room.heads(kvHeads), g.ddecay = room.heads(heads);
    g.ddecayBase = room.parameter(width);
    if (kKind == Wkv::Seven) {
        g.drate = room.heads(heads), g.dmix = room.heads(heads), g.dfirst = room.heads(heads);
        g.drateBase = room.parameter(width), g.dmixBase = room.parameter(width);
    }
    float* work = room.workspace<float>(gpu::prepareWorkspaceFloats(op));
    check(whyNot(op), "prepare");
    return [=] { return prepareBackward(op, g, work, nullptr); };
}

constexpr int64_t kStreams = 5;  // of RAD-RWKV6
TokenShift shiftOf(Room& room) {
    TokenShift op;
    op.x = room.streams(1), op.m = room.streams(kStreams), op.streams = kStreams;
    op.base = room.parameter(kStreams * room.shape.width);
    return op;
}
Call tokenShiftForwardOp(Room& room) {
    const TokenShift op = shiftOf(room);
    std::vector<View> out;
    for (int64_t c = 0; c < kStreams; ++c) out.push_back(room.streams(1));
    check(whyNot(op), "token shift");
    return [=] { return tokenShiftForward(op, out.data(), nullptr); };
}
Call tokenShiftBackwardOp(Room& room) {
    const TokenShift op = shiftOf(room);
    std::vector<View> dout;
    for (int64_t c = 0; c < kStreams; ++c) dout.push_back(room.streams(1));
    const View dx = room.streams(1), dm = room.streams(kStreams);
    float* dbase = room.parameter(kStreams * room.shape.width);
    float* work = room.workspace<float>(tokenShiftWorkspaceFloats(op));
    check(whyNot(op), "token shift");
    return [=] { return tokenShiftBackward(op, {dout.data(), dx, dm, {}, dbase}, work, nullptr); };
}

// The gradient is written over the logits, so that later calls have smaller ones.
template <bool kHasTeacher, bool kHasGradient>
Call vocabularyLossOp(Room& room) {
    const int64_t rows = room.shape.lossRows;
    LossInputs in;
    in.student = room.rows(rows, room.shape.vocabulary);
    if (kHasTeacher) in.teacher = room.rows(rows, room.shape.vocabulary);
    std::vector<int64_t> labels;
    for (int64_t i = 0; i < rows; ++i) labels.push_back(i * 7919 % room.shape.vocabulary);
    if (!kHasTeacher) in.labels = room.given(labels);
    const double logits = static_cast<double>(rows * room.shape.vocabulary);
    if (kHasGradient) room.alsoMoved(logits * static_cast<double>(sizeOf(room.dtype)));
    double* losses = room.workspace<double>(static_cast<std::size_t>(rows) + 1);
    check(gpu::whyNot(in), "loss");
    return [=] {
        return kHasGradient ? vocabularyLossGradient(in, 1e-3, losses, losses + rows, nullptr)
                            : vocabularyLoss(in, losses, losses + rows, nullptr);
    };
}

// All parameters, in tensors of one size; with bfloat16: gradients and the weights beside the masters.
Call adamOp(Room& room) {
    const int64_t count = room.shape.parameters / room.shape.tensors;
    std::vector<AdamTensor> tensors;
    for (int64_t i = 0; i < room.shape.tensors; ++i) {
        AdamTensor tensor;
        tensor.value = room.parameter(count), tensor.first = room.parameter(count);
        tensor.second = room.parameter(count), tensor.gradient = room.array(count, room.dtype);
        room.alsoMoved(3.0 * static_cast<double>(count) * sizeof(float));
        tensor.gradientType = room.dtype, tensor.count = count, tensor.learningRate = 1e-5;
        if (room.dtype == DType::BFloat16) tensor.rounded = static_cast<BFloat16*>(room.array(count, room.dtype));
        tensors.push_back(tensor);
    }
    const auto length = static_cast<int64_t>(tensors.size());
    return [=] { return adamw(tensors.data(), length, AdamStep(), nullptr, nullptr); };
}
Call squareSumsOp(Room& room) {
    const int64_t count = room.shape.parameters / room.shape.tensors;
    std::vector<GradientTensor> tensors;
    for (int64_t i = 0; i < room.shape.tensors; ++i)
        tensors.push_back({room.array(count, room.dtype), nullptr, count, room.dtype});
    const auto length = static_cast<int64_t>(tensors.size());
    double* sums = room.workspace<double>(tensors.size());
    double* work = room.workspace<double>(gpu::squareSumsWorkspace(tensors.data(), length));
    return [=] { return squareSums(tensors.data(), length, sums, work, nullptr); };
}

struct Row {
    const char* name;
    Call (*make)(Room& room);
};
constexpr Row kRows[] = {
    {"RMSNorm and residual", rmsNormForwardOp},
    {"RMSNorm backward", rmsNormBackwardOp},
    {"SwiGLU", swiGluForwardOp},
    {"SwiGLU backward", swiGluBackwardOp},
    {"RoPE", ropeOp},
    {"output of heads", headOutputForwardOp},
    {"output of heads backward", headOutputBackwardOp},
    {"alignment loss", alignLossOp},
    {"alignment loss backward", alignLossBackwardOp},
    {"prepare wkv6", prepareForwardOp<Wkv::Six>},
    {"prepare wkv6 backward", prepareBackwardOp<Wkv::Six>},
    {"prepare wkv7", prepareForwardOp<Wkv::Seven>},
    {"prepare wkv7 backward", prepareBackwardOp<Wkv::Seven>},
    {"token shift, 5 streams", tokenShiftForwardOp},
    {"token shift backward", tokenShiftBackwardOp},
    {"KL loss", vocabularyLossOp<true, false>},
    {"KL loss, gradient", vocabularyLossOp<true, true>},
    {"cross-entropy", vocabularyLossOp<false, false>},
    {"cross-entropy, gradient", vocabularyLossOp<false, true>},
    {"AdamW", adamOp},
    {"square sums", squareSumsOp},
};

double secondsOfOp(const Row& row, const Call& call) {
    const std::function<void()> work = [&] { check(call(), row.name); };
    if (isEmulated()) return secondsOf(work, 1, 1);
    // So many calls between two synchronisations that waiting for the first and the last is nothing.
    const double once = secondsOf(work, 1, 4);
    return secondsOf(work, 5, static_cast<int>(std::clamp(4e-3 / once, 4.0, 64.0)));
}

}  // namespace

void benchOps(double bandwidth) {
    const Shape& shape = isEmulated() ? kTiny : kModel;
    std::printf(
        "\nOther ops, %lld tokens, width %lld, %lld heads of %lld, inner %lld, %lld rows of %lld logits, %.0f M "
        "parameters\n",
        static_cast<long long>(shape.batch * shape.tokens), static_cast<long long>(shape.width),
        static_cast<long long>(shape.heads), static_cast<long long>(shape.size), static_cast<long long>(shape.inner),
        static_cast<long long>(shape.lossRows), static_cast<long long>(shape.vocabulary),
        static_cast<double>(shape.parameters) / 1e6);
    std::printf("%-26s %30s %30s\n%-26s", "", "float32", "bfloat16", "op");
    for (int i = 0; i < 2; ++i) std::printf(" %8s %6s %6s %7s", "ms", "GB", "GB/s", "of copy");
    std::printf("\n");
    for (const Row& row : kRows) {
        std::printf("%-26s", row.name);
        for (const DType dtype : {DType::Float32, DType::BFloat16}) {
            Room room(shape, dtype);
            const Call call = row.make(room);
            const double seconds = secondsOfOp(row, call), rate = room.bytes() / seconds;
            std::printf(" %8.3f %6.2f %6.0f %7.3f", seconds * 1e3, room.bytes() / 1e9, rate / 1e9, rate / bandwidth);
            std::fflush(stdout);
        }
        std::printf("\n");
    }
}

}  // namespace radlads::kernels::gpu
