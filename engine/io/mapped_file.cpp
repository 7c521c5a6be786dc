#include "engine/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace radlads::io {
namespace {

int advice(AccessPattern pattern) {
    switch (pattern) {
        case AccessPattern::Sequential:
            return MADV_SEQUENTIAL;
        case AccessPattern::Random:
            return MADV_RANDOM;
        case AccessPattern::Normal:
            break;
    }
    return MADV_NORMAL;
}

// Closes the descriptor at the end of the scope; the map outlives it.
struct Descriptor {
    int value;
    ~Descriptor() { ::close(value); }
};

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path, AccessPattern pattern) {
    const int opened = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return invalidInput("The file {} does not exist; check the path.", path.string());
        return systemError("opening " + path.string(), errno);
    }
    const Descriptor descriptor{opened};
    struct stat status {};
    if (::fstat(descriptor.value, &status) != 0) return systemError("reading the size of " + path.string(), errno);
    if (!S_ISREG(status.st_mode))
        return invalidInput("{} is not a regular file and cannot be mapped; give the path of a file.", path.string());
    if (status.st_size == 0) return MappedFile();
    if (static_cast<uint64_t>(status.st_size) > static_cast<uint64_t>(PTRDIFF_MAX))
        return invalidInput("{} is too large to be mapped on this machine.", path.string());

    const auto size = static_cast<size_t>(status.st_size);
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.value, 0);
    if (address == MAP_FAILED) return systemError("mapping " + path.string(), errno);
    ::madvise(address, size, advice(pattern));  // only a hint: a refusal changes nothing
    return MappedFile(std::span(static_cast<const std::byte*>(address), size));
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(m_bytes, other.m_bytes);  // the old map goes with `other`
    return *this;
}

MappedFile::~MappedFile() {
    if (!m_bytes.empty()) ::munmap(const_cast<std::byte*>(m_bytes.data()), m_bytes.size());
}

}  // namespace radlads::io
