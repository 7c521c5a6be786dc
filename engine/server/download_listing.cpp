// The hub's list of a model's files, from a source that is not trusted.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/protocol/text.h"
#include "engine/server/download_hub.h"

namespace radlads::server {
namespace {

using nlohmann::json;

constexpr size_t kListingDepth = 32, kIndexDepth = 8, kMostEntries = 20000, kMostFiles = 2000, kLongestPath = 1024,
                 kLongestName = 200;
constexpr int64_t kLargestFile = int64_t{1} << 40, kLargestModel = int64_t{1} << 43;  // 1 TiB, 8 TiB

constexpr std::array kPlainFiles{"config.json",
                                 "generation_config.json",
                                 "tokenizer.json",
                                 "tokenizer_config.json",
                                 "special_tokens_map.json",
                                 "added_tokens.json",
                                 "vocab.json",
                                 "merges.txt",
                                 "chat_template.jinja",
                                 "README.md",
                                 kIndexName};

bool isSafePath(const std::string& path) {
    if (path.empty() || path.size() > kLongestPath || path.front() == '/' || path.find('\\') != path.npos) return false;
    if (std::any_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }))
        return false;
    for (size_t start = 0; start <= path.size();) {
        const size_t end = std::min(path.find('/', start), path.size());
        const std::string part = path.substr(start, end - start);
        if (part.empty() || part == "." || part == "..") return false;
        start = end + 1;
    }
    return true;
}

bool isLicence(const std::string& name) {
    std::string upper = name;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    const bool isText = upper.ends_with("LICENSE") || upper.ends_with(".TXT") || upper.ends_with(".MD");
    return (upper.starts_with("LICENSE") || upper.starts_with("LICENCE") || upper == "NOTICE" ||
            upper == "NOTICE.TXT") &&
           (isText || upper.find('.') == upper.npos);
}

bool isWanted(const std::string& name) {
    return std::find(kPlainFiles.begin(), kPlainFiles.end(), name) != kPlainFiles.end() || isWeights(name) ||
           isLicence(name);
}

Result<std::optional<int64_t>> sizeOf(const json& entry, const std::string& name) {
    const auto found = entry.find("size");
    if (found == entry.end() || found->is_null()) return std::nullopt;
    if (!found->is_number_unsigned() || found->get<uint64_t>() > static_cast<uint64_t>(kLargestFile))
        return invalidInput("the hub's list gives {} a size that cannot be", protocol::quote(name));
    return found->get<int64_t>();
}

Checksum checksumOf(const json& entry) {
    if (const auto lfs = entry.find("lfs"); lfs != entry.end() && lfs->is_object())
        if (const auto hash = lfs->find("sha256"); hash != lfs->end() && hash->is_string())
            return checksumFrom(hash->get_ref<const std::string&>());
    const auto blob = entry.find("blobId");
    // The blob of a large file is git's pointer to it, not the file.
    const bool isPointer = entry.contains("lfs") && !entry["lfs"].is_null();
    if (!isPointer && blob != entry.end() && blob->is_string())
        return checksumFrom(blob->get_ref<const std::string&>());
    return {};
}

int rank(const std::string& name) {
    return name == kIndexName ? 0 : isWeights(name) ? 2 : 1;
}

}  // namespace

bool isWeights(const std::string& fileName) {
    return fileName.ends_with(".safetensors");
}

