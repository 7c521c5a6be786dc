// One line of a run's journal. Read where it lies when it is as the engine writes them: a long run has hundreds of
// thousands, and a document for each would make the replay take seconds.
#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QString>
#include <QVector>
#include <array>
#include <optional>
#include <string_view>

namespace radlads::ui {

// A value. The fields of a line are read by name; absent ones have the given value.
class RunEvent {
public:
    explicit RunEvent(const QJsonObject& object);
    // Keeps the bytes. Nothing if they are no JSON object.
    static std::optional<RunEvent> fromLine(const QByteArray& json);

    bool has(std::string_view key) const;  // a number
    qint64 integer(std::string_view key, qint64 absent = 0) const;
    double number(std::string_view key, double absent = 0) const;  // "nan", "inf" and "-inf" are numbers too
    bool flag(std::string_view key) const;
    QString text(std::string_view key) const;
    bool isText(std::string_view key, std::string_view expected) const;
    QVector<double> numbers(std::string_view key) const;

private:
    enum class Kind { Number, Text, Word, Numbers };
    struct Field {
        std::string_view key, value;  // within m_line; a text without its quotes
        Kind kind = Kind::Number;
    };
    static constexpr std::size_t kMaxFields = 24;

    RunEvent() = default;
    bool readPlain();
    const Field* find(std::string_view key) const;

    QByteArray m_line;
    std::array<Field, kMaxFields> m_fields;
    std::size_t m_size = 0;
    std::optional<QJsonObject> m_object;  // of a line that is not plain
};

}  // namespace radlads::ui
