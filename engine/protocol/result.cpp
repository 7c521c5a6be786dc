#include "engine/protocol/result.h"

#include <cerrno>
#include <system_error>

namespace radlads {

int exitCode(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidInput:
            return 2;
        case ErrorCode::Interrupted:
            return 130;
        case ErrorCode::Failed:
        case ErrorCode::NoSpace:
        case ErrorCode::Busy:
            break;
    }
    return 1;
}

namespace {

struct Remedy {
    int number;
    ErrorCode code;
    const char* text;
};
constexpr Remedy kRemedies[] = {
    {ENOSPC, ErrorCode::NoSpace, "free some space and try again"},
    {EDQUOT, ErrorCode::NoSpace, "free some of your quota and try again"},
    {EFBIG, ErrorCode::NoSpace, "raise the limit on the size of files and try again"},
    {EACCES, ErrorCode::Failed, "check its owner and permissions"},
    {EPERM, ErrorCode::Failed, "check its owner and permissions"},
    {EROFS, ErrorCode::Failed, "choose a place that can be written to"},
    {EMFILE, ErrorCode::Failed, "raise the limit on open files"},
};

}  // namespace

tl::unexpected<Error> systemError(const std::string& what, int errorNumber) {
    const std::string reason = std::generic_category().message(errorNumber);
    for (const Remedy& remedy : kRemedies)
        if (remedy.number == errorNumber)
            return tl::unexpected(Error{remedy.code, fmt::format("{} failed: {}; {}", what, reason, remedy.text)});
    return failed("{} failed: {}", what, reason);
}

}  // namespace radlads
