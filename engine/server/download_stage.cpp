#include "engine/server/download_stage.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "engine/protocol/text.h"
#include "engine/run/files.h"

namespace radlads::server {
namespace {

using nlohmann::json;

constexpr uint64_t kLargestState = uint64_t{4} << 20;
constexpr const char* kRecordName = ".radlads-download.json";

std::optional<json> readJson(const fs::path& file) {
    const auto text = run::readFile(file, kLargestState);
    if (!text) return std::nullopt;
    auto document = protocol::parseJson(*text, file.string(), kLargestState, 8);
    if (!document || !document->is_object()) return std::nullopt;
    return std::move(*document);
}

std::string textAt(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<int64_t> sizeAt(const json& object) {
    const auto found = object.find("size_bytes");
    if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<int64_t>();
}

int64_t sizeOf(const fs::path& file) {
    std::error_code error;
    const auto size = fs::is_regular_file(fs::symlink_status(file, error)) ? fs::file_size(file, error) : 0;
    return error ? 0 : static_cast<int64_t>(size);
}

Status makeDirectory(const fs::path& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return systemError("making the directory " + directory.string(), error.value());
    return {};
}

}  // namespace

std::optional<DownloadRecord> readDownloadRecord(const fs::path& modelDirectory) {
    const auto document = readJson(modelDirectory / kRecordName);
    if (!document) return std::nullopt;
    DownloadRecord record{textAt(*document, "name"), textAt(*document, "revision"), textAt(*document, "commit"), {}};
    const auto files = document->find("files");
    if (files == document->end() || !files->is_array() || files->empty()) return std::nullopt;
    for (const json& entry : *files) {
        if (!entry.is_object()) return std::nullopt;
        HubFile file{textAt(entry, "name"), sizeAt(entry), checksumFrom(textAt(entry, "checksum"))};
        if (file.name.empty() || !file.size || sizeOf(modelDirectory / file.name) != *file.size) return std::nullopt;
        record.files.push_back(std::move(file));
    }
    return record;
}

bool isSameModel(const DownloadRecord& record, const HubListing& listing) {
    if (record.commit == listing.commit) return true;
    return std::all_of(record.files.begin(), record.files.end(), [&](const HubFile& recorded) {
        if (recorded.name == "README.md") return true;
        return std::any_of(listing.files.begin(), listing.files.end(), [&](const HubFile& file) {
            return file.name == recorded.name && recorded.checksum.kind != ChecksumKind::None &&
                   file.checksum == recorded.checksum;
        });
    });
}

Result<DownloadStage> DownloadStage::open(const fs::path& target) {
    const fs::path directory = target.parent_path() / ("." + target.filename().string() + ".download");
    for (int attempt = 0;; ++attempt) {
        RADLADS_TRY(makeDirectory(directory));
        auto lock = run::RunLock::acquire(directory);
        // Its holder has just finished and removed it.
        if (!lock && lock.error().code == ErrorCode::InvalidInput && attempt < 10) continue;
        if (!lock && lock.error().code == ErrorCode::Busy)
            return tl::unexpected(
                Error{ErrorCode::Busy, fmt::format("{} is being downloaded by another process already; "
                                                   "wait for it or stop it",
                                                   target.string())});
        if (!lock) return tl::unexpected(lock.error());
        DownloadStage stage(directory, std::move(*lock));
        RADLADS_TRY(makeDirectory(stage.files()));
        stage.readState();
        return stage;
    }
}

void DownloadStage::readState() {
    const auto document = readJson(m_directory / "state.json");
    if (document) m_commit = textAt(*document, "commit");
    if (!document || !document->contains("files") || !(*document)["files"].is_object()) return;
    for (const auto& [name, value] : (*document)["files"].items()) {
        if (!value.is_object() || !sizeAt(value)) continue;
        const auto done = value.find("done");
        m_entries[name] = {{textAt(value, "etag"), checksumFrom(textAt(value, "checksum")), *sizeAt(value)},
                           done != value.end() && done->is_boolean() && done->get<bool>()};
    }
}

Status DownloadStage::writeState() const {
    json files = json::object();
    for (const auto& [name, entry] : m_entries)
        files[name] = {{"etag", entry.part.etag},
                       {"checksum", entry.part.checksum.hex},
                       {"size_bytes", entry.part.size},
                       {"done", entry.isDone}};
    return run::writeFileAtomically(
        m_directory / "state.json",
        json{{"commit", m_commit}, {"files", files}}.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

// The rename to the final name comes after the checksum and before the record: a file that the record knows as a part
// and that is there under its final name is whole.
bool DownloadStage::isDone(const HubFile& file) const {
    const auto found = m_entries.find(file.name);
    if (found == m_entries.end() || found->second.part.checksum.kind == ChecksumKind::None) return false;
    if (file.checksum.kind != ChecksumKind::None && file.checksum != found->second.part.checksum) return false;
    if (file.checksum.kind == ChecksumKind::None && !found->second.isDone) return false;
    std::error_code ignored;
    return fs::is_regular_file(fs::symlink_status(filePath(file.name), ignored)) &&
           sizeOf(filePath(file.name)) == found->second.part.size;
}

std::optional<PartRecord> DownloadStage::partRecord(const std::string& name) const {
    const auto found = m_entries.find(name);
    if (found == m_entries.end()) return std::nullopt;
    return found->second.part;
}

int64_t DownloadStage::partBytes(const std::string& name) const {
    return sizeOf(filePath(name + ".part"));
}

void DownloadStage::setCommit(const std::string& commit) {
    if (commit == m_commit) return;
    m_commit = commit;
    for (auto& [name, entry] : m_entries) entry.isDone = false;
}

// An older content under the final name must go first: with the new record it would count as whole.
Status DownloadStage::setPart(const std::string& name, const PartRecord& record) {
    std::error_code error;
    fs::remove(filePath(name), error);
    if (error) return systemError("clearing " + filePath(name).string(), error.value());
    m_entries[name] = {record, false};
    return writeState();
}

Status DownloadStage::setDone(const HubFile& file) {
    Entry& entry = m_entries[file.name];
    entry.part.checksum = file.checksum;
    entry.part.size = file.size.value_or(0);
    entry.isDone = true;
    return writeState();
}

Status DownloadStage::keepOnly(const std::vector<HubFile>& wanted) {
    const auto isWanted = [&](const std::string& name) {
        return std::any_of(wanted.begin(), wanted.end(),
                           [&](const HubFile& file) { return name == file.name || name == file.name + ".part"; });
    };
    std::error_code error;
    std::vector<fs::path> strange;
    for (const auto& entry : fs::directory_iterator(files(), error))
        if (!isWanted(entry.path().filename().string())) strange.push_back(entry.path());
    for (const fs::path& path : strange)
        if (!error) fs::remove_all(path, error);
    if (error) return systemError("clearing " + files().string(), error.value());
    std::erase_if(m_entries, [&](const auto& entry) { return !isWanted(entry.first); });
    return {};
}

Status DownloadStage::publish(const fs::path& target, const DownloadRecord& record) {
    json list = json::array();
    for (const HubFile& file : record.files)
        list.push_back({{"name", file.name}, {"size_bytes", file.size.value_or(0)}, {"checksum", file.checksum.hex}});
    const json document{
        {"name", record.name}, {"revision", record.revision}, {"commit", record.commit}, {"files", list}};
    std::error_code ignored;
    for (const HubFile& file : record.files) fs::remove(filePath(file.name + ".part"), ignored);
    RADLADS_TRY(run::writeFileAtomically(files() / kRecordName,
                                         document.dump(2, ' ', false, json::error_handler_t::replace) + "\n"));
    if (::rename(files().c_str(), target.c_str()) != 0) {
        if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
            return invalidInput("{} is there already and is not this model; choose another directory", target.string());
        return systemError("naming the model " + target.string(), errno);
    }
    (void)run::syncDirectory(target.parent_path());
    discard();
    return {};
}

void DownloadStage::discard() {
    std::error_code ignored;
    fs::remove_all(m_directory, ignored);
}

}  // namespace radlads::server
