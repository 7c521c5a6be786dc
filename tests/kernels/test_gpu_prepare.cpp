// What stands before the recurrences in kernels/gpu against the reference, forward and backward.
#include "kernels/gpu/prepare.h"
#include "tests/kernels/gpu_problem.h"

namespace radlads::kernels::gpu {
namespace {

using Place = Problem::Place;

struct Form {
    Wkv op = Wkv::Seven;
    bool isBalanced = true, isRotated = true, hasQuery = true, hasValue = true, isMixed = true;
    int64_t group = 1;
};

void expectLikeReference(const Form& form, const Extent& extent, const std::vector<Way>& list) {
    Problem p(extent);
    const bool isSeven = form.op == Wkv::Seven, isMixed = isSeven && form.isMixed,
               isTuned = isSeven && !form.isBalanced;
    const bool isRotated = form.isRotated && extent.size % 2 == 0;
    const int64_t heads = extent.heads * form.group, width = heads * extent.size;
    const auto input = [&](bool wanted, int64_t count) { return wanted ? p.input(count) : p.kAbsent; };
    const auto output = [&](bool wanted, int64_t count) { return wanted ? p.output(count) : p.kAbsent; };
    const auto parameter = [&](bool wanted) { return wanted ? p.parameter(width) : p.kAbsent; };
    const auto gradient = [&](bool wanted) { return wanted ? p.gradient(width) : p.kAbsent; };
    const std::size_t q = input(form.hasQuery, heads), k = p.input(extent.heads),
                      v = input(form.hasValue, extent.heads);
    const std::size_t decay = p.input(heads), rate = input(isSeven, heads), mix = input(isMixed, heads);
    const std::size_t first = input(isMixed, heads), decayBase = parameter(true), rateBase = parameter(isSeven);
    const std::size_t mixBase = parameter(isMixed), removal = parameter(isTuned), replacement = parameter(isTuned);
    const std::size_t cos = p.given(angles(extent.tokens, extent.size, false));
    const std::size_t sin = p.given(angles(extent.tokens, extent.size, true));
    // The gradients of the outputs; that of g is float32.
    const std::size_t ofQ = input(form.hasQuery, heads), ofG = p.input(heads, DType::Float32), ofK = p.input(heads);
    const std::size_t ofV = input(form.hasValue, heads), ofA = input(isSeven, heads), ofB = input(isSeven, heads);
    const std::size_t outQ = output(form.hasQuery, heads), outG = p.output(heads, DType::Float32);
    const std::size_t outK = p.output(heads), outV = output(form.hasValue, heads);
    const std::size_t outA = output(isSeven, heads), outB = output(isSeven, heads);
    const std::size_t dq = output(form.hasQuery, heads), dk = p.output(extent.heads);
    const std::size_t dv = output(form.hasValue, extent.heads), ddecay = p.output(heads),
                      drate = output(isSeven, heads);
    const std::size_t dmix = output(isMixed, heads), dfirst = output(isMixed, heads), ddecayBase = gradient(true);
    const std::size_t drateBase = gradient(isSeven), dmixBase = gradient(isMixed), dremoval = gradient(isTuned);
    const std::size_t dreplacement = gradient(isTuned);
    const auto call = [&](const Place& at) -> const char* {
        Prepare op;
        op.op = form.op, op.balance = form.isBalanced;
        op.q = at.view(q), op.k = at.view(k), op.v = at.view(v), op.decay = at.view(decay), op.rate = at.view(rate);
        op.mix = at.view(mix), op.first = at.view(first);
        op.decayBase = at.floats(decayBase), op.rateBase = at.floats(rateBase), op.mixBase = at.floats(mixBase);
        op.removal = at.floats(removal), op.replacement = at.floats(replacement), op.queryScale = 0.4;
        if (isRotated) op.rotation = {at.floats(cos), at.floats(sin), extent.size};
        if (const char* why = whyNot(op)) return why;
        const Prepared outputs{at.view(outQ), at.view(outG), at.view(outK),
                               at.view(outV), at.view(outA), at.view(outB)};
        PrepareGradients g;
        g.of = {at.view(ofQ), at.view(ofG), at.view(ofK), at.view(ofV), at.view(ofA), at.view(ofB)};
        g.dq = at.view(dq), g.dk = at.view(dk), g.dv = at.view(dv), g.ddecay = at.view(ddecay);
        g.drate = at.view(drate), g.dmix = at.view(dmix), g.dfirst = at.view(dfirst);
        g.ddecayBase = at.floats(ddecayBase), g.drateBase = at.floats(drateBase), g.dmixBase = at.floats(dmixBase);
        g.dremoval = at.floats(dremoval), g.dreplacement = at.floats(dreplacement);
        if (!at.isDevice) {
            std::vector<float> work(kernels::prepareWorkspaceFloats(op));
            kernels::prepareForward(Backend::Reference, op, outputs, serial());
            kernels::prepareBackward(Backend::Reference, op, g, work.data(), serial());
            return nullptr;
        }
        const DeviceTensor work = room(gpu::prepareWorkspaceFloats(op));
        if (const char* error = gpu::prepareForward(op, outputs, nullptr)) return error;
        const char* error = gpu::prepareBackward(op, g, work.floats(), nullptr);
        return error || (synchronise() == nullptr && work.isGuarded()) ? error : "wrote beside its room";
    };
    const std::string what = std::string(isSeven ? "prepare7" : "prepare6") + (form.isBalanced ? " balanced" : "") +
                             (isRotated ? " rotated" : "") + (isMixed ? " mixed" : "") + " group " +
                             std::to_string(form.group) + textOf(extent);
    p.expectLikeReference(call, list, extent.dtype == DType::Float32 ? 1e-5 : 5e-3, what);
}

TEST(GpuPrepare, EverySizeAndDtypeIsTheReference) {
    for (const Extent& extent : extents()) {
        if (extent.size == 1) continue;  // a key of one channel has a length without a gradient
        for (const Wkv op : {Wkv::Six, Wkv::Seven})
            for (const bool isBalanced : {false, true}) expectLikeReference({op, isBalanced}, extent, ways());
    }
}

TEST(GpuPrepare, QueryHeadsShareKeysAndValues) {
    for (const DType dtype : {DType::Float32, DType::BFloat16})
        for (const Wkv op : {Wkv::Six, Wkv::Seven})
            for (const bool isBalanced : {false, true}) {
                Form form{op, isBalanced};
                form.group = 3;
                expectLikeReference(form, {2, 2, 5, 20, dtype, true}, ways({32, 64}, {0, 1, 2}));
            }
}

TEST(GpuPrepare, MoreQueryHeadsThanABlockHas) {
    for (const bool isBalanced : {false, true}) {
        Form form{Wkv::Seven, isBalanced};
        form.group = 8;  // heads of 256 channels: six and two
        expectLikeReference(form, {1, 2, 3, 256, DType::BFloat16, true}, ways({32, 64}, {0, 2}));
        form.op = Wkv::Six, form.group = 9;
        expectLikeReference(form, {1, 1, 5, 254}, ways({32, 64}, {0, 2}));
    }
}

TEST(GpuPrepare, WhatIsOptionalMayBeAbsent) {
    for (const Wkv op : {Wkv::Six, Wkv::Seven})
        for (const bool isBalanced : {false, true}) {
            expectLikeReference({op, isBalanced, false, false, false, false, 2}, {1, 2, 3, 16}, ways());
            expectLikeReference({op, isBalanced, false, true, true, false, 2}, {1, 2, 3, 16}, ways());
        }
}

TEST(GpuPrepare, ManyTokensAreAddedInParts) {
    // More tokens than the parts have at once, so that a block has several rounds; of one chunk of heads and of two.
    expectLikeReference({.isBalanced = false}, {1, 257, 70, 20}, ways({64}));
    Form wide{.isBalanced = false};
    wide.group = 7;
    expectLikeReference(wide, {1, 257, 2, 130}, ways({32}));
}

TEST(GpuPrepare, TokenShiftIsTheReference) {
    std::vector<Extent> list = extents();
    list.push_back({1, 1, 300, 6, DType::Float32, false});    // several tokens a part
    list.push_back({2, 1, 2, 1100, DType::BFloat16, false});  // several blocks of channels
    for (const Extent& extent : list)
        for (const auto& [streams, isWhole] : {std::pair<int64_t, bool>{1, false}, {5, true}, {8, true}}) {
            Problem p(extent);
            const std::size_t x = p.input(1), m = isWhole ? p.input(streams) : p.kAbsent;
            const std::size_t base = p.parameter(streams * extent.size), dx = p.output(1);
            const std::size_t before = isWhole ? p.input(extent.batch) : p.kAbsent;  // rows of its own are taken
            const std::size_t dbefore = isWhole ? p.carried() : p.kAbsent;
            const std::size_t dm = isWhole ? p.output(streams) : p.kAbsent, dbase = p.gradient(streams * extent.size);
            std::vector<std::size_t> out, dout;
            for (int64_t c = 0; c < streams; ++c) out.push_back(p.output(1)), dout.push_back(p.input(1));
            const auto call = [&](const Place& place) -> const char* {
                TokenShift op{place.view(x), place.view(before), place.view(m), place.floats(base), streams};
                if (op.before) op.before.sizes[1] = op.before.sizes[2] = 1;
                if (const char* why = whyNot(op)) return why;
                std::vector<View> outs, douts;
                for (const std::size_t i : out) outs.push_back(place.view(i));
                for (const std::size_t i : dout) douts.push_back(place.view(i));
                const TokenShiftGradients gradients{douts.data(), place.view(dx), place.view(dm), place.view(dbefore),
                                                    place.floats(dbase)};
                if (!place.isDevice) {
                    kernels::tokenShiftForward(Backend::Reference, op, outs.data(), serial());
                    kernels::tokenShiftBackward(Backend::Reference, op, gradients, serial());
                    return nullptr;
                }
                const DeviceTensor work = room(gpu::tokenShiftWorkspaceFloats(op));
                if (const char* error = gpu::tokenShiftForward(op, outs.data(), nullptr)) return error;
                const char* error = gpu::tokenShiftBackward(op, gradients, work.floats(), nullptr);
                return error || (synchronise() == nullptr && work.isGuarded()) ? error : "wrote beside its room";
            };
            const std::vector<Way> some = extent.size == 100 ? ways({32, 64}, {0, 2}) : ways({64});
            p.expectLikeReference(call, some, toleranceFor(extent.dtype), "token_shift" + textOf(extent));
        }
}

}  // namespace
}  // namespace radlads::kernels::gpu
