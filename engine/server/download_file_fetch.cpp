#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "engine/protocol/text.h"
#include "engine/server/download_fetch.h"

namespace radlads::server {
namespace {

constexpr size_t kReadBytes = 1 << 20;

struct ContentRange {
    int64_t first = 0, last = 0, total = 0;
};
// "bytes 100-199/200"
std::optional<ContentRange> parseContentRange(std::string_view text) {
    constexpr std::string_view kUnit = "bytes ";
    if (!text.starts_with(kUnit)) return std::nullopt;
    ContentRange range;
    const char* at = text.data() + kUnit.size();
    const char* const end = text.data() + text.size();
    const std::array<std::pair<int64_t*, char>, 3> parts{{{&range.first, '-'}, {&range.last, '/'}, {&range.total, 0}}};
    for (const auto& [value, separator] : parts) {
        const auto parsed = std::from_chars(at, end, *value);
        if (parsed.ec != std::errc() || *value < 0) return std::nullopt;
        at = parsed.ptr;
        if (separator != 0 && (at == end || *at++ != separator)) return std::nullopt;
    }
    if (at != end || range.last < range.first || range.last >= range.total) return std::nullopt;
    return range;
}

std::string strongEtag(const QByteArray& etag) {
    const bool isQuoted = etag.size() >= 2 && etag.startsWith('"') && etag.endsWith('"');
    return isQuoted && etag.size() <= 256 ? etag.toStdString() : std::string();
}

}  // namespace

FileFetch::FileFetch(FetchContext context, QUrl url, HubFile file, fs::path target, std::optional<PartRecord> record,
                     QObject* parent)
    : HubFetch(std::move(context), std::move(url), file.name, parent),
      m_content(std::move(file)),
      m_target(std::move(target)),
      m_record(std::move(record)) {}

fs::path FileFetch::partPath() const {
    return m_target.string() + ".part";
}

Status FileFetch::openPart() {
    if (m_part.valid()) return {};
    const std::string path = partPath().string();
    m_part = run::Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!m_part.valid()) return systemError("opening " + path, errno);
    struct stat status {};
    if (::fstat(m_part.value(), &status) != 0) return systemError("reading " + path, errno);
    m_offset = status.st_size;
    return {};
}

Status FileFetch::restart() {
    RADLADS_TRY(openPart());
    if (::ftruncate(m_part.value(), 0) != 0) return systemError("writing " + partPath().string(), errno);
    m_offset = 0;
    m_hasher.reset();
    m_record.reset();
    return {};
}

Status FileFetch::sumPart() {
    if (!m_hasher) m_hasher = std::make_unique<ChecksumHasher>(m_content.checksum.kind, *m_content.size);
    std::string buffer;
    while (m_hasher->byteCount() < m_offset) {
        if (context().isCancelled && *context().isCancelled)
            return tl::unexpected(Error{ErrorCode::Interrupted, "the download was stopped"});
        buffer.resize(std::min(kReadBytes, static_cast<size_t>(m_offset - m_hasher->byteCount())));
        const ssize_t count = ::pread(m_part.value(), buffer.data(), buffer.size(), m_hasher->byteCount());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return systemError("reading " + partPath().string(), errno);
        if (count == 0) return failed("{} became shorter while it was read; try again", partPath().string());
        m_hasher->add({buffer.data(), static_cast<size_t>(count)});
    }
    return {};
}

Result<std::optional<HttpHeaders>> FileFetch::prepare() {
    RADLADS_TRY(openPart());
    const bool isKnown = m_content.size && m_content.checksum.kind != ChecksumKind::None;
    const bool isSame = m_record && (!isKnown || m_record->checksum == m_content.checksum);
    if (m_offset > 0 && (!isSame || m_offset > m_record->size)) RADLADS_TRY(restart());
    if (m_offset == 0) return HttpHeaders{};
    if (isKnown) RADLADS_TRY(sumPart());  // before the connection is opened: it may take a while
    if (isKnown && m_offset == *m_content.size) return std::nullopt;
    HttpHeaders headers{{"Range", "bytes=" + QByteArray::number(static_cast<qlonglong>(m_offset)) + "-"}};
    if (!m_record->etag.empty()) headers.push_back({"If-Range", QByteArray::fromStdString(m_record->etag)});
    return headers;
}

