// How the engine reports what a user or a machine can cause: Result<T> at module borders, one plain sentence a message.
#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace radlads {

// What went wrong, as far as the caller must tell cases apart.
enum class ErrorCode {
    InvalidInput,  // a file, an argument or a plan is wrong: exit code 2
    Failed,        // the work failed: exit code 1
    NoSpace,       // the disk is full: the run pauses, nothing is lost; exit code 1
    Busy,          // a run directory is in use: exit code 1
    Interrupted,   // Ctrl-C: exit code 130
};

// message: one sentence that says what, where (file, key, line, byte), why, and what to do.
struct Error {
    ErrorCode code = ErrorCode::Failed;
    std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

// The process exit code for an error: 0 is never returned.
int exitCode(ErrorCode code);

template <class... Args>
tl::unexpected<Error> invalidInput(fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected(Error{ErrorCode::InvalidInput, fmt::format(format, std::forward<Args>(args)...)});
}
template <class... Args>
tl::unexpected<Error> failed(fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected(Error{ErrorCode::Failed, fmt::format(format, std::forward<Args>(args)...)});
}
// An error from errno: NoSpace for ENOSPC and EDQUOT, Failed otherwise. what: "writing /path/file".
tl::unexpected<Error> systemError(const std::string& what, int errorNumber);

}  // namespace radlads

// RADLADS_TRY(expression): returns the error of a Result expression from the enclosing function.
#define RADLADS_TRY(expression)                                       \
    do {                                                              \
        if (auto radladsStatus_ = (expression); !radladsStatus_)      \
            return tl::unexpected(std::move(radladsStatus_.error())); \
    } while (false)

// RADLADS_TRY_ASSIGN(declaration, expression): binds the value of a Result expression or returns its error.
#define RADLADS_CONCAT_INNER(a, b) a##b
#define RADLADS_CONCAT(a, b) RADLADS_CONCAT_INNER(a, b)
#define RADLADS_TRY_ASSIGN(declaration, expression)                                         \
    auto RADLADS_CONCAT(radladsResult_, __LINE__) = (expression);                           \
    if (!RADLADS_CONCAT(radladsResult_, __LINE__))                                          \
        return tl::unexpected(std::move(RADLADS_CONCAT(radladsResult_, __LINE__).error())); \
    declaration = std::move(*RADLADS_CONCAT(radladsResult_, __LINE__))
