#include "engine/data/source_identity.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "engine/data/source.h"

namespace radlads::data {
namespace {

namespace fs = std::filesystem;

constexpr int kTokensVersion = 1;  // changes when the same files and tokenizer come to give other tokens

__extension__ using Uint128 = unsigned __int128;

}  // namespace

std::string fingerprint(std::string_view text) {
    constexpr Uint128 kPrime = (Uint128{1} << 88) + 0x13B;
    Uint128 hash = (Uint128{0x6C62272E07BB0142} << 64) + 0x62B821756295C58D;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
    return fmt::format("{:016x}{:016x}", static_cast<uint64_t>(hash >> 64), static_cast<uint64_t>(hash));
}

Result<std::string> fileIdentity(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return systemError("reading " + path, errno);
    std::error_code error;
    const fs::path absolute = fs::absolute(path, error).lexically_normal();
    return fmt::format("{}|{}|{}.{:09}", absolute.string(), status.st_size, status.st_mtim.tv_sec,
                       status.st_mtim.tv_nsec);
}

Result<std::string> sourceIdentity(const protocol::SourcePlan& source, const io::Tokenizer& tokenizer, bool appendEos,
                                   int64_t vocabSize) {
    RADLADS_TRY_ASSIGN(const auto files, sourceFiles(source));
    std::string text = fmt::format("{}\n{}\n{}\n{:016x}\n{}\n{}\n", kTokensVersion, protocol::toString(source.format),
                                   source.textKey, tokenizer.fingerprint(), appendEos, vocabSize);
    if (files.empty()) text += source.path;  // generated text: the path says it all
    for (const fs::path& file : files) {
        RADLADS_TRY_ASSIGN(const std::string identity, fileIdentity(file.string()));
        text += identity + "\n";
    }
    return fingerprint(text);
}

}  // namespace radlads::data
