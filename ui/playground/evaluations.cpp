#include "ui/playground/evaluations.h"

#include <QCoreApplication>
#include <QJsonObject>
#include <QLocale>
#include <QMap>
#include <algorithm>
#include <cmath>

#include "ui/core/format.h"
#include "ui/core/json_values.h"

namespace radlads::ui {

namespace {

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(radlads::ui::Evaluations)
};

struct Report {
    QJsonObject json;
    QDateTime time;
    QString stage;
};

int stageOrder(const QString& stage) {
    if (stage == QLatin1String("setup")) return 0;
    if (stage == QLatin1String("now")) return 1 << 20;
    return stage.section(QLatin1Char(' '), 1).toInt();
}

QStringList strings(const QJsonValue& value) {
    QStringList list;
    for (const QJsonValue& item : value.toArray()) list.append(item.toString());
    return list;
}

QString setKey(const QJsonObject& report) {
    const bool hasText = report.contains(QLatin1String("perplexity"));
    QStringList parts{report.value(QLatin1String("seed")).toVariant().toString(),
                      report.value(QLatin1String("windows")).toVariant().toString(),
                      report.value(QLatin1String("against")).toString()};
    if (hasText) {
        parts.append(strings(report.value(QLatin1String("data"))));
        parts.append(report.value(QLatin1String("sequence_length")).toVariant().toString());
        parts.append(report.value(QLatin1String("held_out")).toBool() ? QStringLiteral("held") : QString());
    }
    return parts.join(QLatin1Char('\n'));
}

std::optional<Score> skillScore(const QJsonObject& value) {
    const auto score = optionalNumberFromJson(value.value(QLatin1String("score")));
    if (!score) return {};
    return Score{*score, optionalNumberFromJson(value.value(QLatin1String("standard_error"))), {}, {}};
}

// Puts a score between floor and teacher, which are taken as exact.
void relate(std::optional<Score>& score, const std::optional<Score>& floor, const std::optional<Score>& teacher) {
    if (!score || !floor || !teacher) return;
    const double span = teacher->value - floor->value;
    if (!std::isfinite(span) || std::abs(span) < 1e-9) return;
    score->relative = (score->value - floor->value) / span;
    if (score->standardError) score->relativeError = *score->standardError / std::abs(span);
}

Score perplexityScore(const QJsonObject& value) {
    Score score{numberFromJson(value.value(QLatin1String("perplexity"))), {}, {}, {}};
    if (const auto error = optionalNumberFromJson(value.value(QLatin1String("standard_error"))))
        score.standardError = score.value * *error;  // of the mean loss, whose exponential the perplexity is
    return score;
}

// Perplexity is put in relation as nats: chance is the floor.
void relatePerplexity(Score& score, const QJsonObject& own, const QJsonObject& report) {
    const auto loss = optionalNumberFromJson(own.value(QLatin1String("mean_loss")));
    const auto teacher = optionalNumberFromJson(
        report.value(QLatin1String("teacher_perplexity")).toObject().value(QLatin1String("mean_loss")));
    const auto chance =
        optionalNumberFromJson(report.value(QLatin1String("chance")).toObject().value(QLatin1String("perplexity")));
    if (!loss || !teacher || !chance || *chance <= 1) return;
    const double span = std::log(*chance) - *teacher;
    if (std::abs(span) < 1e-9) return;
    score.relative = (std::log(*chance) - *loss) / span;
    if (const auto error = optionalNumberFromJson(own.value(QLatin1String("standard_error"))))
        score.relativeError = *error / std::abs(span);
}

class SetBuilder {
public:
    explicit SetBuilder(const QVector<Report>& reports) : m_reports(reports) {}

    EvaluationSet build() {
        describe();
        addTextRows();
        addSkillRows();
        addAnswers();
        findBest();
        return m_set;
    }

private:
    void describe() {
        const QJsonObject& newest = m_reports.last().json;
        m_set.key = setKey(newest);
        m_set.seed = newest.value(QLatin1String("seed")).toVariant().toLongLong();
        m_set.windows = newest.value(QLatin1String("windows")).toVariant().toLongLong();
        m_set.sequenceLength = newest.value(QLatin1String("sequence_length")).toVariant().toLongLong();
        m_set.data = strings(newest.value(QLatin1String("data")));
        m_set.isHeldOut = newest.value(QLatin1String("held_out")).toBool();
        m_set.against = newest.value(QLatin1String("against")).toString();
        for (const Report& report : m_reports) {
            m_set.newest = std::max(m_set.newest, report.time);
            if (!m_set.stages.contains(report.stage)) m_set.stages.append(report.stage);
            for (const QString& task : strings(report.json.value(QLatin1String("tasks"))))
                if (!m_set.tasks.contains(task)) m_set.tasks.append(task);
        }
        std::sort(m_set.stages.begin(), m_set.stages.end(),
                  [](const QString& a, const QString& b) { return stageOrder(a) < stageOrder(b); });
    }