Result<HubListing> parseListing(const std::string& text, const ModelName& name) {
    const std::string where = "the hub's list of " + name.text();
    RADLADS_TRY_ASSIGN(const json document,
                       protocol::parseJson(text, where, static_cast<size_t>(kLargestListing), kListingDepth));
    HubListing listing;
    const auto commit = document.find("sha");
    if (!document.is_object() || commit == document.end() || !commit->is_string() ||
        checksumFrom(commit->get_ref<const std::string&>()).kind != ChecksumKind::GitBlob)
        return invalidInput("{} names no commit; is this the address of a hub?", where);
    listing.commit = checksumFrom(commit->get_ref<const std::string&>()).hex;
    const auto siblings = document.find("siblings");
    if (siblings == document.end() || !siblings->is_array() || siblings->size() > kMostEntries)
        return invalidInput("{} has no list of files, or one of more than {}", where, kMostEntries);
    std::set<std::string> seen;
    for (const json& entry : *siblings) {
        const auto path = entry.is_object() ? entry.find("rfilename") : entry.end();
        if (path == entry.end() || !path->is_string() || !isSafePath(path->get_ref<const std::string&>()))
            return invalidInput(
                "{} has a file name that is not allowed: {}", where,
                path != entry.end() && path->is_string() ? protocol::quote(path->get<std::string>()) : "not a text");
        const std::string file = path->get<std::string>();
        if (file.find('/') != file.npos) continue;
        if (!seen.insert(file).second) return invalidInput("{} has {} twice", where, protocol::quote(file));
        if (file.size() > kLongestName) {
            if (!isWanted(file)) continue;
            return invalidInput("{} has a file name of more than {} bytes", where, kLongestName);
        }
        RADLADS_TRY_ASSIGN(const auto size, sizeOf(entry, file));
        listing.files.push_back({file, size, checksumOf(entry)});
    }
    return listing;
}

Result<std::vector<HubFile>> wantedFiles(const HubListing& listing, const ModelName& name) {
    const auto has = [&](const char* file) {
        return std::any_of(listing.files.begin(), listing.files.end(),
                           [&](const HubFile& entry) { return entry.name == file; });
    };
    const bool isOneFile = has("model.safetensors") && !has(kIndexName);
    std::vector<HubFile> files;
    for (const HubFile& file : listing.files)
        if (isWanted(file.name) && !(isOneFile && isWeights(file.name) && file.name != "model.safetensors"))
            files.push_back(file);
    std::stable_sort(files.begin(), files.end(),
                     [](const HubFile& a, const HubFile& b) { return rank(a.name) < rank(b.name); });
    if (files.empty() || !isWeights(files.back().name))
        return invalidInput(
            "{} has no weights in safetensors files, and pickled weights (.bin, .pt) are not read because they can run "
            "code; look for a version of the model with safetensors",
            name.text());
    if (!has("config.json"))
        return invalidInput("{} has no config.json, so it is no model that can be read here", name.text());
    if (files.size() > kMostFiles)
        return invalidInput("{} has {} files; at most {} are fetched", name.text(), files.size(), kMostFiles);
    int64_t total = 0;
    for (const HubFile& file : files) total += file.size.value_or(0);
    if (total > kLargestModel) return invalidInput("{} claims to have {} bytes, which cannot be", name.text(), total);
    return files;
}

Result<std::vector<HubFile>> filesOfIndex(const std::vector<HubFile>& files, const std::string& index) {
    RADLADS_TRY_ASSIGN(const json document,
                       protocol::parseJson(index, kIndexName, static_cast<size_t>(kLargestIndex), kIndexDepth));
    const auto map = document.find("weight_map");
    if (!document.is_object() || map == document.end() || !map->is_object() || map->empty())
        return invalidInput("{} has no weight_map, so the weights cannot be found", kIndexName);
    std::set<std::string> named;
    for (const json& shard : *map) {
        if (!shard.is_string()) return invalidInput("{} names a file that is not a text", kIndexName);
        named.insert(shard.get<std::string>());
    }
    std::vector<HubFile> kept;
    for (const HubFile& file : files)
        if (!isWeights(file.name) || named.erase(file.name) > 0) kept.push_back(file);
    if (!named.empty())
        return invalidInput("{} names {}, which the hub does not have; choose another revision", kIndexName,
                            protocol::quote(*named.begin()));
    return kept;
}

}  // namespace radlads::server
