// The streaming writer: header first, then one tensor after the other, under a temporary name until all of it is on the
// disk.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/io/safetensors.h"
#include "engine/protocol/text.h"
#include "engine/run/files.h"

namespace radlads::io {
namespace {

// A file that is deleted again unless commit() was reached.
class TemporaryFile {
public:
    static Result<TemporaryFile> create(const fs::path& target) {
        static std::atomic<unsigned> counter{0};
        TemporaryFile file;
        file.m_target = target;
        file.m_path =
            target.parent_path() / fmt::format(".{}.{}-{}.partial", target.filename().string(), ::getpid(), counter++);
        file.m_descriptor = ::open(file.m_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file.m_descriptor < 0) return systemError("creating " + file.m_path.string(), errno);
        return file;
    }

    TemporaryFile(TemporaryFile&& other) noexcept
        : m_target(std::move(other.m_target)),
          m_path(std::move(other.m_path)),
          m_descriptor(std::exchange(other.m_descriptor, -1)) {}
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    ~TemporaryFile() {
        if (m_descriptor < 0) return;
        ::close(m_descriptor);
        ::unlink(m_path.c_str());
    }

    // Claims the space at once, so that a full disk shows before hours of work and not after them.
    Status reserve(uint64_t size) {
        if (::fallocate(m_descriptor, 0, 0, static_cast<off_t>(size)) == 0) return {};
        if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) return error();
        return {};  // the file system knows no reservations
    }

    Status write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t written = ::write(m_descriptor, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return error();
            bytes = bytes.subspan(static_cast<size_t>(written));
        }
        return {};
    }

    // Makes the file visible under its name, whole and on the disk.
    Status commit() {
        if (::fsync(m_descriptor) != 0) return error();
        if (::rename(m_path.c_str(), m_target.c_str()) != 0) return error();
        ::close(std::exchange(m_descriptor, -1));
        return run::syncDirectory(m_target.parent_path());
    }

private:
    TemporaryFile() = default;
    tl::unexpected<Error> error() const { return systemError("writing " + m_target.string(), errno); }

    fs::path m_target, m_path;
    int m_descriptor = -1;
};

// In the order in which they are written: wide types first keeps every tensor aligned to its own type.
struct Layout {
    std::vector<const TensorToWrite*> order;
    std::vector<uint64_t> sizes;
    std::string header;  // with its length in front, padded so that the data is 8-aligned
    uint64_t dataBytes = 0;
};

Result<uint64_t> tensorBytes(const TensorToWrite& tensor, const std::string& where) {
    int64_t size = static_cast<int64_t>(sizeBytes(tensor.dtype));
    for (const int64_t extent : tensor.shape)
        if (extent < 0 || __builtin_mul_overflow(size, extent, &size))
            return invalidInput("Cannot write {}: the shape of the tensor {} is negative or too large.", where,
                                protocol::quote(tensor.name));
    return static_cast<uint64_t>(size);
}

Result<Layout> layOut(const std::vector<TensorToWrite>& tensors, const std::map<std::string, std::string>& metadata,
                      const std::string& where) {
    Layout layout;
    for (const auto& tensor : tensors) layout.order.push_back(&tensor);
    std::stable_sort(layout.order.begin(), layout.order.end(),
                     [](auto* a, auto* b) { return sizeBytes(a->dtype) > sizeBytes(b->dtype); });

    nlohmann::ordered_json names = metadata;
    if (!names.is_object()) names = nlohmann::ordered_json::object();
    names["format"] = "pt";
    // Written by hand: with many tensors an ordered JSON object would search all its keys at every insertion.
    std::string text = "{\"__metadata__\":" + names.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    std::set<std::string_view> seen = {"__metadata__"};
    for (const auto* tensor : layout.order) {
        if (!seen.insert(tensor->name).second)
            return invalidInput("Cannot write {}: two tensors have the name {}.", where, protocol::quote(tensor->name));
        RADLADS_TRY_ASSIGN(const uint64_t size, tensorBytes(*tensor, where));
        const nlohmann::ordered_json entry = {{"dtype", toString(tensor->dtype)},
                                              {"shape", tensor->shape},
                                              {"data_offsets", {layout.dataBytes, layout.dataBytes + size}}};
        const nlohmann::json name = tensor->name;
        text += "," + name.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + ":" + entry.dump();
        layout.sizes.push_back(size);
        if (__builtin_add_overflow(layout.dataBytes, size, &layout.dataBytes) || layout.dataBytes > INT64_MAX / 2)
            return invalidInput("Cannot write {}: its tensors are too large together.", where);
    }
    text += "}";
    text.resize((text.size() + 7) / 8 * 8, ' ');
    const uint64_t length = text.size();
    layout.header.assign(reinterpret_cast<const char*>(&length), sizeof(length));
    layout.header += text;
    return layout;
}

}  // namespace

Status writeSafetensors(const fs::path& file, const std::vector<TensorToWrite>& tensors,
                        const std::map<std::string, std::string>& metadata) {
    RADLADS_TRY_ASSIGN(const Layout layout, layOut(tensors, metadata, file.string()));
    RADLADS_TRY_ASSIGN(TemporaryFile output, TemporaryFile::create(file));
    RADLADS_TRY(output.reserve(layout.header.size() + layout.dataBytes));
    RADLADS_TRY(output.write(std::as_bytes(std::span(layout.header))));
    for (size_t i = 0; i < layout.order.size(); ++i) {
        RADLADS_TRY_ASSIGN(const std::vector<std::byte> bytes, layout.order[i]->bytes());
        if (bytes.size() != layout.sizes[i])
            return failed("Cannot write {}: the tensor {} came with {} bytes where its shape needs {}.", file.string(),
                          protocol::quote(layout.order[i]->name), bytes.size(), layout.sizes[i]);
        RADLADS_TRY(output.write(bytes));
    }
    return output.commit();
}

}  // namespace radlads::io