    // The newest report of a stage that holds `part`.
    const QJsonObject* reportOf(const QString& stage, const char* part) const {
        for (auto report = m_reports.rbegin(); report != m_reports.rend(); ++report)
            if (report->stage == stage && report->json.contains(QLatin1String(part))) return &report->json;
        return nullptr;
    }

    void addTextRows() {
        ScoreRow perplexity{
            QStringLiteral("perplexity"),
            Texts::tr("Perplexity"),
            Texts::tr("How uncertain the model is about the next token of a text; lower is better. The floor is "
                      "that of a model for which every token is as likely."),
            ScoreUnit::Perplexity,
            false,
            {},
            {},
            {},
            -1};
        ScoreRow agreement{QStringLiteral("agreement"),
                           Texts::tr("Same next token"),
                           Texts::tr("How often student and teacher find the same next token the likeliest."),
                           ScoreUnit::Share,
                           false,
                           Score{0, {}, {}, {}},
                           Score{1, {}, {}, {}},
                           {},
                           -1};
        bool hasPerplexity = false, hasAgreement = false;
        for (const QString& stage : m_set.stages) {
            std::optional<Score> score, agree;
            if (const QJsonObject* report = reportOf(stage, "perplexity")) {
                const QJsonObject own = report->value(QLatin1String("perplexity")).toObject();
                score = perplexityScore(own);
                relatePerplexity(*score, own, *report);
                hasPerplexity = true;
                if (report->contains(QLatin1String("teacher_perplexity")))
                    perplexity.teacher = perplexityScore(report->value(QLatin1String("teacher_perplexity")).toObject());
                const auto chance = optionalNumberFromJson(
                    report->value(QLatin1String("chance")).toObject().value(QLatin1String("perplexity")));
                if (chance) perplexity.floor = Score{*chance, {}, {}, {}};
                const QJsonObject same = report->value(QLatin1String("agreement")).toObject();
                if (const auto value = optionalNumberFromJson(same.value(QLatin1String("next_token")))) {
                    agree = Score{*value, optionalNumberFromJson(same.value(QLatin1String("standard_error"))), {}, {}};
                    relate(agree, agreement.floor, agreement.teacher);
                    hasAgreement = true;
                }
            }
            perplexity.stages.append(score);
            agreement.stages.append(agree);
        }
        agreement.floor.reset();  // two models that guess agree as often as their guesses do: not measured
        if (hasPerplexity) m_set.rows.append(perplexity);
        if (hasAgreement) m_set.rows.append(agreement);
    }

    static QJsonObject skillsOf(const QJsonObject& report, const char* part, const char* group) {
        return report.value(QLatin1String(part)).toObject().value(QLatin1String(group)).toObject();
    }

    void addSkillRow(ScoreRow row, const char* group, const QString& key) {
        bool hasAny = false;
        for (const QString& stage : m_set.stages) {
            std::optional<Score> score;
            if (const QJsonObject* report = reportOf(stage, "skills")) {
                row.floor = skillScore(skillsOf(*report, "floor", group).value(key).toObject());
                if (const auto teacher = skillScore(skillsOf(*report, "teacher_skills", group).value(key).toObject()))
                    row.teacher = teacher;
                score = skillScore(skillsOf(*report, "skills", group).value(key).toObject());
                relate(score, row.floor, row.teacher);
            }
            hasAny = hasAny || score;
            row.stages.append(score);
        }
        if (hasAny) m_set.rows.append(row);
    }

