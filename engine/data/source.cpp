#include "engine/data/source.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/data/byte_reader.h"
#include "engine/data/jsonl.h"
#include "engine/data/source_files.h"
#include "resources/demo/story_generator.h"

namespace radlads::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxDocumentBytes = 64 << 20;
constexpr size_t kTextCutBytes = 4 << 20;  // where long texts are cut at the next line end
constexpr std::string_view kSeparator = "<|endoftext|>";
constexpr uint64_t kDemoSeedStride = 1'000'003;

bool isBlank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n\f\v") == text.npos;
}

// The units of one file, in order. A unit may be blank and is then no document.
class UnitReader {
public:
    virtual ~UnitReader() = default;
    virtual Result<bool> next(std::string& unit) = 0;  // false at the end
    virtual Result<bool> skip() = 0;                   // as next, without looking into the unit
    virtual int64_t bytesRead() const = 0;
};

class JsonlUnits final : public UnitReader {
public:
    JsonlUnits(LineReader lines, std::string textKey) : m_lines(std::move(lines)), m_textKey(std::move(textKey)) {}

    Result<bool> next(std::string& unit) override {
        RADLADS_TRY_ASSIGN(const bool more, skip());
        unit.clear();
        if (more && !isBlank(m_line))
            RADLADS_TRY(parseJsonlLine(m_line, m_textKey, LinePlace{m_lines.file(), m_number}, unit));
        return more;
    }
    Result<bool> skip() override {
        m_line.clear();
        RADLADS_TRY_ASSIGN(const LineReader::Line line, m_lines.next(m_line, kMaxDocumentBytes));
        if (line == LineReader::Line::End) return false;
        ++m_number;
        if (line == LineReader::Line::Part)
            return invalidInput("{}, line {}: the line is longer than {} MiB; split its document", m_lines.file(),
                                m_number, kMaxDocumentBytes >> 20);
        return true;
    }
    int64_t bytesRead() const override { return m_lines.storedBytesRead(); }

private:
    LineReader m_lines;
    std::string m_textKey;
    std::string m_line;
    int64_t m_number = 0;
};

class TextUnits final : public UnitReader {
public:
    explicit TextUnits(LineReader lines) : m_lines(std::move(lines)) {}

    Result<bool> next(std::string& unit) override {
        unit = std::exchange(m_carry, {});
        for (;;) {
            const size_t lineStart = unit.size();
            RADLADS_TRY_ASSIGN(const LineReader::Line line, m_lines.next(unit, kMaxDocumentBytes - lineStart));
            if (line == LineReader::Line::End) return !unit.empty();
            if (line == LineReader::Line::Part) {
                m_insideLine = true;
                carryBrokenCharacter(unit);
                return true;
            }
            if (!std::exchange(m_insideLine, false) && isSeparator(std::string_view(unit).substr(lineStart))) {
                unit.resize(lineStart);
                return true;
            }
            if (unit.size() >= kTextCutBytes) return true;
        }
    }
    Result<bool> skip() override { return next(m_skipped); }
    int64_t bytesRead() const override { return m_lines.storedBytesRead(); }

private:
    static bool isSeparator(std::string_view line) {
        while (!line.empty() && isBlank(line.substr(line.size() - 1))) line.remove_suffix(1);
        return line == kSeparator;
    }
    // A cut inside a line must not fall inside a character: the bytes of one that is not whole begin the next unit.
    void carryBrokenCharacter(std::string& unit) {
        const size_t earliest = unit.size() - std::min<size_t>(unit.size(), 4);
        for (size_t i = unit.size(); i-- > earliest;) {
            const auto byte = static_cast<unsigned char>(unit[i]);
            if ((byte & 0xC0) == 0x80) continue;
            const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
            if (i + length <= unit.size()) return;
            m_carry = unit.substr(i);
            unit.resize(i);
            return;
        }
    }

    LineReader m_lines;
    std::string m_carry;
    std::string m_skipped;
    bool m_insideLine = false;
};

class DemoUnits final : public UnitReader {
public:
    explicit DemoUnits(DemoSource demo) : m_demo(demo) {}

    Result<bool> next(std::string& unit) override {
        if (m_next >= m_demo.documents) return false;
        unit = demo::storyText(m_demo.seed * kDemoSeedStride + static_cast<uint64_t>(m_next++));
        return true;
    }
    Result<bool> skip() override { return m_next < m_demo.documents && ++m_next > 0; }
    int64_t bytesRead() const override { return m_next; }

private:
    DemoSource m_demo;
    int64_t m_next = 0;
};

}  // namespace

