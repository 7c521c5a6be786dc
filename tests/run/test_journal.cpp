#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/run/journal.h"
#include "tests/run/file_size_limit.h"
#include "tests/run/temporary_directory.h"

namespace radlads::run {
namespace {

using nlohmann::json;

class Journal : public test::TemporaryDirectory {
protected:
    fs::path file() const { return directory() / "events.ndjson"; }
    static std::vector<json> all(const fs::path& path, size_t atOnce = 1000) {
        JournalReader reader(path);
        std::vector<json> result;
        for (;;) {
            auto events = reader.next(atOnce);
            EXPECT_TRUE(events) << (events ? "" : events.error().message);
            if (!events || events->empty()) return result;
            EXPECT_LE(events->size(), atOnce);
            for (json& event : *events) result.push_back(std::move(event));
        }
    }
    void write(int count) const {
        auto writer = JournalWriter::open(file());
        ASSERT_TRUE(writer) << writer.error().message;
        for (int i = 0; i < count; ++i) ASSERT_TRUE(writer->append("metrics", {{"update", i}}));
    }
};

TEST_F(Journal, WhatIsWrittenIsRead) {
    auto writer = JournalWriter::open(file());
    ASSERT_TRUE(writer) << writer.error().message;
    EXPECT_EQ(writer->lastSequence(), 0U);
    ASSERT_TRUE(writer->append("run.started", {{"pid", 3}, {"seq", 99}, {"event", "x"}}));
    ASSERT_TRUE(
        writer->append("metrics", {{"loss", std::nan("")}, {"list", {1.5, std::numeric_limits<double>::infinity()}}}));
    ASSERT_TRUE(writer->append("log", nullptr));
    ASSERT_TRUE(writer->sync());
    EXPECT_EQ(writer->lastSequence(), 3U);
    const auto events = all(file());
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0]["seq"], 1);
    EXPECT_EQ(events[0]["event"], "run.started");
    EXPECT_EQ(events[0]["pid"], 3);
    EXPECT_EQ(events[1]["loss"], "nan");
    EXPECT_EQ(events[1]["list"], json({1.5, "inf"}));
    EXPECT_EQ(events[2].size(), 3U);
    EXPECT_TRUE(bytesOf(file()).starts_with("{\"seq\":1,\"time\":\"20"));
}

TEST_F(Journal, TornAtEveryByteItGoesOnWithoutHole) {
    write(3);
    const std::string whole = bytesOf(file());
    for (size_t length = 0; length <= whole.size(); ++length) {
        put(file(), whole.substr(0, length));
        const size_t lines =
            static_cast<size_t>(std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length), '\n'));
        EXPECT_EQ(all(file()).size(), lines) << length;
        auto writer = JournalWriter::open(file());
        ASSERT_TRUE(writer) << length;
        EXPECT_EQ(writer->lastSequence(), lines) << length;
        ASSERT_TRUE(writer->append("log", json::object()));
        const auto events = all(file());
        ASSERT_EQ(events.size(), lines + 1) << length;
        for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i]["seq"], i + 1);
        EXPECT_TRUE(bytesOf(file()).starts_with(whole.substr(0, whole.find('\n') < length ? whole.find('\n') + 1 : 0)));
    }
}

TEST_F(Journal, SequenceGoesOnAfterDamagedLines) {
    write(5);
    std::string text = bytesOf(file());
    text += "not json\n\n[1]\n{\"seq\":-3}\n{\"seq\":18446744073709551615}\n{\"seq\":\"7\"}\n" +
            std::string(200000, '\0') + "\n{\"se";
    put(file(), text);
    auto writer = JournalWriter::open(file());
    ASSERT_TRUE(writer);
    EXPECT_EQ(writer->lastSequence(), 5U);
    ASSERT_TRUE(writer->append("log", json::object()));
    EXPECT_EQ(all(file()).back()["seq"], 6);
}

