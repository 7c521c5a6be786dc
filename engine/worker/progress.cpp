#include "engine/worker/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/worker/command.h"

namespace radlads::worker {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kTerminalInterval = 0.1, kLineInterval = 5.0;  // seconds between two drawings
constexpr int kBarWidth = 24;

int terminalColumns() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

}  // namespace

std::string formatDuration(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) return "?";
    const auto whole = static_cast<int64_t>(seconds + 0.5);
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string formatCount(double count) {
    constexpr const char* kUnits[] = {"", " k", " M", " G", " T"};
    size_t unit = 0;
    while (std::abs(count) >= 1000 && unit + 1 < std::size(kUnits)) {
        count /= 1000;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f}", count) : fmt::format("{:.3g}{}", count, kUnits[unit]);
}

std::string formatBytes(double bytes) {
    return bytes < 1000 ? fmt::format("{:.0f} B", bytes) : formatCount(bytes) + "B";
}

ProgressDisplay::ProgressDisplay(bool enabled) : m_enabled(enabled), m_terminal(isatty(STDERR_FILENO) == 1), m_prepareStart(Clock::now()) {}

ProgressDisplay::ProgressDisplay(bool enabled, EventStream& stream) : ProgressDisplay(enabled && !stream.isEnabled()) {
    if (stream.isEnabled()) m_stream = &stream;
}

void ProgressDisplay::showAsEvent(const std::string& label, double done, double total, const std::string& text, std::optional<double> etaSeconds) {
    std::string sentence = label + (text.empty() ? "" : ": " + text);
    if (!sentence.empty()) sentence[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence[0])));
    nlohmann::ordered_json fields{{"done", done}, {"total", total}, {"text", sentence}, {"eta_seconds", nullptr}};
    if (etaSeconds && std::isfinite(*etaSeconds)) fields["eta_seconds"] = *etaSeconds;
    m_stream->event(fields);
}

void ProgressDisplay::show(const std::string& label, double done, double total, const std::string& text, std::optional<double> etaSeconds) {
    if (!m_enabled && !m_stream) return;
    const auto now = Clock::now();
    const bool complete = done >= total;
    if (!complete && std::chrono::duration<double>(now - m_last).count() < (m_terminal || m_stream ? kTerminalInterval : kLineInterval)) return;
    m_last = now;
    if (m_stream) return showAsEvent(label, done, total, text, etaSeconds);
    const double fraction = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0.0;
    const std::string eta = etaSeconds && !complete ? "  ETA " + formatDuration(*etaSeconds) : "";
    if (!m_terminal) {
        fmt::print(stderr, "{} {:5.1f} %  {}{}\n", label, fraction * 100, text, eta);
        return;
    }
    const int filled = static_cast<int>(fraction * kBarWidth);
    std::string line = fmt::format("{} [{}{}] {:5.1f} %  {}{}", label, std::string(filled, '#'), std::string(kBarWidth - filled, '.'), fraction * 100, text, eta);
    line.resize(std::min(line.size(), static_cast<size_t>(terminalColumns() - 1)));
    fmt::print(stderr, "\r{}{}", line, std::string(m_drawn > line.size() ? m_drawn - line.size() : 0, ' '));
    std::fflush(stderr);
    m_drawn = line.size();
}

void ProgressDisplay::update(const train::UpdateReport& report) {
    show(fmt::format("step {}/{} {}", report.stepIndex + 1, report.stepCount, report.stepKind), static_cast<double>(report.tokens),
         static_cast<double>(report.totalTokens),
         fmt::format("update {}/{}  loss {:.4f}  {} tok/s", report.update, report.totalUpdates, report.loss, formatCount(report.tokensPerSecond)),
         report.etaSeconds);
}

void ProgressDisplay::message(const std::string& line) {
    if (!m_enabled) return;
    finish();
    fmt::print(stderr, "{}\n", line);
}

void ProgressDisplay::finish() {
    if (m_drawn > 0) fmt::print(stderr, "\r{}\r", std::string(m_drawn, ' '));
    m_drawn = 0;
}

data::ProgressCallback ProgressDisplay::prepareCallback() {
    return [this](const data::PrepareProgress& progress) {
        const double seconds = std::max(1e-3, std::chrono::duration<double>(Clock::now() - m_prepareStart).count());
        const double done = static_cast<double>(progress.bytesRead), total = static_cast<double>(progress.bytesTotal);
        constexpr double kTooEarly = 0.005;  // before this share is done a forecast says nothing
        const auto left = done > kTooEarly * total ? std::optional(seconds * (total - done) / done) : std::nullopt;
        show("tokenising", done, total,
             fmt::format("{} documents  {} tokens  {} tok/s", formatCount(static_cast<double>(progress.documents)),
                         formatCount(static_cast<double>(progress.tokens)), formatCount(static_cast<double>(progress.tokens) / seconds)),
             left);
        return interrupts().load() == 0;
    };
}

}  // namespace radlads::worker
