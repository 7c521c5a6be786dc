#include "ui/core/run_event.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <charconv>
#include <limits>

#include "ui/core/json_values.h"

namespace radlads::ui {
namespace {

using namespace Qt::StringLiterals;

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

std::optional<double> numberFrom(std::string_view text) {
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<double> specialNumber(std::string_view text) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (text == "inf") return kInfinity;
    if (text == "-inf") return -kInfinity;
    return std::nullopt;
}

QLatin1String latin(std::string_view text) {
    return QLatin1String(text.data(), static_cast<qsizetype>(text.size()));
}

// Pieces of a plain line: no white space, no escapes, nothing nested but lists of numbers.
class Reader {
public:
    explicit Reader(std::string_view text) : m_text(text) {}
    bool isAtEnd() const { return m_at == m_text.size(); }
    bool take(char c) {
        if (isAtEnd() || m_text[m_at] != c) return false;
        ++m_at;
        return true;
    }
    char next() const { return isAtEnd() ? '\0' : m_text[m_at]; }
    std::optional<std::string_view> string() {
        if (!take('"')) return std::nullopt;
        const std::size_t start = m_at;
        for (; !isAtEnd() && m_text[m_at] != '"'; ++m_at)
            if (m_text[m_at] == '\\' || static_cast<unsigned char>(m_text[m_at]) < 0x20) return std::nullopt;
        const std::string_view value = m_text.substr(start, m_at - start);
        return take('"') ? std::optional(value) : std::nullopt;
    }
    std::optional<std::string_view> number() {
        const std::size_t start = m_at;
        while (!isAtEnd() && (isDigit(m_text[m_at]) || std::string_view("+-.eE").find(m_text[m_at]) != m_text.npos))
            ++m_at;
        const std::string_view value = m_text.substr(start, m_at - start);
        return numberFrom(value) ? std::optional(value) : std::nullopt;
    }
    std::optional<std::string_view> word() {
        for (const std::string_view known : {"true", "false", "null"}) {
            if (m_text.substr(m_at, known.size()) != known) continue;
            m_at += known.size();
            return known;
        }
        return std::nullopt;
    }
    std::optional<std::string_view> numbers() {
        const std::size_t start = m_at;
        if (!take('[')) return std::nullopt;
        if (!take(']')) {
            do {
                if (!(next() == '"' ? string() : number())) return std::nullopt;
            } while (take(','));
            if (!take(']')) return std::nullopt;
        }
        return m_text.substr(start + 1, m_at - start - 2);
    }

private:
    std::string_view m_text;
    std::size_t m_at = 0;
};

}  // namespace

RunEvent::RunEvent(const QJsonObject& object) : m_object(object) {}

std::optional<RunEvent> RunEvent::fromLine(const QByteArray& json) {
    RunEvent event;
    event.m_line = json;
    if (event.readPlain()) return event;
    const QJsonDocument document = QJsonDocument::fromJson(json);
    if (!document.isObject()) return std::nullopt;
    return RunEvent(document.object());
}

bool RunEvent::readPlain() {
    Reader reader({m_line.constData(), static_cast<std::size_t>(m_line.size())});
    if (!reader.take('{')) return false;
    do {
        const auto key = reader.string();
        if (!key || !reader.take(':') || m_size == kMaxFields) return false;
        Field& field = m_fields[m_size++];
        std::optional<std::string_view> value;
        const char next = reader.next();
        field.kind = next == '"'                    ? Kind::Text
                     : next == '['                  ? Kind::Numbers
                     : isDigit(next) || next == '-' ? Kind::Number
                                                    : Kind::Word;
        switch (field.kind) {
            case Kind::Text:
                value = reader.string();
                break;
            case Kind::Numbers:
                value = reader.numbers();
                break;
            case Kind::Number:
                value = reader.number();
                break;
            case Kind::Word:
                value = reader.word();
                break;
        }
        if (!value) return false;
        field.key = *key;
        field.value = *value;
    } while (reader.take(','));
    return reader.take('}') && reader.isAtEnd();
}

const RunEvent::Field* RunEvent::find(std::string_view key) const {
    for (std::size_t i = 0; i < m_size; ++i)
        if (m_fields[i].key == key) return &m_fields[i];
    return nullptr;
}

bool RunEvent::has(std::string_view key) const {
    if (m_object) return m_object->value(latin(key)).isDouble();
    const Field* field = find(key);
    return field && field->kind == Kind::Number;
}

qint64 RunEvent::integer(std::string_view key, qint64 absent) const {
    if (m_object) return m_object->value(latin(key)).toInteger(absent);
    const Field* field = find(key);
    if (!field || field->kind != Kind::Number) return absent;
    qint64 whole = 0;
    const char* end = field->value.data() + field->value.size();
    if (const auto read = std::from_chars(field->value.data(), end, whole); read.ec == std::errc() && read.ptr == end)
        return whole;
    return QJsonValue(*numberFrom(field->value)).toInteger(absent);
}

double RunEvent::number(std::string_view key, double absent) const {
    if (m_object) return numberFromJson(m_object->value(latin(key)), absent);
    const Field* field = find(key);
    if (!field) return absent;
    if (field->kind == Kind::Number) return *numberFrom(field->value);
    return field->kind == Kind::Text ? specialNumber(field->value).value_or(absent) : absent;
}

bool RunEvent::flag(std::string_view key) const {
    if (m_object) return m_object->value(latin(key)).toBool();
    const Field* field = find(key);
    return field && field->kind == Kind::Word && field->value == "true";
}

QString RunEvent::text(std::string_view key) const {
    if (m_object) return m_object->value(latin(key)).toString();
    const Field* field = find(key);
    if (!field || field->kind != Kind::Text) return {};
    return QString::fromUtf8(field->value.data(), static_cast<qsizetype>(field->value.size()));
}

bool RunEvent::isText(std::string_view key, std::string_view expected) const {
    if (m_object) return m_object->value(latin(key)).toString() == latin(expected);
    const Field* field = find(key);
    return field && field->kind == Kind::Text && field->value == expected;
}

QVector<double> RunEvent::numbers(std::string_view key) const {
    QVector<double> all;
    if (m_object) {
        const QJsonArray list = m_object->value(latin(key)).toArray();
        all.reserve(list.size());
        for (const QJsonValue& value : list) all.append(numberFromJson(value));
        return all;
    }
    const Field* field = find(key);
    if (!field || field->kind != Kind::Numbers) return all;
    Reader reader(field->value);
    while (!reader.isAtEnd()) {
        if (reader.next() == '"')
            all.append(specialNumber(*reader.string()).value_or(0));
        else
            all.append(*numberFrom(*reader.number()));
        reader.take(',');
    }
    return all;
}

}  // namespace radlads::ui
