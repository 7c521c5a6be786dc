#include "engine/server/run_labels.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/protocol/text.h"
#include "engine/run/files.h"

namespace radlads::server {
namespace {

using nlohmann::json;

std::string textAt(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool hasControlCharacters(const std::string& text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

}  // namespace

RunLabels readLabels(const fs::path& runDirectory) {
    RunLabels labels;
    const auto text = run::readFile(runDirectory / "labels.json", 1 << 20);
    if (!text) return labels;
    const auto document = protocol::parseJson(*text, "labels.json", 1 << 20, 8);
    if (!document || !document->is_object()) return labels;
    labels.name = textAt(*document, "name");
    labels.notes = textAt(*document, "notes");
    labels.startKey = textAt(*document, "start_key");
    labels.pending = textAt(*document, "pending");
    if (const auto tags = document->find("tags"); tags != document->end() && tags->is_array())
        for (const json& tag : *tags)
            if (tag.is_string()) labels.tags.push_back(tag.get<std::string>());
    return labels;
}

Status writeLabels(const fs::path& runDirectory, const RunLabels& labels) {
    nlohmann::ordered_json document = {{"schema", "radlads.labels/1"},
                                       {"name", labels.name},
                                       {"tags", labels.tags},
                                       {"notes", labels.notes},
                                       {"start_key", labels.startKey}};
    if (!labels.pending.empty()) document["pending"] = labels.pending;
    return run::writeFileAtomically(runDirectory / "labels.json",
                                    document.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

Status checkName(const std::string& name) {
    if (name.empty()) return invalidInput("the name is empty; give at least one character");
    if (name.size() > kMaxNameBytes)
        return invalidInput("the name has {} bytes; at most {} are kept", name.size(), kMaxNameBytes);
    if (hasControlCharacters(name)) return invalidInput("the name holds a control character; a name is one line");
    return {};
}

Status checkNotes(const std::string& notes) {
    if (notes.size() <= kMaxNotesBytes) return {};
    return invalidInput("the notes have {} bytes; at most {} are kept", notes.size(), kMaxNotesBytes);
}

Status checkTags(const std::vector<std::string>& tags) {
    if (tags.size() > kMaxTags) return invalidInput("{} tags are too many; at most {} are kept", tags.size(), kMaxTags);
    for (const std::string& tag : tags)
        if (tag.empty() || tag.size() > kMaxTagBytes || hasControlCharacters(tag))
            return invalidInput("the tag {} must have 1 to {} bytes on one line", protocol::quote(tag), kMaxTagBytes);
    return {};
}

}  // namespace radlads::server
