#include "engine/data/source_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/data/source.h"

namespace radlads::data {
namespace {

namespace fs = std::filesystem;
using protocol::DataFormat;
using protocol::SourcePlan;

constexpr std::pair<const char*, DataFormat> kFormatEndings[] = {
    {".txt", DataFormat::Text},    {".text", DataFormat::Text},    {".md", DataFormat::Text},
    {".jsonl", DataFormat::Jsonl}, {".ndjson", DataFormat::Jsonl}, {".json", DataFormat::Jsonl},
    {".bin", DataFormat::Binidx},  {".idx", DataFormat::Binidx},
};
constexpr std::pair<const char*, Compression> kCompressionEndings[] = {
    {".gz", Compression::Gzip}, {".zst", Compression::Zstd}, {".zstd", Compression::Zstd}};
constexpr const char* kKnownEndings = ".txt, .text, .md, .jsonl, .ndjson or .json, each also with .gz or .zst";
constexpr int64_t kMostDemoDocuments = 1'000'000'000;

std::string lowerExtension(const fs::path& path) {
    std::string extension = path.extension().string();
    for (char& c : extension)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return extension;
}

template <class Value, size_t Count>
std::optional<Value> lookUp(const std::pair<const char*, Value> (&table)[Count], const std::string& ending) {
    for (const auto& [name, value] : table)
        if (ending == name) return value;
    return std::nullopt;
}

tl::unexpected<Error> unknownEnding(const fs::path& file) {
    const std::string ending = lowerExtension(file);
    if (ending == ".parquet" || ending == ".arrow")
        return invalidInput("{} is in a table format that is not read; convert it to .jsonl or .jsonl.zst",
                            file.string());
    return invalidInput("{} has an unknown ending; name it {}, or say in the plan's format what it is", file.string(),
                        kKnownEndings);
}

// Collects the files below a directory. Each real directory is entered once, so that links in a circle end.
class Collector {
public:
    explicit Collector(const SourcePlan& source) : m_source(source) {}

    Result<std::vector<fs::path>> collect() {
        std::vector<fs::path> pending{m_source.path};
        while (!pending.empty()) {
            const fs::path directory = std::move(pending.back());
            pending.pop_back();
            RADLADS_TRY_ASSIGN(const std::vector<fs::path> entries, sortedEntries(directory));
            for (const fs::path& entry : entries) RADLADS_TRY(visit(entry, pending));
        }
        std::sort(m_files.begin(), m_files.end());
        if (m_files.empty()) return nothingFound();
        return std::move(m_files);
    }

private:
    // Sorted, so that it does not depend on the file system by which of several links a directory is entered.
    Result<std::vector<fs::path>> sortedEntries(const fs::path& directory) {
        struct stat status {};
        if (::stat(directory.c_str(), &status) != 0)
            return systemError("reading the directory " + directory.string(), errno);
        std::vector<fs::path> entries;
        if (!m_entered.insert({status.st_dev, status.st_ino}).second) return entries;
        std::error_code error;
        for (fs::directory_iterator i(directory, error); !error && i != fs::directory_iterator(); i.increment(error))
            if (i->path().filename().native().front() != '.') entries.push_back(i->path());
        if (error) return systemError("reading the directory " + directory.string(), error.value());
        std::sort(entries.begin(), entries.end());
        return entries;
    }

    Status visit(const fs::path& entry, std::vector<fs::path>& pending) {
        std::error_code error;
        const fs::file_status status = fs::status(entry, error);
        if (fs::is_directory(status)) {
            pending.push_back(entry);
            return {};
        }
        if (lowerExtension(entry) == ".idx" && m_binidx.empty()) m_binidx = entry;
        const auto kind = fileKind(entry, DataFormat::Auto);
        if (!kind || (m_source.format != DataFormat::Auto && kind->format != m_source.format)) return {};
        if (status.type() == fs::file_type::not_found)
            return invalidInput("{} is a link to a file that does not exist; repair or remove it", entry.string());
        if (error) return systemError("reading " + entry.string(), error.value());
        if (fs::is_regular_file(status)) m_files.push_back(entry);
        return {};
    }

    tl::unexpected<Error> nothingFound() const {
        if (!m_binidx.empty())
            return invalidInput("the directory {} holds no text files; to use its tokens, name {}", m_source.path,
                                m_binidx.string());
        return invalidInput("the directory {} holds no file that ends in {}", m_source.path, kKnownEndings);
    }

    const SourcePlan& m_source;
    std::set<std::pair<dev_t, ino_t>> m_entered;
    std::vector<fs::path> m_files;
    fs::path m_binidx;
};

template <class Number>
bool parseNumber(std::string_view text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<FileKind> fileKind(const fs::path& file, DataFormat wanted) {
    const auto compression = lookUp(kCompressionEndings, lowerExtension(file));
    const auto byName = lookUp(kFormatEndings, lowerExtension(compression ? file.stem() : file));
    const bool isToken = byName == DataFormat::Binidx;
    const bool isDecided = wanted == DataFormat::Text || wanted == DataFormat::Jsonl;
    if (!isDecided && (!byName || isToken)) return std::nullopt;
    return FileKind{isDecided ? wanted : *byName, compression.value_or(Compression::None)};
}

Result<std::optional<DemoSource>> parseDemoSource(const std::string& path) {
    constexpr std::string_view kPrefix = "demo:";
    if (!path.starts_with(kPrefix)) return std::nullopt;
    const std::string_view rest = std::string_view(path).substr(kPrefix.size());
    const size_t colon = rest.find(':');
    DemoSource demo;
    if (colon == rest.npos || !parseNumber(rest.substr(0, colon), demo.seed) ||
        !parseNumber(rest.substr(colon + 1), demo.documents) || demo.documents < 1 ||
        demo.documents > kMostDemoDocuments)
        return invalidInput("the source {} is not demo:SEED:DOCUMENTS with two whole numbers, DOCUMENTS from 1 to {}",
                            path, kMostDemoDocuments);
    return demo;
}

Result<std::vector<fs::path>> sourceFiles(const SourcePlan& source) {
    RADLADS_TRY_ASSIGN(const std::optional<DemoSource> demo, parseDemoSource(source.path));
    if (demo) return std::vector<fs::path>{};
    if (source.path.empty())
        return invalidInput("a data source has an empty path; name a file, a directory or a binidx prefix");
    if (isBinidx(source)) return invalidInput("{} holds token ids, not text; open it as binidx", source.path);

    std::error_code error;
    const fs::file_status status = fs::status(source.path, error);
    if (status.type() == fs::file_type::not_found)
        return invalidInput("the data source {} does not exist; check the path", source.path);
    if (error) return systemError("reading " + source.path, error.value());
    if (fs::is_directory(status)) return Collector(source).collect();
    if (!fs::is_regular_file(status))
        return invalidInput("the data source {} is neither a file nor a directory; copy its content to a file",
                            source.path);
    if (!fileKind(source.path, source.format)) return unknownEnding(source.path);
    return std::vector<fs::path>{source.path};
}

bool isBinidx(const SourcePlan& source) {
    if (source.format != DataFormat::Auto) return source.format == DataFormat::Binidx;
    if (lookUp(kFormatEndings, lowerExtension(source.path)) == DataFormat::Binidx) return true;
    std::error_code error;
    return !fs::exists(source.path, error) && fs::exists(source.path + ".idx", error);
}

}  // namespace radlads::data
