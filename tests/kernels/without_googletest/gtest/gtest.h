// What the tests of kernels use of GoogleTest, for machines without it: kernels/gpu/bench.sh runs them there.
#pragma once

#include <cstdio>
#include <cstring>
#include <sstream>
#include <vector>

namespace testing {

struct Test {
    const char *suite, *name;
    void (*run)();
};
inline std::vector<Test>& tests() {
    static std::vector<Test> list;
    return list;
}
inline int& failures() {
    static int count = 0;
    return count;
}
inline bool add(const char* suite, const char* name, void (*run)()) {
    tests().push_back({suite, name, run});
    return true;
}

template <class T>
void print(std::ostream& out, const T& value) {
    if constexpr (requires { out << value; })
        out << value;
    else
        out << "(a value)";
}

// A check, with what is written to it if it fails.
class Check {
public:
    Check(bool isGood, const char* file, int line, const char* text) : m_isGood(isGood) {
        if (!isGood) m_out << file << ":" << line << ": " << text << " ";
    }
    Check(const Check&) = delete;
    ~Check() {
        if (m_isGood) return;
        ++failures();
        std::printf("%s\n", m_out.str().c_str());
    }
    template <class T>
    Check& operator<<(const T& value) {
        if (!m_isGood) print(m_out, value);
        return *this;
    }
    explicit operator bool() const { return m_isGood; }

private:
    bool m_isGood;
    std::ostringstream m_out;
};
// Gives a failed ASSERT_ the type that `return` of a test wants.
struct Leave {
    void operator=(const Check&) const {}
};

inline int runAll() {
    int failed = 0;
    for (const Test& test : tests()) {
        const int before = failures();
        test.run();
        const bool isGood = failures() == before;
        failed += !isGood;
        std::printf("%-7s %s.%s\n", isGood ? "ok" : "FAILED", test.suite, test.name);
    }
    std::printf("%zu passed, %d failed\n", tests().size() - static_cast<std::size_t>(failed), failed);
    return failed > 0;
}

}  // namespace testing

#define TEST(suite, name)                                                                                    \
    static void suite##_##name();                                                                            \
    [[maybe_unused]] static const bool suite##_##name##_added = testing::add(#suite, #name, suite##_##name); \
    static void suite##_##name()

#define TEST_CHECK_(good, text) testing::Check(static_cast<bool>(good), __FILE__, __LINE__, text)
#define TEST_ASSERT_(good, text) \
    if (good) {                  \
    } else                       \
        return testing::Leave() = testing::Check(false, __FILE__, __LINE__, text)

#define EXPECT_TRUE(x) TEST_CHECK_(x, #x)
#define EXPECT_FALSE(x) TEST_CHECK_(!(x), "not " #x)
#define EXPECT_EQ(a, b) TEST_CHECK_((a) == (b), #a " is " #b)
#define EXPECT_NE(a, b) TEST_CHECK_((a) != (b), #a " is not " #b)
#define EXPECT_LT(a, b) TEST_CHECK_((a) < (b), #a " is less than " #b)
#define EXPECT_LE(a, b) TEST_CHECK_((a) <= (b), #a " is at most " #b)
#define EXPECT_GT(a, b) TEST_CHECK_((a) > (b), #a " is more than " #b)
#define EXPECT_GE(a, b) TEST_CHECK_((a) >= (b), #a " is at least " #b)
#define EXPECT_NEAR(a, b, most) TEST_CHECK_((a) - (b) <= (most) && (b) - (a) <= (most), #a " is nearly " #b)
#define ADD_FAILURE() TEST_CHECK_(false, "failure")
#define ASSERT_TRUE(x) TEST_ASSERT_(x, #x)
#define ASSERT_FALSE(x) TEST_ASSERT_(!(x), "not " #x)
#define ASSERT_EQ(a, b) TEST_ASSERT_((a) == (b), #a " is " #b)
#define ASSERT_NE(a, b) TEST_ASSERT_((a) != (b), #a " is not " #b)
#define ASSERT_LT(a, b) TEST_ASSERT_((a) < (b), #a " is less than " #b)
