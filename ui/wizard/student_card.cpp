#include "ui/wizard/student_card.h"

#include <QPainter>
#include <QStyle>
#include <QStyleOptionFocusRect>

#include "ui/core/theme.h"

namespace radlads::ui {
namespace {

constexpr int kPadding = 10, kDrawingHeight = 112, kLineGap = 3;

void arrow(QPainter& painter, QPointF from, QPointF to) {
    painter.drawLine(from, to);
    const bool isVertical = qFuzzyCompare(from.x() + 1, to.x() + 1);
    const double direction = isVertical ? (to.y() > from.y() ? 1 : -1) : (to.x() > from.x() ? 1 : -1);
    const QPointF back = isVertical ? QPointF(0, -4 * direction) : QPointF(-4 * direction, 0);
    const QPointF side = isVertical ? QPointF(2.5, 0) : QPointF(0, 2.5);
    painter.drawLine(to, to + back + side);
    painter.drawLine(to, to + back - side);
}

void box(QPainter& painter, const QRectF& rect, const QString& text, const QColor& fill) {
    painter.setBrush(fill);
    painter.drawRoundedRect(rect, 3, 3);
    painter.setBrush(Qt::NoBrush);
    painter.drawText(rect, Qt::AlignCenter, text);
}

}  // namespace

void drawLayer(QPainter& painter, const QRectF& area, protocol::Architecture architecture, const QPalette& palette) {
    const bool isSeven = architecture == protocol::Architecture::RadRwkv7;
    const QColor line = palette.color(QPalette::Text);
    QColor accent = Theme::instance().color(Role::Accent);
    QColor tint = accent;
    tint.setAlphaF(0.16F);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    QFont small = painter.font();
    small.setPointSizeF(small.pointSizeF() * 0.85);
    painter.setFont(small);
    painter.setPen(QPen(line, 1.2));

    // Left to right: input, (token shift), what is computed from it, the state, the gate, the output.
    const double middle = area.center().y() + 4, left = area.left(), right = area.right();
    const QStringList names =
        isSeven ? QStringList{QStringLiteral("r"), QStringLiteral("k"), QStringLiteral("v"), QStringLiteral("w"),
                              QStringLiteral("a")}
                : QStringList{QStringLiteral("r"), QStringLiteral("k"), QStringLiteral("v"), QStringLiteral("w")};
    const double inputWidth = 18, boxWidth = 20, boxHeight = 15, gap = 3;
    const double columnHeight = names.size() * boxHeight + (names.size() - 1) * gap;
    painter.drawText(QRectF(left, middle - 10, inputWidth, 20), Qt::AlignCenter, QStringLiteral("x"));
    double x = left + inputWidth;
    if (!isSeven) {
        const QRectF shift(x + 8, middle - 22, 34, 44);
        arrow(painter, {x, middle}, {shift.left(), middle});
        box(painter, shift, StudentCard::tr("shift"), Qt::transparent);
        x = shift.right();
    }
    const double projections = x + (isSeven ? 22 : 18);
    const double size = 58, stateLeft = projections + boxWidth + 24;
    const QRectF state(stateLeft, middle - size / 2, size, size);
    for (int i = 0; i < names.size(); ++i) {
        const double y = middle - columnHeight / 2 + i * (boxHeight + gap);
        const QRectF rect(projections, y, boxWidth, boxHeight);
        painter.drawLine(QPointF(x, middle), QPointF(projections, rect.center().y()));
        box(painter, rect, names[i], Qt::transparent);
        painter.drawLine(QPointF(rect.right(), rect.center().y()),
                         QPointF(state.left(), middle + (rect.center().y() - middle) * 0.55));
    }
    // The state: a square that never grows, and returns to itself from token to token.
    painter.setBrush(tint);
    painter.setPen(QPen(accent, 1.6));
    painter.drawRect(state);
    painter.setPen(QPen(accent, 0.5));
    for (int i = 1; i < 4; ++i) {
        painter.drawLine(QPointF(state.left() + i * size / 4, state.top()),
                         QPointF(state.left() + i * size / 4, state.bottom()));
        painter.drawLine(QPointF(state.left(), state.top() + i * size / 4),
                         QPointF(state.right(), state.top() + i * size / 4));
    }
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(line, 1.2));
    QFont bold = small;
    bold.setBold(true);
    painter.setFont(bold);
    painter.drawText(state, Qt::AlignCenter, QStringLiteral("S"));
    painter.setFont(small);
    const double loopTop = state.top() - 12;
    painter.drawLine(QPointF(state.right() - 12, state.top()), QPointF(state.right() - 12, loopTop));
    painter.drawLine(QPointF(state.right() - 12, loopTop), QPointF(state.left() + 12, loopTop));
    arrow(painter, {state.left() + 12, loopTop}, {state.left() + 12, state.top()});
    painter.drawText(QRectF(state.left() - 30, state.bottom() + 2, size + 60, 16), Qt::AlignHCenter | Qt::AlignTop,
                     isSeven ? StudentCard::tr("decays and erases") : StudentCard::tr("decays"));
    const double gateX = state.right() + 26, radius = 9;
    arrow(painter, {state.right(), middle}, {gateX - radius, middle});
    painter.drawEllipse(QPointF(gateX, middle), radius, radius);
    painter.drawText(QRectF(gateX - radius, middle - radius, 2 * radius, 2 * radius), Qt::AlignCenter,
                     QStringLiteral("\u00D7"));
    const QRectF gate(gateX - 11, middle - 40, 22, boxHeight);
    box(painter, gate, QStringLiteral("g"), Qt::transparent);
    arrow(painter, {gateX, gate.bottom()}, {gateX, middle - radius});
    const double outEnd = std::min(right, gateX + radius + 22);
    arrow(painter, {gateX + radius, middle}, {outEnd, middle});
    painter.drawText(QRectF(outEnd - 6, middle - 10, 20, 20), Qt::AlignCenter, QStringLiteral("y"));
    painter.restore();
}

