#include "engine/model/wkv.h"

#include "engine/model/compat.h"

namespace radlads::model {
namespace {

// exp(-0.607 * 32) = 4e-9 and its inverse stay well inside float32.
constexpr int64_t kWkv7Chunk = 32;
// With log decay >= -5 a chunk of 16 spans at most e^80; split at its middle each factor is at most e^40.
constexpr int64_t kWkv6Chunk = 16;

// [B, H, T, N] -> [B H, C, chunk, N], padded with zeros at the end: zero log decay, keys and values leave the state as it is.
at::Tensor toChunks(const at::Tensor& x, int64_t chunk) {
    const int64_t length = x.size(2), padded = (length + chunk - 1) / chunk * chunk;
    const at::Tensor whole = padded == length ? x : at::constant_pad_nd(x, {0, 0, 0, padded - length});
    return whole.reshape({x.size(0) * x.size(1), padded / chunk, chunk, x.size(3)});
}

at::Tensor fromChunks(const std::vector<at::Tensor>& chunks, const at::Tensor& like) {
    const at::Tensor y = at::stack(chunks, 1).reshape({like.size(0), like.size(1), -1, chunks.front().size(-1)});
    return y.size(2) == like.size(2) ? y : y.narrow(2, 0, like.size(2));
}

at::Tensor lowerMask(int64_t size, int64_t diagonal, const at::Tensor& like) {
    return at::ones({size, size}, like.options()).tril(diagonal);
}

}  // namespace

WkvOutput wkv7Chunked(const at::Tensor& r, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v,
                      const at::Tensor& alpha, const at::Tensor& beta, const at::Tensor& state) {
    const int64_t chunk = kWkv7Chunk, batch = r.size(0) * r.size(1), size = r.size(3);
    const at::Tensor g = toChunks(logDecay, chunk), vc = toChunks(v, chunk);
    const at::Tensor cumulative = g.cumsum(-2);
    const at::Tensor inverse = (-cumulative).exp();
    const at::Tensor rt = toChunks(r, chunk) * cumulative.exp();
    const at::Tensor at_ = toChunks(alpha, chunk) * (cumulative - g).exp();
    const at::Tensor kt = (toChunks(k, chunk) * inverse).transpose(-1, -2);
    const at::Tensor bt = (toChunks(beta, chunk) * inverse).transpose(-1, -2);
    const at::Tensor inclusive = lowerMask(chunk, 0, r), strict = lowerMask(chunk, -1, r);

    // U = (I - M^{alpha beta})^{-1} (M^{alpha k} V + alpha~ S^T), split into the part that needs the state and the part that does not.
    const at::Tensor system = at::eye(chunk, r.options()) - at_.matmul(bt) * strict;
    const at::Tensor right = at::cat({at_, (at_.matmul(kt) * strict).matmul(vc)}, -1);
    const at::Tensor solved = at::linalg_solve_triangular(system, right, /*upper=*/false, /*left=*/true, /*unitriangular=*/true);
    const std::vector<at::Tensor> w = solved.narrow(-1, 0, size).unbind(1), u = solved.narrow(-1, size, size).unbind(1);
    const std::vector<at::Tensor> y0 = (rt.matmul(kt) * inclusive).matmul(vc).unbind(1), kv = kt.matmul(vc).unbind(1);
    const std::vector<at::Tensor> rb = (rt.matmul(bt) * inclusive).unbind(1), rs = rt.unbind(1), bs = bt.unbind(1);
    const std::vector<at::Tensor> decay = cumulative.select(2, chunk - 1).exp().unsqueeze(-1).unbind(1);

    // S here is [K, V], the transpose of the public state.
    at::Tensor s = state.defined() ? state.reshape({batch, size, size}).transpose(-1, -2) : at::zeros({batch, size, size}, r.options());
    std::vector<at::Tensor> y;
    for (size_t c = 0; c < w.size(); ++c) {
        const at::Tensor uc = at::baddbmm(u[c], w[c], s);
        y.push_back(at::baddbmm(at::baddbmm(y0[c], rb[c], uc), rs[c], s));
        s = decay[c] * (s + at::baddbmm(kv[c], bs[c], uc));
    }
    return {fromChunks(y, r), s.transpose(-1, -2).reshape({r.size(0), r.size(1), size, size})};
}

WkvOutput wkv7Recurrent(const at::Tensor& r, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& alpha, const at::Tensor& beta, const at::Tensor& state) {
    const int64_t size = r.size(3);
    at::Tensor s = state.defined() ? state : at::zeros({r.size(0), r.size(1), size, size}, r.options());
    const at::Tensor w = logDecay.exp();
    std::vector<at::Tensor> y;
    for (int64_t t = 0; t < r.size(2); ++t) {
        const auto row = [t](const at::Tensor& x) { return x.select(2, t).unsqueeze(-2); };    // [B, H, 1, N]
        const auto column = [t](const at::Tensor& x) { return x.select(2, t).unsqueeze(-1); };  // [B, H, N, 1]
        s = s * row(w) + s.matmul(column(alpha)) * row(beta) + column(v) * row(k);
        y.push_back(s.matmul(column(r)).squeeze(-1));
    }
    return {at::stack(y, 2), s};
}

WkvOutput wkv6Chunked(const at::Tensor& q, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v,
                      const at::Tensor& state) {
    const int64_t chunk = kWkv6Chunk, batch = q.size(0) * q.size(1), size = q.size(3);
    const at::Tensor qc = toChunks(q, chunk), kc = toChunks(k, chunk), vc = toChunks(v, chunk);
    const at::Tensor cumulative = toChunks(logDecay, chunk).cumsum(-2);
    // A_ts = sum_j q_tj k_sj exp(C_tj - C_sj); the reference row cancels, so it needs no gradient.
    const at::Tensor middle = cumulative.narrow(2, chunk / 2, 1).detach();
    const at::Tensor last = cumulative.narrow(2, chunk - 1, 1);
    const at::Tensor scores = (qc * (cumulative - middle).exp()).matmul((kc * (middle - cumulative).exp()).transpose(-1, -2)) *
                              lowerMask(chunk, 0, q);
    const std::vector<at::Tensor> y0 = scores.matmul(vc).unbind(1), qs = (qc * cumulative.exp()).unbind(1);
    const std::vector<at::Tensor> kv = (kc * (last - cumulative).exp()).transpose(-1, -2).matmul(vc).unbind(1);
    const std::vector<at::Tensor> decay = last.exp().transpose(-1, -2).unbind(1);

    at::Tensor s = state.defined() ? state.reshape({batch, size, size}) : at::zeros({batch, size, size}, q.options());
    std::vector<at::Tensor> y;
    for (size_t c = 0; c < y0.size(); ++c) {
        y.push_back(at::baddbmm(y0[c], qs[c], s));
        s = decay[c] * s + kv[c];
    }
    return {fromChunks(y, q), s.reshape({q.size(0), q.size(1), size, size})};
}

WkvOutput wkv6Recurrent(const at::Tensor& q, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& state) {
    const int64_t size = q.size(3);
    at::Tensor s = state.defined() ? state : at::zeros({q.size(0), q.size(1), size, size}, q.options());
    const at::Tensor w = logDecay.exp();
    std::vector<at::Tensor> y;
    for (int64_t t = 0; t < q.size(2); ++t) {
        s = s * w.select(2, t).unsqueeze(-1) + k.select(2, t).unsqueeze(-1) * v.select(2, t).unsqueeze(-2);
        y.push_back(q.select(2, t).unsqueeze(-2).matmul(s).squeeze(-2));
    }
    return {at::stack(y, 2), s};
}

}  // namespace radlads::model