// What the list of files does not say, the answer does.
Status FileFetch::learn(const HttpHead& head) {
    if (m_content.checksum.kind == ChecksumKind::None) m_content.checksum = checksumFrom(head.linkedEtag.toStdString());
    const std::string host = context().connection->endpoint().host().toStdString();
    if (m_content.checksum.kind == ChecksumKind::None)
        return failed("{} gives no checksum of {}, so it cannot be verified; use another endpoint", host,
                      protocol::quote(file()));
    if (!m_content.size && head.linkedSize) m_content.size = head.linkedSize;
    if (!m_content.size && head.status == 206)
        if (const auto range = parseContentRange(head.contentRange.toStdString())) m_content.size = range->total;
    if (!m_content.size && head.status == 200) m_content.size = head.contentLength;
    if (!m_content.size)
        return failed("{} does not say how long {} is; use another endpoint", host, protocol::quote(file()));
    return {};
}

Result<HubFetch::Next> FileFetch::acceptRange(const HttpHead& head) {
    const auto range = parseContentRange(head.contentRange.toStdString());
    const bool isWanted = m_offset > 0 && range && range->first == m_offset && range->total == *m_content.size;
    if (isWanted && m_record && m_record->checksum == m_content.checksum) return Next::Done;
    setProblem(fmt::format("{} sent another part of {} than was asked for", head.url.host().toStdString(),
                           protocol::quote(file())));
    RADLADS_TRY(restart());
    return Next::FromStart;
}

Result<HubFetch::Next> FileFetch::begin(const HttpHead& head) {
    RADLADS_TRY(learn(head));
    if (head.status == 206) {
        RADLADS_TRY_ASSIGN(const Next next, acceptRange(head));
        if (next != Next::Done) return next;
        RADLADS_TRY(sumPart());
    } else {
        RADLADS_TRY(restart());
        m_hasher = std::make_unique<ChecksumHasher>(m_content.checksum.kind, *m_content.size);
    }
    if (head.contentLength && *head.contentLength != *m_content.size - m_offset) {
        setProblem(fmt::format("{} announces {} bytes of {} where {} are left", head.url.host().toStdString(),
                               *head.contentLength, protocol::quote(file()), *m_content.size - m_offset));
        return Next::Retry;
    }
    const PartRecord record{strongEtag(head.etag), m_content.checksum, *m_content.size};
    if (!m_record || m_record->etag != record.etag) Q_EMIT partBegins(record);
    m_record = record;
    return Next::Done;
}

Result<HubFetch::Next> FileFetch::take(const QByteArray& bytes) {
    if (bytes.size() > *m_content.size - m_offset) {
        setProblem("more bytes of " + protocol::quote(file()) + " came than it has");
        RADLADS_TRY(restart());
        return Next::FromStart;
    }
    for (qsizetype written = 0; written < bytes.size();) {
        const ssize_t count = ::pwrite(m_part.value(), bytes.constData() + written,
                                       static_cast<size_t>(bytes.size() - written), m_offset);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return systemError("writing " + partPath().string(), count < 0 ? errno : ENOSPC);
        m_hasher->add({bytes.constData() + written, static_cast<size_t>(count)});
        m_offset += count;
        written += count;
    }
    return Next::Done;
}

Result<HubFetch::Next> FileFetch::end() {
    if (m_offset < *m_content.size) {
        setProblem(fmt::format("the connection ended before all of {} had come", protocol::quote(file())));
        return Next::Retry;
    }
    if (m_hasher->hex() == m_content.checksum.hex) return finish();
    setProblem(fmt::format("what came as {} does not have its checksum", protocol::quote(file())));
    RADLADS_TRY(restart());
    return Next::FromStart;
}

Result<HubFetch::Next> FileFetch::finish() {
    const std::string what = "writing " + m_target.string();
    if (::fsync(m_part.value()) != 0) return systemError(what, errno);
    if (::rename(partPath().c_str(), m_target.c_str()) != 0) return systemError(what, errno);
    m_part = run::Descriptor();
    return Next::Done;
}

Result<HubFetch::Next> FileFetch::rangeRefused() {
    setProblem("the range that is missing of " + protocol::quote(file()) + " was refused");
    if (m_offset == 0) return Next::Retry;
    RADLADS_TRY(restart());
    return Next::FromStart;
}

}  // namespace radlads::server