StudentCard::StudentCard(protocol::Architecture architecture, const QString& title, QWidget* parent)
    : QAbstractButton(parent), m_architecture(architecture) {
    setText(title);
    QString name = title;
    setAccessibleName(name.remove(u'&'));
    setCheckable(true);
    setAutoExclusive(true);
    setFocusPolicy(Qt::StrongFocus);
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void StudentCard::setFacts(const QStringList& facts) {
    m_facts = facts;
    setAccessibleDescription(facts.join(u' '));
    updateGeometry();
    update();
}

int StudentCard::factsHeight(int width) const {
    int height = 0;
    for (const QString& fact : m_facts)
        height += fontMetrics().boundingRect(QRect(0, 0, width - 2 * kPadding, 1000), Qt::TextWordWrap, fact).height() +
                  kLineGap;
    return height;
}

int StudentCard::heightForWidth(int width) const {
    return kPadding * 2 + fontMetrics().height() + kDrawingHeight + factsHeight(width);
}

QSize StudentCard::sizeHint() const {
    constexpr int kWidth = 264;
    return {kWidth, heightForWidth(std::max(width(), kWidth))};
}

void StudentCard::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor accent = Theme::instance().color(Role::Accent);
    painter.setPen(QPen(isChecked() ? accent : palette().color(QPalette::Mid), isChecked() ? 2 : 1));
    painter.setBrush(palette().color(QPalette::Base));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
    painter.setBrush(Qt::NoBrush);

    // A radio button's mark, so that the choice does not rest on colour.
    const int line = fontMetrics().height();
    const QRectF mark(kPadding, kPadding + (line - 14) / 2.0, 14, 14);
    painter.setPen(QPen(isChecked() ? accent : palette().color(QPalette::Text), 1.5));
    painter.drawEllipse(mark);
    if (isChecked()) {
        painter.setBrush(accent);
        painter.drawEllipse(mark.adjusted(4, 4, -4, -4));
        painter.setBrush(Qt::NoBrush);
    }
    painter.setPen(palette().color(QPalette::Text));
    QFont bold = font();
    bold.setBold(true);
    painter.setFont(bold);
    const QRect title(kPadding + 22, kPadding, width() - 2 * kPadding - 22, line);
    painter.drawText(title, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextShowMnemonic, text());
    painter.setFont(font());
    drawLayer(painter, QRectF(kPadding + 4, kPadding + line, width() - 2 * kPadding - 12, kDrawingHeight),
              m_architecture, palette());
    int y = kPadding + line + kDrawingHeight;
    for (const QString& fact : m_facts) {
        const QRect space(kPadding, y, width() - 2 * kPadding, 1000);
        QRect used;
        painter.drawText(space, Qt::TextWordWrap, fact, &used);
        y += used.height() + kLineGap;
    }
    if (hasFocus()) {
        QStyleOptionFocusRect option;
        option.initFrom(this);
        option.rect = rect().adjusted(4, 4, -4, -4);
        style()->drawPrimitive(QStyle::PE_FrameFocusRect, &option, &painter, this);
    }
}

}  // namespace radlads::ui
