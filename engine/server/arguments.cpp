#include "engine/server/arguments.h"

#include <algorithm>

#include "engine/protocol/text.h"

namespace radlads::server {
namespace {

constexpr Option kHelpOption{"--help", 'h', Takes::Nothing, "", "print this text"};

tl::unexpected<Error> mistake(const Usage& usage, const std::string& sentence) {
    return invalidInput("{}; see `radlads-engine {} --help`", sentence, usage.command);
}

std::vector<Option> allOptions(const Usage& usage) {
    std::vector<Option> options = usage.options;
    options.push_back(kHelpOption);
    return options;
}

const Option* findOption(const std::vector<Option>& options, const std::string& name) {
    const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
        return name == option.name || (option.letter != 0 && name == std::string{'-', option.letter});
    });
    return found == options.end() ? nullptr : &*found;
}

bool looksLikeOption(const std::string& word) {
    return word.size() > 1 && word[0] == '-';
}

}  // namespace

std::optional<std::string> Arguments::value(const std::string& option) const {
    const auto found = m_values.find(option);
    if (found == m_values.end() || found->second.empty()) return std::nullopt;
    return found->second.back();
}

std::vector<std::string> Arguments::values(const std::string& option) const {
    const auto found = m_values.find(option);
    return found == m_values.end() ? std::vector<std::string>() : found->second;
}

Result<Arguments> parseArguments(const Usage& usage, const std::vector<std::string>& words) {
    const std::vector<Option> options = allOptions(usage);
    Arguments arguments;
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "--") {
            arguments.m_positionals.insert(arguments.m_positionals.end(),
                                           words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
            break;
        }
        if (!looksLikeOption(word)) {
            arguments.m_positionals.push_back(word);
            continue;
        }
        const auto equals = word.starts_with("--") ? word.find('=') : std::string::npos;
        const std::string name = word.substr(0, equals);
        const Option* option = findOption(options, name);
        if (!option) {
            std::vector<std::string> names;
            for (const Option& known : options) names.emplace_back(known.name);
            const auto hint = protocol::nearest(name, names);
            return mistake(usage, fmt::format("there is no option {}{}", protocol::quote(name),
                                              hint ? " (did you mean " + *hint + "?)" : ""));
        }
        std::vector<std::string>& values = arguments.m_values[option->name];
        if (equals != std::string::npos && option->takes == Takes::Nothing)
            return mistake(usage, fmt::format("{} takes no value", option->name));
        if (equals != std::string::npos) values.push_back(word.substr(equals + 1));
        if (equals != std::string::npos || option->takes == Takes::Nothing) continue;
        const size_t before = values.size();
        while (i + 1 < words.size() && !looksLikeOption(words[i + 1])) {
            values.push_back(words[++i]);
            if (option->takes == Takes::One) break;
        }
        if (values.size() == before)
            return mistake(usage, fmt::format("{} needs a value: {}", option->name, option->value));
    }
    if (arguments.wantsHelp()) return arguments;
    if (arguments.m_positionals.size() < usage.positionals.size())
        return mistake(usage, fmt::format("{} is missing", usage.positionals[arguments.m_positionals.size()]));
    if (arguments.m_positionals.size() > usage.positionals.size())
        return mistake(usage, fmt::format("{} is one argument too many",
                                          protocol::quote(arguments.m_positionals[usage.positionals.size()])));
    return arguments;
}

std::string helpText(const Usage& usage) {
    std::string text = fmt::format("Usage: radlads-engine {}", usage.command);
    for (const char* positional : usage.positionals) text += fmt::format(" {}", positional);
    text += fmt::format(" [options]\n\n{}\n\nOptions:\n", usage.summary);
    for (const Option& option : allOptions(usage)) {
        std::string left = option.letter != 0 ? fmt::format("-{}, {}", option.letter, option.name)
                                              : fmt::format("    {}", option.name);
        if (option.takes != Takes::Nothing)
            left += fmt::format(" {}{}", option.value, option.takes == Takes::Many ? "..." : "");
        text += fmt::format("  {:<28} {}\n", left, option.help);
    }
    if (*usage.notes) text += fmt::format("\n{}", usage.notes);
    return text;
}

}  // namespace radlads::server
