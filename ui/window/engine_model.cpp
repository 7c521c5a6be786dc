#include "ui/window/engine_model.h"

#include "ui/core/theme.h"

namespace radlads::ui {

namespace {

QString stateText(EngineClient::State state) {
    switch (state) {
        case EngineClient::State::Connected:
            return EngineModel::tr("connected");
        case EngineClient::State::Connecting:
            return EngineModel::tr("connecting");
        case EngineClient::State::Refused:
            return EngineModel::tr("refused");
        case EngineClient::State::Disconnected:
            return EngineModel::tr("not connected");
    }
    return {};
}

}  // namespace

EngineModel::EngineModel(EngineSet* engines, QObject* parent)
    : QAbstractListModel(parent), m_engines(engines), m_rows(engines->count()) {
    connect(engines, &EngineSet::added, this, [this](int row) {
        beginInsertRows({}, row, row);
        ++m_rows;
        endInsertRows();
    });
    connect(engines, &EngineSet::removed, this, [this](int row) {
        beginRemoveRows({}, row, row);
        --m_rows;
        endRemoveRows();
    });
    connect(engines, &EngineSet::changed, this, [this](int row) { Q_EMIT dataChanged(index(row), index(row)); });
}

int EngineModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_rows;
}

QVariant EngineModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= m_engines->count()) return {};
    const EngineClient* client = m_engines->client(index.row());
    const QString& title = client->address().title;
    // It goes on trying, but what counts is that it has not come about.
    const auto state = client->state() == EngineClient::State::Connecting && !client->problem().isEmpty()
                           ? EngineClient::State::Disconnected
                           : client->state();
    switch (role) {
        case Qt::DisplayRole:
            return state == EngineClient::State::Connected ? title : tr("%1 (%2)").arg(title, stateText(state));
        case Qt::DecorationRole:
            return Theme::instance().icon(state != EngineClient::State::Connected ? QStringLiteral("disconnected")
                                          : client->address().host.isEmpty()      ? QStringLiteral("engine")
                                                                                  : QStringLiteral("server"));
        case Qt::ToolTipRole:
        case ProblemRole:
            return client->problem();
        case StateRole:
            return static_cast<int>(state);
        case Qt::AccessibleTextRole:
            return tr("%1, %2. %3").arg(title, stateText(state), client->problem());
        default:
            return {};
    }
}

}  // namespace radlads::ui
