#include "ui/chart/csv_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace radlads::ui {
namespace {

constexpr qsizetype kFlushBytes = 1 << 16;

template <class Number>
void appendNumber(QByteArray& line, Number value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    line.append(text.data(), end - text.data());
}

void appendText(QByteArray& line, const QString& text, char separator) {
    QByteArray bytes = text.toUtf8();
    if (bytes.contains(separator) || bytes.contains('"') || bytes.contains('\n')) {
        bytes.replace("\"", "\"\"");
        bytes = '"' + bytes + '"';
    }
    line.append(bytes);
}

}  // namespace

size_t CsvTable::rows() const {
    size_t count = 0;
    for (const Run& run : runs) {
        size_t longest = 0;
        for (const Part& part : run.parts) longest = std::max(longest, part.y.size());
        count += longest;
    }
    return count;
}

bool CsvTable::write(QIODevice& device, char separator, const GoOn& goOn) const {
    QByteArray text;
    if (runs.size() > 1) text.append("run").append(separator);
    text.append("step").append(separator).append("tokens").append(separator).append("hours");
    for (const QString& column : columns) appendText(text.append(separator), column, separator);
    text.append('\n');
    size_t done = 0;
    for (const Run& run : runs)
        if (!writeRun(device, text, run, separator, done, goOn)) return false;
    return device.write(text) == text.size();
}

// The curves of one run, read together in the order of their steps.
bool CsvTable::writeRun(QIODevice& device, QByteArray& text, const Run& run, char separator, size_t& done,
                        const GoOn& goOn) const {
    std::vector<size_t> next(run.parts.size(), 0);
    std::vector<std::optional<float>> values(size_t(columns.size()));
    while (true) {
        std::optional<XPoint> first;
        for (size_t i = 0; i < run.parts.size(); ++i) {
            const Part& part = run.parts[i];
            if (next[i] < part.y.size() && (!first || (*part.x)[next[i]].steps < first->steps))
                first = (*part.x)[next[i]];
        }
        if (!first) return true;
        std::fill(values.begin(), values.end(), std::nullopt);
        for (size_t i = 0; i < run.parts.size(); ++i) {
            const Part& part = run.parts[i];
            if (next[i] < part.y.size() && (*part.x)[next[i]].steps == first->steps)
                values[part.column] = part.y[next[i]++];
        }
        if (runs.size() > 1) {
            appendText(text, run.name, separator);
            text.append(separator);
        }
        appendNumber(text, first->steps);
        appendNumber(text.append(separator), first->tokens);
        appendNumber(text.append(separator), first->hours);
        for (const auto& value : values) {
            text.append(separator);
            if (value) appendNumber(text, *value);
        }
        text.append('\n');
        ++done;
        if (text.size() < kFlushBytes) continue;
        if (device.write(text) != text.size() || (goOn && !goOn(done))) return false;
        text.clear();
    }
}

}  // namespace radlads::ui
