#include "ui/core/theme.h"

#include <QApplication>
#include <QPalette>
#include <QPixmapCache>
#include <algorithm>
#include <array>
#include <cmath>

#include "ui/core/studio_style.h"
#include "ui/core/system_theme.h"
#include "ui/core/theme_icon.h"

static void initialiseIcons() {
    Q_INIT_RESOURCE(icons);
}

namespace radlads::ui {

namespace {

struct Tones {
    QColor window, base, alternate, text, muted, button, border, accent, highlight, highlightText, running, waiting,
        success, warning, failure, grid;
};

// Text colours have a contrast of at least 4.5:1 on window and base; tests/ui/look_test.cpp measures it.
const Tones kLight{QColor(0xf4f5f7), QColor(0xffffff), QColor(0xf7f8fa), QColor(0x1c2024),
                   QColor(0x5a6270), QColor(0xffffff), QColor(0xc9ced6), QColor(0x1f5fbf),
                   QColor(0x1f5fbf), QColor(0xffffff), QColor(0x1f5fbf), QColor(0x6b5b00),
                   QColor(0x1c7430), QColor(0x9a4a00), QColor(0xb3261e), QColor(0xe1e4e9)};
const Tones kDark{QColor(0x1d2025), QColor(0x15181c), QColor(0x1a1d22), QColor(0xe6e8eb),
                  QColor(0xa2aab6), QColor(0x2a2e35), QColor(0x4a515d), QColor(0x7db1ff),
                  QColor(0x3a6fc2), QColor(0xffffff), QColor(0x7db1ff), QColor(0xe2c95a),
                  QColor(0x7ccf8e), QColor(0xffb069), QColor(0xff8a80), QColor(0x31363e)};

const std::array<QColor, 8> kLightCharts{QColor(0x0f62ac), QColor(0xb85c00), QColor(0x007a5a), QColor(0xa3377d),
                                         QColor(0x5b4bb5), QColor(0x8a6d00), QColor(0x1d7f93), QColor(0x4a4f57)};
const std::array<QColor, 8> kDarkCharts{QColor(0x6cb4ff), QColor(0xffa24a), QColor(0x3fcf9f), QColor(0xf08ccb),
                                        QColor(0xa99bff), QColor(0xe3c64b), QColor(0x67d3e6), QColor(0xb8bfca)};

// Viridis at nine places: even steps look even, also without colour.
const std::array<QColor, 9> kHeat{QColor(0x440154), QColor(0x472d7b), QColor(0x3b528b),
                                  QColor(0x2c728e), QColor(0x21918c), QColor(0x28ae80),
                                  QColor(0x5ec962), QColor(0xaddc30), QColor(0xfde725)};

QPalette paletteOf(const Tones& tones) {
    QPalette palette;
    palette.setColor(QPalette::Window, tones.window);
    palette.setColor(QPalette::WindowText, tones.text);
    palette.setColor(QPalette::Base, tones.base);
    palette.setColor(QPalette::AlternateBase, tones.alternate);
    palette.setColor(QPalette::Text, tones.text);
    palette.setColor(QPalette::Button, tones.button);
    palette.setColor(QPalette::ButtonText, tones.text);
    palette.setColor(QPalette::BrightText, tones.failure);
    palette.setColor(QPalette::ToolTipBase, tones.base);
    palette.setColor(QPalette::ToolTipText, tones.text);
    palette.setColor(QPalette::PlaceholderText, tones.muted);
    palette.setColor(QPalette::Highlight, tones.highlight);
    palette.setColor(QPalette::HighlightedText, tones.highlightText);
    palette.setColor(QPalette::Link, tones.accent);
    palette.setColor(QPalette::LinkVisited, tones.accent);
    palette.setColor(QPalette::Light, tones.button.lighter(110));
    palette.setColor(QPalette::Midlight, tones.border);
    palette.setColor(QPalette::Mid, tones.border);
    palette.setColor(QPalette::Dark, tones.border.darker(115));
    palette.setColor(QPalette::Shadow, tones.border.darker(150));
    const QColor faint = [&] {
        QColor mixed = tones.muted;
        mixed.setAlphaF(0.62f);
        return mixed;
    }();
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, faint);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, tones.border);
    palette.setColor(QPalette::Disabled, QPalette::HighlightedText, tones.text);
    return palette;
}

// As the desktop has it, whatever this program sets. Made with the first theme, before its palette.
SystemTheme& systemTheme() {
    static auto* theme = new SystemTheme(QDBusConnection::sessionBus(),
                                         QStringLiteral("org.freedesktop.portal.Desktop"), QApplication::instance());
    return *theme;
}

const Tones& tones() {
    return Theme::instance().isDark() ? kDark : kLight;
}

}  // namespace

Theme& Theme::instance() {
    static Theme theme;
    return theme;
}

void Theme::apply(Mode mode) {
    initialiseIcons();
    static const bool isFirst = [this] {
        connect(&systemTheme(), &SystemTheme::changed, this, [this] {
            if (m_mode == Mode::System) apply(m_mode);
        });
        QApplication::setStyle(new StudioStyle);
        return true;
    }();
    Q_UNUSED(isFirst);
    m_mode = mode;
    QPixmapCache::clear();
    QApplication::setPalette(paletteOf(tones()));
    Q_EMIT changed();
}

bool Theme::isDark() const {
    return m_mode == Mode::System ? systemTheme().isDark() : m_mode == Mode::Dark;
}

QColor Theme::color(Role role) const {
    switch (role) {
        case Role::Running:
            return tones().running;
        case Role::Waiting:
            return tones().waiting;
        case Role::Success:
            return tones().success;
        case Role::Warning:
            return tones().warning;
        case Role::Failure:
            return tones().failure;
        case Role::Accent:
            return tones().accent;
        case Role::Muted:
            return tones().muted;
    }
    return tones().text;
}

QColor Theme::chartColor(int index) const {
    const auto& colors = isDark() ? kDarkCharts : kLightCharts;
    return colors.at(static_cast<std::size_t>(std::abs(index)) % colors.size());
}

QColor Theme::chartGrid() const {
    return tones().grid;
}

QColor Theme::heatColor(double share) const {
    if (!std::isfinite(share)) return chartGrid();
    const double place = std::clamp(share, 0.0, 1.0) * (kHeat.size() - 1);
    const auto lower = std::min(static_cast<std::size_t>(place), kHeat.size() - 2);
    const double part = place - static_cast<double>(lower);
    const QColor& a = kHeat.at(lower);
    const QColor& b = kHeat.at(lower + 1);
    const auto mix = [part](int from, int to) { return static_cast<int>(std::lround(from + part * (to - from))); };
    return {mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue())};
}

QIcon Theme::icon(const QString& name) const {
    initialiseIcons();
    return QIcon(new ThemeIconEngine(name));
}

}  // namespace radlads::ui
