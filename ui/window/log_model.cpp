#include "ui/window/log_model.h"

#include <QLocale>

#include "ui/core/theme.h"

namespace radlads::ui {

namespace {

QString levelText(const QString& level) {
    if (level == QLatin1String("warning")) return LogModel::tr("warning");
    if (level == QLatin1String("error")) return LogModel::tr("error");
    if (level == QLatin1String("event")) return LogModel::tr("event");
    return LogModel::tr("note");
}

}  // namespace

void LogModel::setHistory(std::shared_ptr<RunHistory> history) {
    beginResetModel();
    if (m_history) m_history->disconnect(this);
    m_history = std::move(history);
    m_count = m_history ? static_cast<int>(m_history->log().size()) : 0;
    if (m_history) connect(m_history.get(), &RunHistory::changed, this, &LogModel::grow);
    endResetModel();
}

void LogModel::grow() {
    const int count = static_cast<int>(m_history->log().size());
    if (count <= m_count) return;
    beginInsertRows({}, m_count, count - 1);
    m_count = count;
    endInsertRows();
}

QVariant LogModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= m_count) return {};
    const LogLine& line = m_history->log().at(index.row());
    if (role == LevelRole) return line.level;
    if (role == Qt::ToolTipRole) return line.text;
    if (role == Qt::ForegroundRole && index.column() == Level) {
        if (line.level == QLatin1String("error")) return Theme::instance().color(Role::Failure);
        if (line.level == QLatin1String("warning")) return Theme::instance().color(Role::Warning);
        return Theme::instance().color(Role::Muted);
    }
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
        case Time: {
            const QDateTime local = line.time.toLocalTime();
            return QLocale().toString(local, QStringLiteral("yyyy-MM-dd HH:mm:ss"));
        }
        case Level:
            return levelText(line.level);
        case Text:
            return line.text;
        default:
            return {};
    }
}

QVariant LogModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    return section == Time ? tr("Time") : section == Level ? tr("Kind") : tr("What happened");
}

}  // namespace radlads::ui
