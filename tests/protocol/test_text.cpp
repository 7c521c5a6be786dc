#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "engine/protocol/result.h"
#include "engine/protocol/text.h"

namespace radlads::protocol {
namespace {

TEST(Result, ExitCodesFollowTheKindOfError) {
    EXPECT_EQ(exitCode(ErrorCode::InvalidInput), 2);
    EXPECT_EQ(exitCode(ErrorCode::Failed), 1);
    EXPECT_EQ(exitCode(ErrorCode::NoSpace), 1);
    EXPECT_EQ(exitCode(ErrorCode::Busy), 1);
    EXPECT_EQ(exitCode(ErrorCode::Interrupted), 130);
}

TEST(Result, FullDisksAreToldFromOtherFaults) {
    for (const int number : {ENOSPC, EDQUOT, EFBIG})
        EXPECT_EQ(systemError("writing f", number).value().code, ErrorCode::NoSpace);
    EXPECT_EQ(systemError("writing f", EACCES).value().code, ErrorCode::Failed);
    EXPECT_EQ(systemError("writing f", ENOSPC).value().message,
              "writing f failed: No space left on device; free some space and try again");
    EXPECT_EQ(systemError("writing f", EIO).value().message, "writing f failed: Input/output error");
}

TEST(Nearest, NamesTheMeantWordOrNothing) {
    const std::vector<std::string> words{"initial", "final", "schedule", "wait"};
    EXPECT_EQ(nearest("intial", words), "initial");
    EXPECT_EQ(nearest("finall", words), "final");
    EXPECT_EQ(nearest("scheduel", words), "schedule");
    EXPECT_EQ(nearest("momentum", words), std::nullopt);
    EXPECT_EQ(nearest("", words), std::nullopt);
    EXPECT_EQ(nearest(std::string(100000, 'a'), words), std::nullopt);
}

TEST(Quote, StaysOnOneLineAndWhole) {
    EXPECT_EQ(quote("a\nb\x1b[0m"), "\"a?b?[0m\"");
    EXPECT_EQ(quote(std::string(60, 'x')), "\"" + std::string(60, 'x') + "\"");
    EXPECT_EQ(quote(std::string(61, 'x')), "\"" + std::string(60, 'x') + "...\"");
    // A cut does not split the two bytes of a character.
    EXPECT_EQ(quote(std::string(59, 'x') + "\xc3\xa4z"), "\"" + std::string(59, 'x') + "...\"");
}

TEST(JsonDepth, CountsBracketsOutsideStrings) {
    EXPECT_TRUE(jsonDepthWithin("[[1],[2],{\"a\":[]}]", 3));
    EXPECT_FALSE(jsonDepthWithin("[[[[", 3));
    EXPECT_TRUE(jsonDepthWithin(R"({"a":"[[[[\"[[["})", 1));
    EXPECT_TRUE(jsonDepthWithin("]]]]]", 1));
}

TEST(ParseJson, NamesLineAndColumnOfAFault) {
    const auto fault = parseJson("{\n  \"a\": 1,\n  \"b\": nan\n}", "f.json", 1000, 8);
    ASSERT_FALSE(fault);
    EXPECT_EQ(fault.error().code, ErrorCode::InvalidInput);
    EXPECT_EQ(fault.error().message, "f.json: line 3, column 9: this is not valid JSON (invalid literal)");
}

TEST(ParseJson, RefusesWhatIsTooLongTooDeepDoubleOrBroken) {
    EXPECT_EQ(parseJson("[1, 2, 3]", "f", 4, 8).error().message, "f: 9 bytes are too many; at most 4 are read");
    EXPECT_EQ(parseJson(std::string(100000, '['), "f", 1 << 20, 32).error().message,
              "f: brackets are nested deeper than 32 levels");
    EXPECT_EQ(parseJson(R"({"a":{"b":1,"b":2}})", "f", 1000, 8).error().message,
              "f: the key \"b\" occurs twice in one object; remove one of them");
    for (const char* text : {"", "{", "{\"a\":}", "\xff\xfe", "{\"a\": \"\xff\"}", "1e999", "[1,]", "{} x", "// c\n{}"})
        EXPECT_FALSE(parseJson(text, "f", 1000, 8)) << text;
    EXPECT_TRUE(parseJson(R"([{"a":1},{"a":2}])", "f", 1000, 8));
}

}  // namespace
}  // namespace radlads::protocol
