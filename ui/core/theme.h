// Colours, spacing and icons: the palette of this program on the Fusion style, light and dark (contrast >= 4.5:1).
#pragma once

#include <QColor>
#include <QIcon>
#include <QObject>
#include <QString>

namespace radlads::ui {

enum class Role { Running, Waiting, Success, Warning, Failure, Accent, Muted };

class Theme : public QObject {
    Q_OBJECT
public:
    enum class Mode { System, Light, Dark };
    Q_ENUM(Mode)
    static Theme& instance();

    void apply(Mode mode);  // sets style, palette and font of the application; emits changed()
    bool isDark() const;
    QColor color(Role role) const;
    QColor chartColor(int index) const;  // eight, colour-blind safe; others wrap
    QColor chartGrid() const;
    QColor heatColor(double share) const;  // 0 to 1, perceptually even
    // An SVG of this program ("pause", "play", "stop", "checkpoint", "model", ...) in the text colour.
    QIcon icon(const QString& name) const;
    static constexpr int kSpacing = 8;

Q_SIGNALS:
    void changed();

private:
    Theme() = default;
    Mode m_mode = Mode::System;
};

}  // namespace radlads::ui
