// The progress of a download for people: a bar on a terminal, otherwise a line for each file.
#pragma once

#include <QJsonObject>
#include <cstdio>
#include <string>

namespace radlads::server {

std::string bytesText(double bytes);  // 1234567 -> "1.23 MB"

// One line of at most `width` columns: bar, share, amount, rate, time left, file.
std::string progressLine(const QJsonObject& progress, size_t width);

class DownloadDisplay {
public:
    enum class Mode { Quiet, Lines, Bar };
    DownloadDisplay(Mode mode, std::FILE* stream) : m_mode(mode), m_stream(stream) {}
    // Bar on a terminal, Lines elsewhere.
    static Mode modeFor(std::FILE* stream);
    void show(const QJsonObject& progress);
    void end();  // leaves the line of the bar

private:
    Mode m_mode;
    std::FILE* m_stream;
    std::string m_file, m_text;
    bool m_hasBar = false;
};

}  // namespace radlads::server