    void addSkillRows() {
        const QString floorText =
            Texts::tr("The floor is the teacher without its mixers, which sees one token at a time.");
        const auto skill = [&](const char* id, const QString& title, const QString& what) {
            addSkillRow({QLatin1String(id),
                         title,
                         what + QLatin1Char(' ') + floorText,
                         ScoreUnit::Share,
                         false,
                         {},
                         {},
                         {},
                         -1},
                        "skills", QLatin1String(id));
        };
        skill("recall", skillTitle(QStringLiteral("recall")),
              Texts::tr("Words that can only be known from earlier in the story: who had what, and where."));
        for (const char* band : {"1-16", "16-32", "32-64", "64-128", "128-256"}) {
            const QStringList ends = QString::fromLatin1(band).split(QLatin1Char('-'));
            addSkillRow({QStringLiteral("recall ") + QLatin1String(band),
                         Texts::tr("%1–%2 words back").arg(ends.at(0), ends.at(1)),
                         Texts::tr("Recall, by how far back the answer stands."),
                         ScoreUnit::Share,
                         true,
                         {},
                         {},
                         {},
                         -1},
                        "recall_by_distance", QLatin1String(band));
        }
        skill("copy", skillTitle(QStringLiteral("copy")), Texts::tr("A list of words, said a second time."));
        skill("counting", skillTitle(QStringLiteral("counting")),
              Texts::tr("The next number, and how many things there were."));
        skill("arithmetic", skillTitle(QStringLiteral("arithmetic")),
              Texts::tr("Sums and differences of small numbers."));
    }

    void addAnswers() {
        for (const QString& stage : m_set.stages) {
            const QJsonObject* report = reportOf(stage, "samples");
            if (!report) continue;
            for (const QJsonValue& value : report->value(QLatin1String("samples")).toArray()) {
                const QJsonObject sample = value.toObject();
                SampleAnswer answer{stage,
                                    sample.value(QLatin1String("skill")).toString(),
                                    sample.value(QLatin1String("prompt")).toString(),
                                    sample.value(QLatin1String("expected")).toString(),
                                    sample.value(QLatin1String("given")).toString(),
                                    {},
                                    sample.value(QLatin1String("distance")).toInt(),
                                    sample.value(QLatin1String("right")).toBool()};
                if (sample.value(QLatin1String("teacher_given")).isString())
                    answer.teacherGiven = sample.value(QLatin1String("teacher_given")).toString();
                m_set.answers.append(answer);
            }
        }
    }

    void findBest() {
        QVector<double> sums(m_set.stages.size(), 0);
        QVector<int> counts(m_set.stages.size(), 0);
        for (ScoreRow& row : m_set.rows) {
            int scored = 0;
            for (int stage = 0; stage < row.stages.size(); ++stage) {
                const auto& score = row.stages.at(stage);
                if (!score) continue;
                ++scored;
                const auto isBetter = [&](double a, double b) {
                    return row.unit == ScoreUnit::Perplexity ? a < b : a > b;
                };
                if (row.best < 0 || isBetter(score->value, row.stages.at(row.best)->value)) row.best = stage;
                if (row.isDetail || !score->relative) continue;
                sums[stage] += *score->relative;
                ++counts[stage];
            }
            if (scored < 2) row.best = -1;
        }
        // Stages are compared over the tasks that most of them have; one with fewer is left out.
        const int most = counts.isEmpty() ? 0 : *std::max_element(counts.begin(), counts.end());
        int compared = 0;
        for (int stage = 0; stage < counts.size(); ++stage) {
            if (most == 0 || counts.at(stage) != most) continue;
            ++compared;
            const double mean = sums.at(stage) / most;
            if (m_set.bestRelative && mean <= *m_set.bestRelative) continue;
            m_set.bestRelative = mean;
            m_set.best = stage;
        }
        if (compared < 2) m_set.best = -1;
    }

    const QVector<Report>& m_reports;
    EvaluationSet m_set;
};

QString csvField(QString text) {
    if (!text.contains(QLatin1Char('"')) && !text.contains(QLatin1Char(',')) && !text.contains(QLatin1Char('\n')))
        return text;
    return QLatin1Char('"') + text.replace(QLatin1String("\""), QLatin1String("\"\"")) + QLatin1Char('"');
}

QString csvNumber(const std::optional<double>& value) {
    return value ? QString::number(*value, 'g', 9) : QString();
}

}  // namespace

QVector<EvaluationSet> evaluationSets(const QJsonArray& reports) {
    QMap<QString, QVector<Report>> groups;
    for (const QJsonValue& value : reports) {
        const QJsonObject json = value.toObject();
        const QString stage = json.value(QLatin1String("stage")).toString();
        if (stage.isEmpty() || !(json.contains(QLatin1String("perplexity")) || json.contains(QLatin1String("skills"))))
            continue;
        groups[setKey(json)].append({json, timeFromJson(json.value(QLatin1String("time"))), stage});
    }
    QVector<EvaluationSet> sets;
    for (QVector<Report>& group : groups) {
        std::stable_sort(group.begin(), group.end(), [](const Report& a, const Report& b) { return a.time < b.time; });
        sets.append(SetBuilder(group).build());
    }
    std::stable_sort(sets.begin(), sets.end(),
                     [](const EvaluationSet& a, const EvaluationSet& b) { return a.newest > b.newest; });
    return sets;
}

