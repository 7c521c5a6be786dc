// The ops of prepare.h element by element in double: the definition of correct. Its room to work in is its own.
#include "kernels/cpu/reference_rows.h"

namespace radlads::kernels::reference {
namespace {

constexpr double kDecayScale = 0.60653065971263342;  // e^-1/2

// What a head of a token becomes on its way, one element.
struct Element {
    double g = 0, dgdz = 0;  // log decay, and its slope by its input
    double rate = 0, mix = 0;
};

Element elementOf(const Prepare& op, int64_t b, int64_t h, int64_t t, int64_t i) {
    const int64_t at = h * op.decay.sizes[3] + i;
    Element e;
    const double z = valueAt(op.decay, b, h, t, i) + op.decayBase[at];
    if (op.op == Wkv::Six) {
        e.g = std::max(-std::exp(z), -5.0);
        e.dgdz = -std::exp(z) >= -5.0 ? e.g : 0.0;
        return e;
    }
    e.g = -kDecayScale * sigmoid(z);
    e.dgdz = e.g * (1 - sigmoid(z));
    e.rate = sigmoid(valueAt(op.rate, b, h, t, i) + op.rateBase[at]);
    if (op.first) e.mix = sigmoid(valueAt(op.mix, b, h, t, i) + op.mixBase[at]);
    return e;
}

// The key's part in the state, per element of R(k).
double strength(const Prepare& op, const Element& e, int64_t at) {
    if (op.op == Wkv::Six) return op.balance ? 1 - std::exp(e.g) : 1;
    return op.balance ? 1 - std::exp(e.g) + e.rate : 1 + (e.rate - 1) * op.replacement[at];
}

// kappa, and the length that was divided off.
struct UnitKey {
    Row kappa;
    double length = 1;
};
UnitKey unitKey(const Prepare& op, const Row& key, int64_t h) {
    UnitKey unit{key, 0};
    double squares = 1e-24;
    for (std::size_t i = 0; i < key.size(); ++i) {
        if (!op.balance) unit.kappa[i] *= op.removal[h * static_cast<int64_t>(key.size()) + static_cast<int64_t>(i)];
        squares += unit.kappa[i] * unit.kappa[i];
    }
    unit.length = std::sqrt(squares);
    for (double& value : unit.kappa) value /= unit.length;
    return unit;
}

}  // namespace

void prepareForward(const Prepare& op, const Prepared& out, const Parallel&) {
    const int64_t size = op.k.sizes[3], group = op.decay.sizes[1] / op.k.sizes[1];
    forEachRow(op.decay, [&](int64_t b, int64_t h, int64_t t) {
        if (op.q) setRow(out.q, b, h, t, turned(rowOf(op.q, b, h, t, size), op.rotation, t, op.queryScale, false));
        const Row key = turned(rowOf(op.k, b, h / group, t, size), op.rotation, t, 1, false);
        const UnitKey unit = op.op == Wkv::Seven ? unitKey(op, key, h) : UnitKey{key, 1};
        for (int64_t i = 0; i < size; ++i) {
            const std::size_t at = static_cast<std::size_t>(i);
            const Element e = elementOf(op, b, h, t, i);
            setAt(out.g, b, h, t, i, e.g);
            setAt(out.k, b, h, t, i, key[at] * strength(op, e, h * size + i));
            if (op.v) {
                const double v = valueAt(op.v, b, h / group, t, i);
                setAt(out.v, b, h, t, i, op.first ? v + (valueAt(op.first, b, h, t, i) - v) * e.mix : v);
            }
            if (op.op == Wkv::Six) continue;
            setAt(out.a, b, h, t, i, -unit.kappa[at]);
            setAt(out.b, b, h, t, i, unit.kappa[at] * e.rate);
        }
    });
}

void prepareBackward(const Prepare& op, const PrepareGradients& gradients, float*, const Parallel&) {
    const int64_t size = op.k.sizes[3], heads = op.decay.sizes[1], group = heads / op.k.sizes[1];
    const Prepared& of = gradients.of;
    Sums decayBase(heads * size), rateBase(heads * size), mixBase(heads * size), removal(heads * size),
        replacement(heads * size);
    forEachRow(op.k, [&](int64_t b, int64_t j, int64_t t) {
        const Row key = turned(rowOf(op.k, b, j, t, size), op.rotation, t, 1, false);
        Row dkey(key.size()), dv(key.size());
        for (int64_t h = j * group; h < (j + 1) * group; ++h) {
            if (op.q)
                setRow(gradients.dq, b, h, t, turned(rowOf(of.q, b, h, t, size), op.rotation, t, op.queryScale, true));
            const UnitKey unit = op.op == Wkv::Seven ? unitKey(op, key, h) : UnitKey{key, 1};
            Row dkappa(key.size());
            double along = 0;
            for (int64_t i = 0; i < size; ++i) {
                const std::size_t at = static_cast<std::size_t>(i);
                const Element e = elementOf(op, b, h, t, i);
                const double dk = valueAt(of.k, b, h, t, i);
                dkey[at] += dk * strength(op, e, h * size + i);
                double dg = valueAt(of.g, b, h, t, i);
                if (op.balance) dg -= dk * key[at] * std::exp(e.g);
                setAt(gradients.ddecay, b, h, t, i, dg * e.dgdz);
                decayBase.add(h * size + i, dg * e.dgdz);
                if (op.v) {
                    const double dout = valueAt(of.v, b, h, t, i);
                    dv[at] += dout * (1 - e.mix);
                    if (op.first) {
                        const double difference = valueAt(op.first, b, h, t, i) - valueAt(op.v, b, j, t, i);
                        const double dmix = dout * difference * e.mix * (1 - e.mix);
                        setAt(gradients.dfirst, b, h, t, i, dout * e.mix);
                        setAt(gradients.dmix, b, h, t, i, dmix);
                        mixBase.add(h * size + i, dmix);
                    }
                }
                if (op.op == Wkv::Six) continue;
                const double db = valueAt(of.b, b, h, t, i);
                double drate = db * unit.kappa[at] + dk * key[at] * (op.balance ? 1 : op.replacement[h * size + i]);
                if (!op.balance) replacement.add(h * size + i, dk * key[at] * (e.rate - 1));
                drate *= e.rate * (1 - e.rate);
                setAt(gradients.drate, b, h, t, i, drate);
                rateBase.add(h * size + i, drate);
                dkappa[at] = db * e.rate - valueAt(of.a, b, h, t, i);
                along += dkappa[at] * unit.kappa[at];
            }
            if (op.op == Wkv::Six) continue;
            for (int64_t i = 0; i < size; ++i) {
                const std::size_t at = static_cast<std::size_t>(i);
                const double du = (dkappa[at] - unit.kappa[at] * along) / unit.length;
                dkey[at] += op.balance ? du : du * op.removal[h * size + i];
                removal.add(h * size + i, du * key[at]);
            }
        }
        setRow(gradients.dk, b, j, t, turned(dkey, op.rotation, t, 1, true));
        if (op.v) setRow(gradients.dv, b, j, t, dv);
    });
    decayBase.writeTo(gradients.ddecayBase);
    rateBase.writeTo(gradients.drateBase);
    mixBase.writeTo(gradients.dmixBase);
    removal.writeTo(gradients.dremoval);
    replacement.writeTo(gradients.dreplacement);
}

namespace {

double earlier(const TokenShift& op, int64_t b, int64_t t, int64_t i) {
    if (t > 0) return valueAt(op.x, b, 0, t - 1, i);
    return op.before ? valueAt(op.before, b, 0, 0, i) : 0;
}
double shareAt(const TokenShift& op, int64_t b, int64_t c, int64_t t, int64_t i) {
    return op.base[c * op.x.sizes[3] + i] + (op.m ? valueAt(op.m, b, c, t, i) : 0);
}

}  // namespace

void tokenShiftForward(const TokenShift& op, const View* out, const Parallel&) {
    forEachRow(op.x, [&](int64_t b, int64_t, int64_t t) {
        for (int64_t c = 0; c < op.streams; ++c)
            for (int64_t i = 0; i < op.x.sizes[3]; ++i) {
                const double x = valueAt(op.x, b, 0, t, i);
                setAt(out[c], b, 0, t, i, x + (earlier(op, b, t, i) - x) * shareAt(op, b, c, t, i));
            }
    });
}

void tokenShiftBackward(const TokenShift& op, const TokenShiftGradients& gradients, const Parallel&) {
    const int64_t size = op.x.sizes[3], tokens = op.x.sizes[2];
    Sums dbase(op.streams * size);
    forEachRow(op.x, [&](int64_t b, int64_t, int64_t t) {
        for (int64_t i = 0; i < size; ++i) {
            double dx = 0, dbefore = 0;
            for (int64_t c = 0; c < op.streams; ++c) {
                const double dout = valueAt(gradients.dout[c], b, 0, t, i), share = shareAt(op, b, c, t, i);
                const double dm = dout * (earlier(op, b, t, i) - valueAt(op.x, b, 0, t, i));
                if (op.m) setAt(gradients.dm, b, c, t, i, dm);
                dbase.add(c * size + i, dm);
                dx += dout * (1 - share);
                dbefore += dout * share;
                if (t + 1 < tokens) dx += valueAt(gradients.dout[c], b, 0, t + 1, i) * shareAt(op, b, c, t + 1, i);
            }
            setAt(gradients.dx, b, 0, t, i, dx);
            if (t == 0 && gradients.dbefore) setAt(gradients.dbefore, b, 0, 0, i, dbefore);
        }
    });
    dbase.writeTo(gradients.dbase);
}

}  // namespace radlads::kernels::reference
