// The command line of one command: a table of options that serves parsing, `--help` and the messages for mistakes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::server {

enum class Takes { Nothing, One, Many };  // Many: every argument up to the next option; may be given again

struct Option {
    const char* name;  // "--follow"
    char letter;       // 'f', or 0
    Takes takes;
    const char* value;  // how the value is called in the help: "DIR"
    const char* help;
};

struct Usage {
    const char* command;                   // "tail", "plan new"
    std::vector<const char*> positionals;  // {"RUN"}: each is required
    const char* summary;                   // one sentence
    std::vector<Option> options;           // without --help, which every command has
    const char* notes = "";                // more text for the help, whole lines
};

class Arguments {
public:
    bool has(const std::string& option) const { return m_values.count(option) > 0; }
    // The last value given, if any.
    std::optional<std::string> value(const std::string& option) const;
    std::vector<std::string> values(const std::string& option) const;
    const std::string& positional(size_t index) const { return m_positionals.at(index); }
    bool wantsHelp() const { return has("--help"); }

private:
    friend Result<Arguments> parseArguments(const Usage& usage, const std::vector<std::string>& words);
    std::map<std::string, std::vector<std::string>> m_values;
    std::vector<std::string> m_positionals;
};

// words: what follows the command. A mistake is InvalidInput: one sentence that ends in "see `radlads-engine CMD
// --help`".
Result<Arguments> parseArguments(const Usage& usage, const std::vector<std::string>& words);
std::string helpText(const Usage& usage);

// Options that several commands share.
inline constexpr Option kJsonOption{"--json", 0, Takes::Nothing, "", "print JSON on the standard output"};
inline constexpr Option kRunsOption{"--runs", 0, Takes::One, "DIR",
                                    "where runs are kept (default: $RADLADS_RUNS or ~/.local/share/radlads/runs)"};

}  // namespace radlads::server
