// Products of bfloat16, of float16 and of float32: every form, layout, dtype and instruction set against sums in double, and what
// they may touch.
#include <random>

#include "kernels/products.h"
#include "tests/kernels/guarded.h"

namespace radlads::kernels {
namespace {

using testing::forEachInstructionSet;
using testing::Guarded;
using testing::relativeError;

// How an operand lies in memory.
struct Layout {
    DType dtype = DType::Float32;
    bool isTransposed = false;
    int64_t gap = 0;  // between its lines
};
constexpr Layout kLayouts[] = {
    {DType::Float32, false, 0}, {DType::Float32, true, 5}, {DType::BFloat16, false, 3}, {DType::BFloat16, true, 0}};

// rows x columns of values that bfloat16 does not hold, or holds.
class Operand {
public:
    Operand(int64_t rows, int64_t columns, const Layout& layout, unsigned seed) {
        const int64_t lines = layout.isTransposed ? columns : rows, length = layout.isTransposed ? rows : columns;
        const int64_t stride = length + layout.gap;
        m_floats.assign(static_cast<std::size_t>(lines * stride + 1), std::nanf(""));
        m_halves.assign(m_floats.size(), fromFloat<BFloat16>(std::nanf("")));
        std::mt19937 random(seed);
        std::normal_distribution<float> normal;
        for (int64_t r = 0; r < rows; ++r)
            for (int64_t c = 0; c < columns; ++c) {
                const auto at = static_cast<std::size_t>(layout.isTransposed ? c * stride + r : r * stride + c);
                m_floats[at] = normal(random);
                m_halves[at] = fromFloat<BFloat16>(m_floats[at]);
            }
        m_matrix = {nullptr,     rows, columns, layout.isTransposed ? 1 : stride, layout.isTransposed ? stride : 1,
                    layout.dtype};
    }
    Matrix matrix() { return as(m_matrix.dtype); }
    Matrix as(DType dtype) {
        Matrix result = m_matrix;
        result.dtype = dtype;
        result.data = dtype == DType::Float32 ? static_cast<const void*>(m_floats.data()) : m_halves.data();
        return result;
    }
    std::vector<float>& floats() { return m_floats; }

private:
    std::vector<float> m_floats;
    std::vector<BFloat16> m_halves;
    Matrix m_matrix;
};

// Those that this processor has, with the instruction set of that name: pairs are for the widest vectors.
std::vector<NarrowForm> bf16Forms() {
    std::vector<NarrowForm> result{NarrowForm::Bf16Widened};
    if (hasBf16Instructions()) result.push_back(NarrowForm::Bf16Instructions);
    return result;
}
std::vector<NarrowForm> forms(const std::string& instructionSet) {
    std::vector<NarrowForm> result = bf16Forms();
    if (hasFp16Instructions() && instructionSet.starts_with("AVX3")) result.push_back(NarrowForm::Fp16Instructions);
    return result;
}
const char* nameOf(NarrowForm form) {
    return form == NarrowForm::Bf16Widened ? " widened" : form == NarrowForm::Fp16Instructions ? " fp16" : " bf16";
}
// Of random operands: sums of 128 products in float16 are what float16 rounds most.
double toleranceOf(NarrowForm form) {
    return form == NarrowForm::Fp16Instructions ? 2e-3 : 1e-6;
}

// C between guard bands, its rows a gap apart that stays as it is.
struct Product {
    static constexpr int64_t kGap = 3;
    static constexpr double kBetween = 77.0;
    Product(int64_t m, int64_t n) : rows(m), columns(n), c(std::max<int64_t>(1, m * (n + kGap))) {
        for (std::size_t i = 0; i < c.size(); ++i) c.set(i, kBetween);
        for (int64_t r = 0; r < m; ++r)
            for (int64_t i = 0; i < n; ++i) c.set(static_cast<std::size_t>(r * (n + kGap) + i), std::nan(""));
    }
    void compute(Backend backend, NarrowForm form, const Matrix& a, const Matrix& b, Store store = Store::Set) {
        ASSERT_EQ(whyNot(a, b, columns + kGap), nullptr);
        computeAll(backend, form, {of(a, b, store)});
        expectWhole();
    }
    NarrowProduct of(const Matrix& a, const Matrix& b, Store store = Store::Set, const float* bias = nullptr) {
        return {a, b, c.data(), columns + kGap, store, bias};
    }
    static void computeAll(Backend backend, NarrowForm form, const std::vector<NarrowProduct>& products) {
        Guarded<float> workspace(static_cast<int64_t>(narrowProductFloats(products)));
        narrowProducts(backend, form, products, workspace.data());
        EXPECT_TRUE(workspace.guardsAreWhole());
    }
    void computeFloat(Backend backend, const Matrix& a, const Matrix& b, const float* bias, Store store = Store::Set) {
        ASSERT_EQ(whyNot(a, b, columns + kGap), nullptr);
        floatProduct(backend, a, b, bias, c.data(), columns + kGap, store);
        expectWhole();
    }
    void expectWhole() {
        EXPECT_TRUE(c.guardsAreWhole());
        for (int64_t r = 0; r < rows; ++r)
            for (int64_t i = 0; i < kGap; ++i)
                EXPECT_EQ(c[static_cast<std::size_t>(r * (columns + kGap) + columns + i)], kBetween);
    }
    std::vector<double> values() const {
        std::vector<double> all;
        for (int64_t r = 0; r < rows; ++r)
            for (int64_t i = 0; i < columns; ++i) all.push_back(c[static_cast<std::size_t>(r * (columns + kGap) + i)]);
        return all;
    }
    int64_t rows, columns;
    Guarded<float> c;
};

constexpr struct {
    int64_t rows, depth, columns;
} kShapes[] = {{1, 1, 1},     {1, 7, 3},      {3, 2, 17},   {8, 16, 48},  {7, 33, 49},
               {16, 64, 96},  {17, 5, 31},    {193, 9, 16}, {9, 385, 50}, {20, 771, 9},
               {5, 12, 1539}, {40, 400, 100}, {0, 4, 5},    {4, 0, 5},    {4, 5, 0}};

void everyShape(NarrowForm form, const std::string& where) {
    for (const auto& shape : kShapes)
        for (const Layout& left : kLayouts)
            for (const Layout& right : kLayouts) {
                Operand a(shape.rows, shape.depth, left, 1), b(shape.depth, shape.columns, right, 2);
                Product ours(shape.rows, shape.columns), exact(shape.rows, shape.columns);
                ours.compute(Backend::Simd, form, a.matrix(), b.matrix());
                exact.compute(Backend::Reference, form, a.matrix(), b.matrix());
                const std::string name = where + " " + std::to_string(shape.rows) + "x" + std::to_string(shape.depth) +
                                         "x" + std::to_string(shape.columns);
                EXPECT_LT(relativeError(ours.values(), exact.values()), toleranceOf(form)) << name;
                ours.compute(Backend::Simd, form, a.matrix(), b.matrix(), Store::Add);
                exact.compute(Backend::Reference, form, a.matrix(), b.matrix(), Store::Add);
                EXPECT_LT(relativeError(ours.values(), exact.values()), toleranceOf(form)) << name << " added";
            }
}

TEST(Products, EveryFormShapeAndLayoutMatchesTheReference) {
    forEachInstructionSet([](const std::string& name) {
        for (const NarrowForm form : forms(name)) everyShape(form, name + nameOf(form));
    });
}

// The definition itself, from products that float32 and bfloat16 hold exactly.
TEST(Products, TheReferenceRoundsItsOperands) {
    const float a[] = {1.00390625f, 2.0f}, b[] = {1.01171875f, 3.0f};  // halfway: to 1.0 and to 1.015625, even both
    for (const Backend backend : {Backend::Reference, Backend::Simd}) {
        Product product(1, 1);
        product.compute(backend, NarrowForm::Bf16Widened, {a, 1, 2, 2, 1}, {b, 2, 1, 1, 1});
        EXPECT_EQ(product.c[0], 1.0 * 1.015625 + 6.0);
    }
}

TEST(Products, ARoundedOperandGivesTheSameBits) {
    forEachInstructionSet([](const std::string& name) {
        for (const NarrowForm form : bf16Forms())
            for (const bool isTransposed : {false, true}) {
                const Layout layout{DType::Float32, isTransposed, 1};
                Operand a(37, 401, layout, 3), b(401, 59, layout, 4);
                Product wide(37, 59), narrow(37, 59);
                wide.compute(Backend::Simd, form, a.as(DType::Float32), b.as(DType::Float32));
                narrow.compute(Backend::Simd, form, a.as(DType::BFloat16), b.as(DType::BFloat16));
                EXPECT_TRUE(wide.c.sameBits(narrow.c)) << name;
            }
    });
}

// Those that share an operand, and those that do not, as by themselves; with a bias; strips of many columns among them.
TEST(Products, OneAfterAnotherTheyAreAsAlone) {
    forEachInstructionSet([](const std::string& name) {
        for (const NarrowForm form : forms(name)) {
            Operand x(200, 390, {}, 5), turned(200, 390, {DType::Float32, true, 1}, 6), w(390, 33, {DType::Float32, true, 0}, 7),
                v(390, 48, {}, 8), likeX(200, 390, {}, 13), likeV(390, 48, {}, 14), wide(390, 1601, {DType::BFloat16, false, 0}, 9), shallow(200, 7, {}, 10), u(7, 20, {}, 11);
            const std::pair<Matrix, Matrix> pairs[] = {{x.matrix(), w.matrix()}, {x.matrix(), v.matrix()}, {x.matrix(), likeV.matrix()}, {likeX.matrix(), likeV.matrix()}, {turned.matrix(), v.matrix()},
                {x.matrix(), wide.matrix()}, {shallow.matrix(), u.matrix()}, {x.matrix(), w.matrix()}, {turned.matrix(), w.matrix()}};
            std::vector<float> bias(1601);
            std::mt19937 random(12);
            for (float& value : bias) value = std::normal_distribution<float>()(random);
            std::vector<Product> alone, together;
            std::vector<NarrowProduct> products;
            for (const auto& [a, b] : pairs) {
                alone.emplace_back(a.rows, b.columns);
                together.emplace_back(a.rows, b.columns);
            }
            for (std::size_t i = 0; i < std::size(pairs); ++i) {
                const float* added = i % 2 ? bias.data() : nullptr;
                Product::computeAll(Backend::Simd, form, {alone[i].of(pairs[i].first, pairs[i].second, Store::Set, added)});
                products.push_back(together[i].of(pairs[i].first, pairs[i].second, Store::Set, added));
            }
            Product::computeAll(Backend::Simd, form, products);
            for (std::size_t i = 0; i < std::size(pairs); ++i) {
                EXPECT_TRUE(alone[i].c.sameBits(together[i].c)) << name << nameOf(form) << " " << i;
                Product exact(alone[i].rows, alone[i].columns);
                Product::computeAll(Backend::Reference, form, {exact.of(pairs[i].first, pairs[i].second, Store::Set, products[i].bias)});
                EXPECT_LT(relativeError(together[i].values(), exact.values()), toleranceOf(form)) << name << nameOf(form) << " " << i;
            }
        }
    });
}

// What makes results of micro-batches and chunks of tokens independent of how they are cut.
TEST(Products, ARowHasTheSameBitsInAnyProduct) {
    forEachInstructionSet([](const std::string& name) {
        for (const NarrowForm form : forms(name)) {
            Operand a(210, 390, {}, 5), b(390, 101, {DType::Float32, true, 0}, 6);
            Product whole(210, 101);
            whole.compute(Backend::Simd, form, a.matrix(), b.matrix());
            for (const int64_t row : {0, 5, 197, 209}) {
                Matrix one = a.matrix();
                one.data = static_cast<const float*>(one.data) + row * one.rowStride;
                one.rows = 1;
                Product alone(1, 101);
                alone.compute(Backend::Simd, form, one, b.matrix());
                const std::vector<double> all = whole.values(), values = alone.values();
                EXPECT_TRUE(std::equal(values.begin(), values.end(), all.begin() + row * 101))
                    << name << nameOf(form) << " row " << row;
            }
        }
    });
}

TEST(Products, NotANumberStaysInItsRow) {
    forEachInstructionSet([](const std::string& name) {
        for (const NarrowForm form : forms(name)) {
            Operand a(20, 50, {}, 7), b(50, 33, {}, 8);
            a.floats()[3 * 50 + 49] = std::nanf("");
            Product product(20, 33);
            product.compute(Backend::Simd, form, a.matrix(), b.matrix());
            const std::vector<double> values = product.values();
            for (int64_t i = 0; i < 20 * 33; ++i)
                EXPECT_EQ(std::isnan(values[static_cast<std::size_t>(i)]), i / 33 == 3) << name << nameOf(form);
        }
    });
}

// In float16 where the processor has it; the reference keeps the same promises.
void computeFp16(Product& product, const Matrix& a, const Matrix& b) {
    product.compute(hasFp16Instructions() ? Backend::Simd : Backend::Reference, NarrowForm::Fp16Instructions, a, b);
}

// What float16 holds, and sums of it that float16 holds, come out exact, whatever powers of two lines are scaled by.
TEST(Fp16Products, IntegersAreExact) {
    std::mt19937 random(11);
    std::uniform_int_distribution<int> digit(-3, 3);
    for (const bool isTransposed : {false, true}) {
        Operand a(19, 150, {DType::Float32, isTransposed, 1}, 1), b(150, 53, {DType::Float32, isTransposed, 2}, 2);
        for (Operand* operand : {&a, &b})
            for (float& value : operand->floats())
                if (!std::isnan(value)) value = static_cast<float>(digit(random));
        Product ours(19, 53), exact(19, 53);
        computeFp16(ours, a.matrix(), b.matrix());
        exact.compute(Backend::Reference, NarrowForm::Fp16Instructions, a.matrix(), b.matrix());
        EXPECT_TRUE(ours.c.sameBits(exact.c));
    }
}

TEST(Fp16Products, BothDtypesOfTheSameValuesGiveTheSameBits) {
    for (const bool isTransposed : {false, true}) {
        const Layout layout{DType::Float32, isTransposed, 1};
        Operand a(37, 401, layout, 3), b(401, 59, layout, 4);
        for (Operand* operand : {&a, &b})
            for (float& value : operand->floats()) value = toFloat(fromFloat<BFloat16>(value));
        Product wide(37, 59), narrow(37, 59);
        computeFp16(wide, a.as(DType::Float32), b.as(DType::Float32));
        computeFp16(narrow, a.as(DType::BFloat16), b.as(DType::BFloat16));
        EXPECT_TRUE(wide.c.sameBits(narrow.c));
    }
}

// Each row and column has a scale of its own: gradients of 1e-12 beside those of 1e+6 lose nothing.
TEST(Fp16Products, LinesOfAnyMagnitudeAreAsExactAsOthers) {
    for (const bool isTransposed : {false, true}) {
        const Layout layout{DType::Float32, isTransposed, 0};
        Operand a(12, 300, layout, 5), b(300, 20, layout, 6);
        const auto scale = [&](Operand& operand, int64_t line, bool isRow, float factor) {
            const Matrix m = operand.matrix();
            for (int64_t i = 0; i < 300; ++i)
                operand.floats()[static_cast<std::size_t>(isRow ? line * m.rowStride + i * m.columnStride
                                                                : i * m.rowStride + line * m.columnStride)] *= factor;
        };
        for (int row = 0; row < 12; ++row) scale(a, row, true, std::pow(10.0f, static_cast<float>(3 * row - 15)));
        for (int column = 0; column < 20; ++column) scale(b, column, false, std::pow(10.0f, static_cast<float>(column - 10)));
        Product ours(12, 20), exact(12, 20);
        computeFp16(ours, a.matrix(), b.matrix());
        exact.compute(Backend::Reference, NarrowForm::Fp16Instructions, a.matrix(), b.matrix());
        const std::vector<double> got = ours.values(), wanted = exact.values();
        for (int64_t row = 0; row < 12; ++row)
            for (int64_t column = 0; column < 20; ++column) {
                const auto i = static_cast<std::size_t>(row * 20 + column);
                const double size = std::sqrt(300.0) * std::pow(10.0, static_cast<double>(3 * row - 15 + column - 10));
                EXPECT_NEAR(got[i], wanted[i], 6e-3 * size) << row << " " << column;
            }
    }
}

// Magnitudes that all lie at the upper end, with one sign: the largest sums there are, and equal terms, whose roundings all go the
// same way.
TEST(Fp16Products, SumsDoNotOverflow) {
    for (const float value : {1.0f, 1.9995f, 3e-5f, 1e10f}) {
        const std::vector<float> a(3000, value), b(3000, 1.9995f);
        Product ours(1, 1);
        computeFp16(ours, {a.data(), 1, 3000, 3000, 1}, {b.data(), 3000, 1, 1, 1});
        const double wanted = 3000.0 * value * 1.9995f;
        EXPECT_NEAR(ours.c[0], wanted, 1e-2 * wanted);
    }
}

TEST(Fp16Products, ZerosAndInfinities) {
    Operand a(9, 40, {}, 7), b(40, 20, {}, 8);
    for (std::size_t i = 0; i < 40; ++i) a.floats()[i] = 0;              // row 0
    for (std::size_t i = 40; i < 80; ++i) a.floats()[i] = 1e-39f;        // row 1: denormals
    a.floats()[2 * 40 + 7] = std::numeric_limits<float>::infinity();
    a.floats()[3 * 40 + 7] = 3e38f;
    Product product(9, 20);
    computeFp16(product, a.matrix(), b.matrix());
    const std::vector<double> values = product.values();
    for (std::size_t i = 0; i < 9 * 20; ++i) {
        const std::size_t row = i / 20;
        if (row < 2) {
            EXPECT_NEAR(values[i], 0, 1e-36) << i;
        }
        if (row != 3) {  // which may be infinite
            EXPECT_EQ(std::isfinite(values[i]), row != 2) << i;
        }
    }
}

TEST(FloatProducts, EveryShapeAndLayoutMatchesTheReference) {
    forEachInstructionSet([](const std::string& name) {
        std::mt19937 random(9);
        std::normal_distribution<float> normal;
        for (const auto& shape : kShapes)
            for (const int layouts : {0, 1, 2, 3}) {
                Operand a(shape.rows, shape.depth, {DType::Float32, (layouts & 1) != 0, 2}, 1);
                Operand b(shape.depth, shape.columns, {DType::Float32, (layouts & 2) != 0, 1}, 2);
                std::vector<float> bias(static_cast<std::size_t>(shape.columns));
                for (float& value : bias) value = normal(random);
                const std::string where = name + " " + std::to_string(shape.rows) + "x" + std::to_string(shape.depth) +
                                          "x" + std::to_string(shape.columns);
                for (const float* added :
                     {static_cast<const float*>(nullptr), static_cast<const float*>(bias.data())}) {
                    Product ours(shape.rows, shape.columns), exact(shape.rows, shape.columns);
                    ours.computeFloat(Backend::Simd, a.matrix(), b.matrix(), added);
                    exact.computeFloat(Backend::Reference, a.matrix(), b.matrix(), added);
                    EXPECT_LT(relativeError(ours.values(), exact.values()), 1e-6) << where;
                    ours.computeFloat(Backend::Simd, a.matrix(), b.matrix(), nullptr, Store::Add);
                    exact.computeFloat(Backend::Reference, a.matrix(), b.matrix(), nullptr, Store::Add);
                    EXPECT_LT(relativeError(ours.values(), exact.values()), 1e-6) << where << " added";
                }
            }
    });
}

// Not rounded to bfloat16 first: 1 + 2^-12 stays.
TEST(FloatProducts, OperandsAreExact) {
    const float a[] = {1.000244140625f, 2.0f}, b[] = {1.0f, 3.0f}, bias[] = {0.5f};
    for (const Backend backend : {Backend::Reference, Backend::Simd}) {
        Product product(1, 1);
        product.computeFloat(backend, {a, 1, 2, 2, 1}, {b, 2, 1, 1, 1}, bias);
        EXPECT_EQ(product.c[0], 7.500244140625);
    }
}

TEST(FloatProducts, ARowHasTheSameBitsInAnyProduct) {
    forEachInstructionSet([](const std::string& name) {
        Operand a(210, 390, {}, 5), b(390, 101, {DType::Float32, true, 0}, 6);
        Product whole(210, 101);
        whole.computeFloat(Backend::Simd, a.matrix(), b.matrix(), nullptr);
        const std::vector<double> all = whole.values();
        for (const int64_t row : {0, 5, 197, 209}) {
            Matrix one = a.matrix();
            one.data = static_cast<const float*>(one.data) + row * one.rowStride;
            one.rows = 1;
            Product alone(1, 101);
            alone.computeFloat(Backend::Simd, one, b.matrix(), nullptr);
            const std::vector<double> values = alone.values();
            EXPECT_TRUE(std::equal(values.begin(), values.end(), all.begin() + row * 101)) << name << " row " << row;
        }
    });
}

TEST(FloatProducts, NotANumberStaysInItsRow) {
    Operand a(21, 50, {}, 7), b(50, 33, {}, 8);
    a.floats()[20 * 50 + 49] = std::nanf("");
    Product product(21, 33);
    product.computeFloat(Backend::Simd, a.matrix(), b.matrix(), nullptr);
    const std::vector<double> values = product.values();
    for (int64_t i = 0; i < 21 * 33; ++i) EXPECT_EQ(std::isnan(values[static_cast<std::size_t>(i)]), i / 33 == 20);
}

TEST(Products, WhatIsNoProductIsRefused) {
    const float x[16] = {};
    const Matrix good{x, 4, 4, 4, 1};
    EXPECT_EQ(whyNot(good, good, 4), nullptr);
    EXPECT_NE(whyNot(good, {x, 3, 4, 4, 1}, 4), nullptr);
    EXPECT_NE(whyNot({x, 2, 2, 4, 2}, {x, 2, 2, 2, 1}, 2), nullptr);
    EXPECT_NE(whyNot({nullptr, 4, 4, 4, 1}, good, 4), nullptr);
    EXPECT_NE(whyNot(good, good, 3), nullptr);
}

TEST(Products, TheFormIsOneThatTheProcessorHas) {
    EXPECT_TRUE(bf16Form() == NarrowForm::Bf16Widened || hasBf16Instructions());
}

}  // namespace
}  // namespace radlads::kernels