TEST_F(Journal, AFullDiskCutsBackAndTheSameLineMayBeTriedAgain) {
    auto writer = JournalWriter::open(file());
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->append("a", json::object()));
    const std::string before = bytesOf(file());
    {
        const test::FileSizeLimit limit(before.size() + 20);  // a part of the line fits
        const Status appended = writer->append("metrics", {{"loss", 1.5}});
        ASSERT_FALSE(appended);
        EXPECT_EQ(appended.error().code, ErrorCode::NoSpace);
        EXPECT_EQ(bytesOf(file()), before);
        EXPECT_EQ(writer->lastSequence(), 1U);
    }
    ASSERT_TRUE(writer->append("metrics", {{"loss", 1.5}}));
    const auto events = all(file());
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[1]["seq"], 2);
}

TEST_F(Journal, LinesThatReadersSkipAreNotWritten) {
    auto writer = JournalWriter::open(file());
    ASSERT_TRUE(writer);
    EXPECT_EQ(writer->append("log", {{"message", std::string(1 << 20, 'x')}}).error().code, ErrorCode::InvalidInput);
    EXPECT_FALSE(writer->append("log", json::array({1})));
    EXPECT_EQ(bytesOf(file()), "");
    ASSERT_TRUE(writer->append("log", {{"message", std::string((1 << 20) - 200, 'x')}}));
    EXPECT_EQ(all(file()).size(), 1U);
}

TEST_F(Journal, ReaderFollowsAFileThatGrows) {
    JournalReader reader(file());
    EXPECT_TRUE(reader.next().value().empty()) << "no file yet";
    put(file(), "{\"seq\":1}\n{\"se");
    EXPECT_EQ(reader.next().value().size(), 1U);
    EXPECT_TRUE(reader.next().value().empty()) << "half a line is none";
    put(file(), "{\"seq\":1}\n{\"seq\":2}\n{\"seq\":3}\n");
    EXPECT_EQ(reader.next(1).value().at(0)["seq"], 2);
    JournalReader second(file(), reader.offset());
    EXPECT_EQ(second.next().value().at(0)["seq"], 3) << "an offset is all that there is to remember";
    EXPECT_EQ(reader.next().value().at(0)["seq"], 3);
    put(file(), "{}\n");
    EXPECT_EQ(reader.next().error().code, ErrorCode::InvalidInput) << "another file";
}

TEST_F(Journal, ReaderSkipsAndCountsWhatIsNoEvent) {
    const std::string longLine = "{\"a\":\"" + std::string(3 << 20, 'x') + "\"}\n";
    const std::string deep = "{\"a\":" + std::string(200000, '[') + std::string(200000, ']') + "}\n";
    const std::string exact = "{\"a\":\"" + std::string((1 << 20) - 9, 'y') + "\"}\n";  // 1 MiB with the newline
    ASSERT_EQ(exact.size(), 1U << 20);
    put(file(), "{\"seq\":1}\nnot json\n[]\n3\n\n" + longLine + deep + exact + "{\"seq\":2}\n" + longLine);
    JournalReader reader(file());
    std::vector<json> events;
    for (;;) {
        auto next = reader.next();
        ASSERT_TRUE(next);
        if (next->empty()) break;
        for (json& event : *next) events.push_back(std::move(event));
    }
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[1]["a"].get<std::string>().size(), (1U << 20) - 9);
    EXPECT_EQ(events[2]["seq"], 2);
    EXPECT_EQ(reader.skippedLines(), 7U);
    EXPECT_EQ(reader.offset(), fs::file_size(file()));
}

TEST_F(Journal, AnUnfinishedLongLineIsSkippedWhenItEnds) {
    put(file(), "{\"seq\":1}\n" + std::string(2 << 20, 'z'));
    JournalReader reader(file());
    EXPECT_EQ(reader.next().value().size(), 1U);
    EXPECT_TRUE(reader.next().value().empty());
    EXPECT_EQ(reader.offset(), 10U);
    std::ofstream(file(), std::ios::app) << "{\"seq\":2}\n{\"seq\":3}\n";
    const auto events = reader.next().value();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0]["seq"], 3);
    EXPECT_EQ(reader.skippedLines(), 1U);
}

