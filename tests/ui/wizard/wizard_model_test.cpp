// The plan behind the wizard, without a window: undo, problems, differences, shares, the learning-rate curve, remedies.
#include "ui/wizard/wizard_model.h"

#include <QSignalSpy>
#include <QTest>
#include <numeric>

#include "tests/ui/wizard/wizard_engine.h"
#include "ui/wizard/data_page.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/learning_rate_curve.h"
#include "ui/wizard/plan_field.h"
#include "ui/wizard/student_page.h"

using namespace Qt::StringLiterals;
using namespace radlads;
using namespace radlads::ui;

namespace {

protocol::Plan preset(const QString& name) {
    const QByteArray text = QJsonDocument(tests::presetPlan(name)).toJson();
    return *protocol::parsePlan(text.toStdString(), "preset");
}

}  // namespace

class WizardModelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void undoAndRedoGiveEveryDocumentBack() {
        WizardModel model;
        model.start(preset(u"demo-rad-rwkv7"_s), u"Demo"_s);
        QStringList documents{model.document()};
        QVERIFY(model.set(u"steps.0.tokens"_s, 123456, u"a"_s).isEmpty());
        documents.append(model.document());
        QVERIFY(model.set(u"student.variant"_s, u"balanced"_s, u"b"_s).isEmpty());
        documents.append(model.document());
        model.applyPreset(preset(u"paper-rwkv7"_s), u"Paper"_s);
        documents.append(model.document());
        model.edit(u"c"_s, {}, [](protocol::Plan& plan) { plan.data.sources.push_back({"/x"}); });
        documents.append(model.document());
        for (qsizetype i = documents.size() - 2; i >= 0; --i) {
            model.undoStack()->undo();
            QCOMPARE(model.document(), documents[i]);
        }
        QVERIFY(!model.undoStack()->canUndo());
        QCOMPARE(model.baseTitle(), u"Demo"_s);
        for (qsizetype i = 1; i < documents.size(); ++i) {
            model.undoStack()->redo();
            QCOMPARE(model.document(), documents[i]);
        }
    }

    void typingIntoOneFieldIsOneStepOfUndo() {
        WizardModel model;
        model.start(preset(u"demo-rad-rwkv7"_s), {});
        for (const int tokens : {1, 12, 123}) model.set(u"steps.0.tokens"_s, tokens, u"type"_s);
        QCOMPARE(model.undoStack()->count(), 1);
        model.endMerge();
        model.set(u"steps.0.tokens"_s, 5, u"type"_s);
        QCOMPARE(model.undoStack()->count(), 2);
    }

    void aValueThatThePlanRefusesChangesNothing() {
        WizardModel model;
        model.start(preset(u"demo-rad-rwkv7"_s), {});
        const QString before = model.document();
        const QString reason = model.set(u"steps.0.batch_size"_s, 0, u"x"_s);
        QVERIFY2(reason.contains(u"between 1"_s), qPrintable(reason));
        QCOMPARE(model.document(), before);
        QVERIFY(!model.set(u"hardware.device"_s, u"toaster"_s, u"x"_s).isEmpty());
        QVERIFY(!model.undoStack()->canUndo());
    }

    void everyProblemOfAPlanIsNamedAtItsKey() {
        WizardModel model;
        protocol::Plan plan = preset(u"paper-rwkv7"_s);
        plan.steps[0].tokens = 0;
        plan.steps[1].microBatchSize = 7;
        plan.steps[2].train = protocol::Trainable::MixerDecay;
        plan.steps[2].loss = protocol::Loss::Kl;
        plan.student.attentionLayers = {3, 3};
        model.start(plan, {});
        for (const char* key : {"teacher.path", "data.sources", "steps.0.tokens", "steps.1.micro_batch_size",
                                "steps.2.loss", "student.attention_layers"})
            QVERIFY2(!model.problemOf(QLatin1String(key)).isEmpty(), key);
        QCOMPARE(model.problems().size(), 6);
        model.start({}, {});
        for (const char* key : {"teacher.path", "data.sources", "steps"})
            QVERIFY2(!model.problemOf(QLatin1String(key)).isEmpty(), key);
    }

    void whatTheEngineSaysHoldsUntilItsKeyIsChanged() {
        WizardModel model;
        model.start(preset(u"demo-rad-rwkv7"_s), {});
        model.setEngineProblems({{u"hardware.threads"_s, u"too many"_s}});
        QCOMPARE(model.problemOf(u"hardware.threads"_s), u"too many"_s);
        model.set(u"steps.0.tokens"_s, 5, u"x"_s);
        QCOMPARE(model.problemOf(u"hardware.threads"_s), u"too many"_s);
        model.set(u"hardware.threads"_s, 2, u"x"_s);
        QVERIFY(model.problems().isEmpty());
    }

    void differencesNameExactlyWhatWasChangedAndResetPutsItBack() {
        WizardModel model;
        model.start(preset(u"demo-rad-rwkv7"_s), u"Demo"_s);
        QVERIFY(model.differences().isEmpty());
        model.set(u"steps.1.learning_rate.initial"_s, 0.002, u"x"_s);
        model.set(u"student.gate"_s, u"full"_s, u"x"_s);
        const auto differences = model.differences();
        QCOMPARE(differences.size(), 2);
        QCOMPARE(differences[0].key, u"steps.1.learning_rate.initial"_s);
        QCOMPARE(differences[0].before, u"0.001"_s);
        QCOMPARE(differences[0].after, u"0.002"_s);
        QCOMPARE(differences[1].key, u"student.gate"_s);
        QVERIFY(model.isChanged(u"student"_s));
        model.reset(u"student.gate"_s);
        model.reset(u"steps.1.learning_rate.initial"_s);
        QVERIFY(model.differences().isEmpty());
        QVERIFY(!model.plan().student.gate);
    }

    void aPresetKeepsTheTeacherAndTheDataThatWereChosen() {
        WizardModel model;
        model.edit(u"teacher"_s, {}, [](protocol::Plan& plan) {
            plan.teacher.path = "/m/Qwen2.5-0.5B";
            plan.data.sources = {{"/d/text"}};
        });
        model.applyPreset(preset(u"paper-rwkv7"_s), u"Paper"_s);
        QCOMPARE(model.plan().teacher.path, std::string("/m/Qwen2.5-0.5B"));
        QCOMPARE(model.plan().data.sources.size(), std::size_t(1));
        QCOMPARE(model.plan().name, std::string("Qwen2.5-0.5B-rad-rwkv7"));
        QVERIFY(model.differences().isEmpty());
    }

    void sharesAlwaysSumTo100_data() {
        QTest::addColumn<QList<double>>("weights");
        QTest::newRow("one") << QList<double>{3.0};
        QTest::newRow("thirds") << QList<double>{1, 1, 1};
        QTest::newRow("tiny") << QList<double>{1e-9, 1, 1e6};
        QTest::newRow("seven") << QList<double>{1, 2, 3, 4, 5, 6, 7};
        QTest::newRow("sixty") << QList<double>(60, 1.0);
    }
    void sharesAlwaysSumTo100() {
        QFETCH(QList<double>, weights);
        QList<int> shares = percentShares(weights);
        const auto check = [&] {
            QCOMPARE(std::accumulate(shares.begin(), shares.end(), 0), 100);
            for (const int share : shares) QVERIFY(share >= 1);
        };
        check();
        for (const int percent : {1, 50, 99, 100, 3, 77}) {
            for (int index = 0; index < shares.size(); ++index) {
                shares = withShare(shares, index, percent);
                check();
                if (shares.size() > 1) QCOMPARE(shares[index], std::min(percent, 101 - int(shares.size())));
            }
        }
    }

    // radlads.md 5.5: the published check values of step 1.
    void theLearningRateCurveHasThePublishedValues_data() {
        QTest::addColumn<double>("update");
        QTest::addColumn<double>("rate");
        const std::pair<double, double> rows[] = {{0, 1e-5},       {25, 5.05e-4},   {50, 1e-3},     {1000, 9.70e-4},
                                                  {3000, 7.24e-4}, {5000, 2.90e-4}, {6000, 3.66e-5}};
        for (const auto& [update, rate] : rows) QTest::addRow("update %g", update) << update << rate;
    }
    void theLearningRateCurveHasThePublishedValues() {
        QFETCH(double, update);
        QFETCH(double, rate);
        protocol::LearningRatePlan plan;
        plan.initial = 1e-3;
        plan.final = 1e-5;
        plan.warmupSteps = 50;
        const CurvePoint point = learningRatesAt(plan, update, 32 * 512, 100e6);
        QVERIFY2(std::abs(point.main - rate) <= 0.003 * rate, qPrintable(QString::number(point.main)));
        QCOMPARE(point.mixer, point.main);
    }

    void step2aStaysFallsAndStaysAgain() {
        protocol::LearningRatePlan plan = preset(u"paper-2a-rwkv7"_s).steps[1].learningRate;
        const double total = 600e6, perUpdate = 32 * 4096, updates = total / perUpdate;
        QCOMPARE(learningRatesAt(plan, updates * 0.5, perUpdate, total).mixer, 1e-4);
        const double falling = learningRatesAt(plan, updates * 0.857, perUpdate, total).mixer;
        QVERIFY(falling < 9.5e-5 && falling > 1.5e-5);
        QVERIFY(std::abs(learningRatesAt(plan, updates * 0.95, perUpdate, total).mixer - 1e-5) < 1e-12);
        QCOMPARE(learningRatesAt(plan, updates * 0.5, perUpdate, total).main, 1e-5);
    }

    void countsAreReadAsPeopleWriteThem() {
        QCOMPARE(parseCount(u"500M"_s), std::optional(5e8));
        QCOMPARE(parseCount(u"1.5e8"_s), std::optional(1.5e8));
        QCOMPARE(parseCount(u" 2,000 "_s), std::optional(2000.0));
        QCOMPARE(parseCount(u"100 k"_s), std::optional(1e5));
        QVERIFY(!parseCount(u"many"_s));
        QVERIFY(!parseCount(u""_s));
        for (const qint64 value :
             {0LL, 7LL, 512LL, 9999LL, 10000LL, 700000LL, 1100000LL, 102400LL, 153600LL, 123456789LL, 500000000LL})
            QCOMPARE(parseCount(exactCountText(value)), std::optional(double(value)));
    }

    void llamaCppIsPromisedOnlyForLayersThatItHas() {
        protocol::StudentPlan student;
        student.architecture = protocol::Architecture::RadRwkv6;
        QVERIFY(llamaCppObstacle(student, u"qwen2"_s).isEmpty());
        QVERIFY(!llamaCppObstacle(student, u"qwen3"_s).isEmpty());
        student.rope = true;
        QVERIFY(!llamaCppObstacle(student, u"qwen2"_s).isEmpty());
        student = {};
        QVERIFY(!llamaCppObstacle(student, u"llama"_s).isEmpty());
        student.rope = false;
        QVERIFY(llamaCppObstacle(student, u"llama"_s).isEmpty());
        QVERIFY(!llamaCppObstacle(student, u"qwen2"_s).isEmpty());
    }

    void aPartIsExplainedByTheWhole() {
        QCOMPARE(explanationOf(u"steps.2.tokens"_s).title, u"Tokens"_s);
        QCOMPARE(explanationOf(u"student.lora_ranks.decay"_s).title, explanationOf(u"student.lora_ranks"_s).title);
        QVERIFY(explanationOf(u"nothing.of.the.kind"_s).text.isEmpty());
    }
};

QTEST_MAIN(WizardModelTest)
#include "wizard_model_test.moc"