QString stageTitle(const QString& stage, const QStringList& stepKinds) {
    if (stage == QLatin1String("setup")) return Texts::tr("Before step 1");
    if (stage == QLatin1String("now")) return Texts::tr("Now");
    const int step = stageOrder(stage);
    if (step < 1) return stage;
    if (step > stepKinds.size()) return Texts::tr("After step %1").arg(step);
    return Texts::tr("After step %1, %2").arg(QString::number(step), stepTitle(stepKinds.at(step - 1)));
}

QString scoreText(const Score& score, ScoreUnit unit) {
    const QLocale locale;
    if (unit == ScoreUnit::Perplexity) {
        const int decimals = score.value < 10 ? 3 : score.value < 100 ? 2 : score.value < 1000 ? 1 : 0;
        const QString value = locale.toString(score.value, 'f', decimals);
        return score.standardError
                   ? Texts::tr("%1 ± %2").arg(value, locale.toString(*score.standardError, 'f', decimals))
                   : value;
    }
    const QString value = locale.toString(100 * score.value, 'f', 1);
    return score.standardError ? Texts::tr("%1 % ± %2").arg(value, locale.toString(100 * *score.standardError, 'f', 1))
                               : Texts::tr("%1 %").arg(value);
}

QString relativeText(const Score& score) {
    const QLocale locale;
    if (!score.relative || !std::isfinite(*score.relative)) return {};
    const QString value = locale.toString(100 * *score.relative, 'f', 0);
    return score.relativeError && std::isfinite(*score.relativeError)
               ? Texts::tr("%1 % ± %2").arg(value, locale.toString(100 * *score.relativeError, 'f', 0))
               : Texts::tr("%1 %").arg(value);
}

QString skillTitle(const QString& skill) {
    if (skill == QLatin1String("recall")) return Texts::tr("Recall");
    if (skill == QLatin1String("copy")) return Texts::tr("Copy");
    if (skill == QLatin1String("counting")) return Texts::tr("Counting");
    if (skill == QLatin1String("arithmetic")) return Texts::tr("Arithmetic");
    return skill;
}

QString setTitle(const EvaluationSet& set) {
    const QLocale locale;
    QStringList parts;
    if (!set.data.isEmpty()) {
        QStringList names;
        for (const QString& path : set.data) names.append(path.section(QLatin1Char('/'), -1));
        parts.append(set.isHeldOut ? Texts::tr("held-out text") : names.join(QStringLiteral(", ")));
    }
    if (set.tasks.contains(QLatin1String("skills"))) parts.append(Texts::tr("skills"));
    QString title = parts.join(QStringLiteral(", "));
    if (!title.isEmpty()) title[0] = title.at(0).toUpper();
    const QString windows = locale.toString(set.windows);
    return QStringList{title, Texts::tr("seed %1").arg(set.seed),
                       set.sequenceLength > 0
                           ? Texts::tr("%1 × %2 tokens").arg(windows, locale.toString(set.sequenceLength))
                           : Texts::tr("%1 windows").arg(windows)}
        .join(QStringLiteral(" · "));
}

QString evaluationCsv(const EvaluationSet& set) {
    QStringList lines{QStringLiteral("task,stage,score,standard_error,relative,relative_standard_error")};
    const auto add = [&](const ScoreRow& row, const QString& stage, const std::optional<Score>& score) {
        if (!score) return;
        lines.append(QStringList{csvField(row.id), csvField(stage), csvNumber(score->value),
                                 csvNumber(score->standardError), csvNumber(score->relative),
                                 csvNumber(score->relativeError)}
                         .join(QLatin1Char(',')));
    };
    for (const ScoreRow& row : set.rows) {
        add(row, QStringLiteral("floor"), row.floor);
        add(row, QStringLiteral("teacher"), row.teacher);
        for (int stage = 0; stage < row.stages.size(); ++stage) add(row, set.stages.at(stage), row.stages.at(stage));
    }
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

}  // namespace radlads::ui