TEST_F(Journal, ReadingInPiecesIsReadingAtOnce) {
    write(3000);
    EXPECT_EQ(all(file(), 1), all(file(), 1000));
    EXPECT_EQ(all(file(), 7).size(), 3000U);
}

TEST_F(Journal, NoLineIsWrittenThroughALinkOrIntoAPipe) {
    put(directory() / "precious", "x");
    fs::create_symlink(directory() / "precious", file());
    EXPECT_EQ(JournalWriter::open(file()).error().message,
              file().string() + " is a symbolic link; put the file itself there");
    EXPECT_EQ(bytesOf(directory() / "precious"), "x");
    ASSERT_EQ(::mkfifo((directory() / "pipe").c_str(), 0600), 0);
    EXPECT_FALSE(JournalWriter::open(directory() / "pipe"));
    EXPECT_FALSE(JournalReader(directory() / "pipe").next());
    EXPECT_FALSE(JournalWriter::open(directory() / "no" / "events.ndjson"));
}

TEST_F(Journal, CommandsAreNumbered) {
    ASSERT_TRUE(appendCommand(directory(), "pause", json::object()));
    std::ofstream(directory() / "commands.ndjson", std::ios::app) << "{\"id\":2,\"comm";  // torn
    ASSERT_TRUE(appendCommand(directory(), "set", {{"key", "value"}, {"id", 9}}));
    const auto commands = all(directory() / "commands.ndjson");
    ASSERT_EQ(commands.size(), 2U);
    EXPECT_EQ(commands[0]["id"], 1);
    EXPECT_EQ(commands[0]["command"], "pause");
    EXPECT_EQ(commands[1]["id"], 2);
    EXPECT_EQ(commands[1]["key"], "value");
}

TEST_F(Journal, CommandsOfManyProcessesGetDifferentNumbers) {
    constexpr int kProcesses = 4, kCommands = 25;
    std::vector<pid_t> children;
    for (int process = 0; process < kProcesses; ++process) {
        const pid_t child = ::fork();
        if (child == 0) {
            bool good = true;
            for (int i = 0; i < kCommands; ++i)
                good = good && appendCommand(directory(), "checkpoint", {{"process", process}});
            ::_exit(good ? 0 : 1);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    const auto commands = all(directory() / "commands.ndjson");
    ASSERT_EQ(commands.size(), static_cast<size_t>(kProcesses * kCommands));
    for (size_t i = 0; i < commands.size(); ++i) EXPECT_EQ(commands[i]["id"], i + 1);
}

// A writer that is killed at any moment leaves a journal that the next one continues.
TEST_F(Journal, SurvivesSigkill) {
    uint64_t last = 0;
    for (int round = 0; round < 5; ++round) {
        int started[2];
        ASSERT_EQ(::pipe(started), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            auto writer = JournalWriter::open(file());
            for (int i = 0; writer && writer->append("metrics", {{"payload", std::string(2000, 'x')}}); ++i)
                if (i == 20 && ::write(started[1], "x", 1) != 1) break;
            ::_exit(1);
        }
        char byte = 0;
        ASSERT_EQ(::read(started[0], &byte, 1), 1);
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
        ::close(started[0]);
        ::close(started[1]);
        auto writer = JournalWriter::open(file());
        ASSERT_TRUE(writer);
        EXPECT_GT(writer->lastSequence(), last);
        last = writer->lastSequence();
        const auto events = all(file());
        ASSERT_EQ(events.size(), last);
        EXPECT_EQ(events.back()["seq"], last);
    }
}

}  // namespace
}  // namespace radlads::run
