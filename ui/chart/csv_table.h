// What a chart shows as rows of text: a copy of its values, to be written in any thread while the chart goes on.
#pragma once

#include <QIODevice>
#include <QString>
#include <QStringList>
#include <functional>
#include <memory>
#include <vector>

#include "ui/chart/column.h"

namespace radlads::ui {

class CsvTable {
public:
    // A curve's values; the x of curves that share them is shared.
    struct Part {
        std::shared_ptr<const std::vector<XPoint>> x;
        std::vector<float> y;
        size_t column = 0;
    };
    struct Run {
        QString name;
        std::vector<Part> parts;
    };
    using GoOn = std::function<bool(size_t rowsDone)>;

    QStringList columns;
    std::vector<Run> runs;

    size_t rows() const;  // at most: of curves that share their x values, one a value
    // false if it could not be written, or if `goOn`, asked now and then, says no.
    bool write(QIODevice& device, char separator, const GoOn& goOn = {}) const;

private:
    bool writeRun(QIODevice& device, QByteArray& text, const Run& run, char separator, size_t& done,
                  const GoOn& goOn) const;
};

}  // namespace radlads::ui
