#include "engine/server/download_display.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "engine/server/display.h"

namespace radlads::server {
namespace {

constexpr size_t kBarWidth = 24, kUsualWidth = 80;

double numberAt(const QJsonObject& progress, const char* key) {
    return progress.value(QLatin1String(key)).toDouble(0);
}

std::string textAt(const QJsonObject& progress, const char* key) {
    return printable(progress.value(QLatin1String(key)).toString().toStdString());
}

size_t widthOf(std::FILE* stream) {
    winsize size{};
    return ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsualWidth;
}

}  // namespace

std::string bytesText(double bytes) {
    return countText(bytes) + (bytes < 1000 ? " B" : "B");
}

std::string progressLine(const QJsonObject& progress, size_t width) {
    const double bytes = numberAt(progress, "bytes"), total = numberAt(progress, "total_bytes");
    std::string line;
    if (total > 0) {
        const double share = std::clamp(bytes / total, 0.0, 1.0);
        const auto filled = static_cast<size_t>(share * kBarWidth);
        line = fmt::format("[{}{}] {:3.0f} %  {} of {}", std::string(filled, '#'), std::string(kBarWidth - filled, '.'),
                           std::floor(share * 100), bytesText(bytes), bytesText(total));
    } else {
        line = bytesText(bytes);
    }
    if (const std::string text = textAt(progress, "text"); !text.empty()) {
        line += "  " + text;
    } else {
        if (const double rate = numberAt(progress, "bytes_per_second"); rate > 0)
            line += fmt::format("  {}/s", bytesText(rate));
        if (progress.value(QLatin1String("eta_seconds")).isDouble())
            line += fmt::format("  {} left", durationText(numberAt(progress, "eta_seconds")));
        line += "  " + textAt(progress, "file");
    }
    if (line.size() > width) line.resize(width);
    return line;
}

DownloadDisplay::Mode DownloadDisplay::modeFor(std::FILE* stream) {
    return ::isatty(::fileno(stream)) ? Mode::Bar : Mode::Lines;
}

void DownloadDisplay::show(const QJsonObject& progress) {
    if (m_mode == Mode::Quiet) return;
    if (m_mode == Mode::Bar) {
        const size_t width = widthOf(m_stream);
        fmt::print(m_stream, "\r{:<{}}", progressLine(progress, width - 1), width - 1);
        std::fflush(m_stream);
        m_hasBar = true;
        return;
    }
    const std::string file = textAt(progress, "file"), text = textAt(progress, "text");
    if (text != m_text && !text.empty()) fmt::print(m_stream, "{}\n", text);
    if (file != m_file && !file.empty()) fmt::print(m_stream, "{}\n", file);
    m_file = file;
    m_text = text;
}

void DownloadDisplay::end() {
    if (m_hasBar) fmt::print(m_stream, "\n");
    m_hasBar = false;
}

}  // namespace radlads::server
