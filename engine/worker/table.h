// Aligned text for terminals: tables, and blocks of labelled values.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace radlads::worker {

// Columns that a UTF-8 text takes, if each of its characters takes one.
inline size_t textWidth(const std::string& text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Names out of files, fit for one line: control characters as '?'.
inline std::string oneLine(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    }
    return text;
}

// 1234567 -> "1,234,567"
inline std::string grouped(int64_t value) {
    std::string text = std::to_string(value);
    for (size_t at = text.size(); at > 3 + (value < 0 ? 1u : 0u); at -= 3) text.insert(at - 3, 1, ',');
    return text;
}

enum class Align { Left, Right };

// Columns as wide as their widest cell, two spaces between them, no spaces at the ends of lines.
class Table {
public:
    struct Column {
        std::string title;
        Align align = Align::Right;
    };
    explicit Table(std::vector<Column> columns) : m_columns(std::move(columns)) {}
    void add(std::vector<std::string> cells) {
        cells.resize(m_columns.size());
        m_rows.push_back(std::move(cells));
    }
    std::string text() const {
        std::vector<size_t> widths;
        for (size_t c = 0; c < m_columns.size(); ++c) {
            size_t width = textWidth(m_columns[c].title);
            for (const auto& row : m_rows) width = std::max(width, textWidth(row[c]));
            widths.push_back(width);
        }
        std::vector<std::string> titles;
        for (const Column& column : m_columns) titles.push_back(column.title);
        std::string out = line(titles, widths);
        for (const auto& row : m_rows) out += line(row, widths);
        return out;
    }

private:
    std::string line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) const {
        std::string out;
        for (size_t c = 0; c < cells.size(); ++c) {
            const std::string space(widths[c] - textWidth(cells[c]), ' ');
            out += (c > 0 ? "  " : "") + (m_columns[c].align == Align::Right ? space + cells[c] : cells[c] + space);
        }
        return out.erase(out.find_last_not_of(' ') + 1) + "\n";
    }

    std::vector<Column> m_columns;
    std::vector<std::vector<std::string>> m_rows;
};

// "Label       value" lines. A pair with an empty label goes on with the one before.
using LabelledValues = std::vector<std::pair<std::string, std::string>>;
inline std::string labelledText(const LabelledValues& values) {
    size_t width = 0;
    for (const auto& [label, value] : values) width = std::max(width, textWidth(label));
    std::string out;
    for (const auto& [label, value] : values) out += label + std::string(width - textWidth(label) + 2, ' ') + value + "\n";
    return out;
}

}  // namespace radlads::worker