struct DocumentReader::State {
    protocol::SourcePlan source;
    std::optional<DemoSource> demo;
    std::vector<fs::path> files;
    std::vector<int64_t> sizes;  // bytes of the files; stories for demo:
    int64_t total = 0;
    int64_t finished = 0;  // of the files before the current one
    DocumentPosition position;
    std::unique_ptr<UnitReader> units;  // of file `position.file`; null: not open yet

    int64_t fileCount() const { return static_cast<int64_t>(sizes.size()); }

    Status openFile() {
        if (demo) {
            units = std::make_unique<DemoUnits>(*demo);
            return {};
        }
        const fs::path& file = files[static_cast<size_t>(position.file)];
        const auto kind = fileKind(file, source.format);
        if (!kind) return invalidInput("{} has an unknown ending", file.string());
        RADLADS_TRY_ASSIGN(std::unique_ptr<ByteReader> bytes, openBytes(file, kind->compression));
        LineReader lines(std::move(bytes), file.string());
        if (kind->format == protocol::DataFormat::Jsonl)
            units = std::make_unique<JsonlUnits>(std::move(lines), source.textKey);
        else
            units = std::make_unique<TextUnits>(std::move(lines));
        return {};
    }
    void closeFile() {
        units.reset();
        finished += sizes[static_cast<size_t>(position.file)];
        position = {position.file + 1, 0};
    }
};

DocumentReader::DocumentReader(std::unique_ptr<State> state) : m_state(std::move(state)) {}
DocumentReader::DocumentReader(DocumentReader&&) noexcept = default;
DocumentReader& DocumentReader::operator=(DocumentReader&&) noexcept = default;
DocumentReader::~DocumentReader() = default;

Result<DocumentReader> DocumentReader::open(const protocol::SourcePlan& source) {
    auto state = std::make_unique<State>();
    state->source = source;
    RADLADS_TRY_ASSIGN(state->files, sourceFiles(source));
    RADLADS_TRY_ASSIGN(state->demo, parseDemoSource(source.path));
    for (const fs::path& file : state->files) {
        std::error_code error;
        const auto size = fs::file_size(file, error);
        if (error) return systemError("reading the size of " + file.string(), error.value());
        state->sizes.push_back(static_cast<int64_t>(size));
    }
    if (state->demo) state->sizes.push_back(state->demo->documents);
    for (const int64_t size : state->sizes) state->total += size;
    return DocumentReader(std::move(state));
}

Result<bool> DocumentReader::next(std::string& document) {
    State& state = *m_state;
    while (state.position.file < state.fileCount()) {
        if (!state.units) RADLADS_TRY(state.openFile());
        RADLADS_TRY_ASSIGN(const bool more, state.units->next(document));
        if (!more) {
            state.closeFile();
            continue;
        }
        ++state.position.unit;
        if (!isBlank(document)) return true;
    }
    document.clear();
    return false;
}

DocumentPosition DocumentReader::position() const {
    return m_state->position;
}

Status DocumentReader::skipTo(const DocumentPosition& position) {
    State& state = *m_state;
    const auto behindTheEnd = [&] {
        return invalidInput("{} has fewer documents than were read before", state.source.path);
    };
    if (position.file < 0 || position.unit < 0 || position.file > state.fileCount()) return behindTheEnd();
    while (state.position.file < position.file) state.closeFile();
    if (position.unit == 0) return {};
    if (position.file == state.fileCount()) return behindTheEnd();
    RADLADS_TRY(state.openFile());
    for (; state.position.unit < position.unit; ++state.position.unit) {
        RADLADS_TRY_ASSIGN(const bool more, state.units->skip());
        if (!more) return behindTheEnd();
    }
    return {};
}

int64_t DocumentReader::bytesRead() const {
    return m_state->finished + (m_state->units ? m_state->units->bytesRead() : 0);
}

int64_t DocumentReader::bytesTotal() const {
    return m_state->total;
}

std::string DocumentReader::currentFile() const {
    const State& state = *m_state;
    if (state.demo || state.files.empty()) return state.source.path;
    return state.files[std::min(static_cast<size_t>(state.position.file), state.files.size() - 1)].string();
}

}  // namespace radlads::data
