#include "ui/wizard/explanations.h"

#include <QCoreApplication>
#include <QHash>
#include <QRegularExpression>
#include <QVariant>

namespace radlads::ui {
namespace {

constexpr const char* kProperty = "radladsTopic";

struct Row {
    const char *topic, *title, *text;
};

// Findings are those of the paper (arXiv 2505.03005) and its released code.
constexpr Row kRows[] = {
    {"page.teacher", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "The teacher"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "A teacher is the softmax-attention model that is converted: a Hugging Face folder or a GGUF "
                       "file of the Qwen2, Qwen3, Llama or Mistral family. The paper converted Qwen2.5 models of 7, 32 "
                       "and 72 billion parameters. Start with a small one: the same steps apply to every size.")},
    {"teacher.path", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "The model to convert"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The folder with config.json, tokenizer.json and the safetensors files. The paper's teachers "
                       "were the Qwen2.5 instruct models; a larger teacher with the same vocabulary can be better, as "
                       "72B was for the 7B student. GGUF files are converted to such a folder first.")},
    {"teacher.drop", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Drop a model"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Drop a folder or a GGUF file here, or press the button to choose one. Nothing is copied: the "
                       "plan keeps the path.")},
    {"teacher.list", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Models on this computer"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "The demo's teacher, the Hugging Face cache, what was downloaded here, and models that finished "
         "runs have made. The demo converts in a few minutes without a GPU and is the quickest way to see "
         "the whole protocol.")},
    {"teacher.download", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Download by name"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The name as on huggingface.co, for example Qwen/Qwen2.5-0.5B. The download goes on when the "
                       "window closes, resumes after a broken connection and is checked when it ends.")},
    {"teacher.dtype", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Type of the teacher's weights"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "What the teacher is held in while it runs. The paper kept the teacher in the student's type, "
                       "bfloat16, on GPUs. bfloat16 halves its memory, float32 is exact; any stored type is read.")},
    {"page.student", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "The student"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "The linear-attention layer that replaces softmax attention. Its memory stays the same however "
         "long the text grows. Embeddings, feed-forward layers and norms are taken over from the teacher.")},
    {"student.architecture", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Which student"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "RAD-RWKV7 scored best in the paper at 7B: 92.4 % of the teacher's MMLU against 87.1 % for "
                       "RAD-RWKV6. RAD-RWKV6 stayed stable up to 72B and runs in llama.cpp as it is.")},
    {"student.variant", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "State or group norm"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "Balanced keeps the state bounded by weighting what is written and needs no norm. Group norm "
         "after the mixer is what the released 7B configuration of RAD-RWKV7 used, but the paper saw "
         "severe instability with it at 14B and above. In RAD-RWKV6 group norm cost 2.3 points of MMLU.")},
    {"student.rope", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Rotary positions"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Whether the teacher's rotary position embedding is kept in the mixer. RAD-RWKV7 was trained "
                       "with it. For RAD-RWKV6 it changed little in the paper (MMLU 66.1 with, 65.7 without) and keeps "
                       "llama.cpp from reading the model.")},
    {"student.gate", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Output gate"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "A learnt gate on the mixer's output. The paper found that RAD-RWKV6 needs the full-rank gate "
                       "(without it MMLU fell from 65.7 to 64.2), while low rank is enough for RAD-RWKV7.")},
    {"student.token_shift", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Token shift"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Mixes each token with the one before it. It starts as an identity. Without it RAD-RWKV6 lost "
                       "2.4 points of WinoGrande in the paper; RAD-RWKV7 has none because it did not help.")},
    {"student.lora_ranks", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Low-rank sizes"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The inner sizes of the small matrices that steer the state. 0 uses the paper's formula, which "
                       "grows with the hidden size (at 7B: 96 for decay, 64 for value, 416 for the gate). Larger ranks "
                       "add parameters; the paper gives no sign that they help.")},
    {"student.attention_layers", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Layers that keep softmax attention"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "A hybrid keeps some of the teacher's attention layers unchanged. They keep exact recall and "
         "also the cache that grows with the text. The paper's results are for none; its later code keeps "
         "a few of the last layers. Click a box, or use the arrow keys and the space bar.")},
    {"page.data", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "The data"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Texts that the student learns from. The paper used DCLM, and found other web texts and its own "
                       "custom sets worse; it needs only 350 to 700 million tokens. Choose texts like those that the "
                       "teacher was trained on.")},
    {"data.sources", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Sources"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Files or folders of text, jsonl (also .gz and .zst), or binidx. Each gets a share of the "
                       "training samples; the shares add up to 100 %. The paper mixed 10 % of reasoning traces into "
                       "DCLM for reasoning teachers, which stopped them from looping.")},
    {"data.sources.weight", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Share of the samples"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "How much of the training comes from this source. Changing one share takes from the others in "
                       "proportion. A small source with a large share is repeated: watch the line of tokens needed.")},
    {"data.sources.format", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Format"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "How the file is read. Automatic decides by its name and first bytes; choose one when a file is "
                       "misnamed.")},
    {"data.sources.text_key", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Key of the text"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The key under which each jsonl object holds its text. Most sets use \"text\"; some use "
                       "\"content\" or \"body\".")},
    {"data.preview", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "What the student will see"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The first documents as tokens of the teacher's tokenizer, each coloured piece one token. A "
                       "border marks where a document ends; the paper packs documents one after the other without "
                       "masking. Look for markup or broken characters here.")},
    {"data.append_eos", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "End token after each document"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "Marks where a document ends. The paper appends it to every document and nothing at the start.")},
    {"data.sampler", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Order of the windows"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Shuffle draws windows in a random order without repeating one before all were seen. The magic "
                       "prime is the order of the released code, for exact reproduction; it needs one binidx.")},
    {"data.validation.windows", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Windows held out"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "How many windows are kept away from training to measure the validation loss. 16 to 64 give a "
                       "steady curve; 0 switches it off. They are taken from the end of the sources.")},
    {"data.validation.every_steps", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Validate every"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Optimizer updates between two measurements of the validation loss. Each costs about as much "
                       "time as its windows take forward.")},
    {"page.schedule", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "The schedule"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "Step 1 aligns each layer's output with the teacher's, step 2 distils the teacher's predictions, "
         "step 3 extends the context. The paper spends 100 M, 500 M and 100 M tokens. Skipping step 1 "
         "gave a much worse model that stopped improving.")},
    {"schedule.preset", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Preset"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "A complete recipe: the student and its steps. The paper used the same rates and token counts "
                       "for every model size. Start from the nearest one and change what you need; changed values are "
                       "marked and can be put back.")},
    {"schedule.timeline", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Steps over time"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "Each block is a step and its width the time that it is estimated to take. Drag a block's right "
         "edge, or press the left and right arrow keys, to change its tokens; the up and down keys choose "
         "another step.")},
    {"schedule.curve", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Learning rate"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The rate over the whole conversion: solid for the mixer, dashed for the other parameters where "
                       "they differ. The cosine is a quarter wave, as in the released code, so that it ends steeply.")},
    {"steps.kind", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Kind of step"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Align trains the mixers alone to give what the teacher's attention gives. Distill trains "
                       "everything on the teacher's predictions. Extend trains on the next token with long windows and "
                       "without the teacher.")},
    {"steps.tokens", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Tokens"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "How much the step trains on; write 100M or 1.5e8. The paper: 100 M to align, 250 to 700 M to "
                       "distil, 100 M to extend. More than 500 M in step 2 did not help on English benchmarks.")},
    {"steps.sequence_length", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Length of a window"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "Tokens that the student sees at a time. The paper uses 512 in steps 1 and 2, and 16,384 in step "
         "3. Longer windows need more memory in proportion.")},
    {"steps.batch_size", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Batch"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Windows for each update. The paper: 32 to align, 96 to distil and extend. Larger batches did "
                       "not help, because the number of updates matters.")},
    {"steps.micro_batch_size", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Micro-batch"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Windows that are computed at a time. It changes memory and speed, never the result. 0 lets the "
                       "engine choose; 1 needs least memory.")},
    {"steps.loss", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Loss"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "What the step minimises. Align: the L2 distance of each layer's output, or its square. Distill: "
         "the divergence from the teacher's predictions. Extend: the next token.")},
    {"steps.train", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "What is trained"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "All parameters, or the mixers alone. Freezing the rest in step 2 hurt in the paper. Decay only "
                       "is the low-memory form of step 3.")},
    {"steps.learning_rate.initial", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Learning rate"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The rate after the warm-up. The paper: 0.001 to align, 0.00001 to distil and extend, for every "
                       "model size.")},
    {"steps.learning_rate.final", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Final learning rate"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "Where the rate ends. The paper ends step 1 at 0.00001, near the rate at which the teacher's own "
         "training ended.")},
    {"steps.learning_rate.mixer_initial", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Learning rate of the mixers"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "A rate of its own for the new mixers; empty means the same as for all. Only step 2a of the "
                       "paper differs: 0.0001 for the mixers, 0.00001 for the rest.")},
    {"steps.learning_rate.mixer_final", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Final rate of the mixers"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Where the mixers' rate ends; empty means the same as for all.")},
    {"steps.learning_rate.schedule", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Shape of the curve"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "How the rate falls. The paper uses the cosine to align and a constant rate afterwards.")},
    {"steps.learning_rate.wait", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Start of the fall"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The share of the step's tokens at the full rate. 0 falls from the start; step 2a of the paper "
                       "waits for 0.833.")},
    {"steps.learning_rate.endpoint", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "End of the fall"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "The share of the step's tokens at which the final rate is reached. Step 2a of the paper: 0.875.")},
    {"steps.learning_rate.warmup_steps", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Warm-up"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Updates over which the rate rises from 1 % to its full value. The released configurations use "
                       "50.")},
    {"steps.adam.beta1", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Adam beta 1"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "How long the mean of the gradients remembers. 0.9 throughout in the paper.")},
    {"steps.adam.beta2", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Adam beta 2"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "How long the mean of the squared gradients remembers. 0.95 throughout in the paper.")},
    {"steps.adam.epsilon", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Adam epsilon"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Keeps the division sound where gradients are tiny. 1e-8 throughout in the paper.")},
    {"steps.weight_decay", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Weight decay"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Pulls matrices towards zero. The paper uses none: the student should stay near the teacher.")},
    {"steps.gradient_clip", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Gradient clip"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "Gradients longer than this are shortened to it. 1 in the released configurations; 0 switches it "
         "off.")},
    {"page.hardware", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "The hardware"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Where the conversion runs and what it needs. The paper converted 7B in 7 hours and 72B in 68 "
                       "hours on eight MI300X. The bar shows the largest step against what this computer has.")},
    {"hardware.device", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Device"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "Automatic takes the best device that this engine can use. The list shows what was found and how "
         "much memory is free.")},
    {"hardware.precision", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Precision"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "What large matrix products are computed in. The paper computes in bf16 with fp32 master weights on GPUs. "
         "On a CPU bf16 needs AVX-512 BF16 or AMX and is not always faster; fp16 needs AVX-512 FP16 and is. Weights "
         "stay in fp32 either way: `radlads-engine bench` compares.")},
    {"hardware.activation_checkpointing", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Activation checkpointing"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Recomputes activations in the backward pass to save memory, for about a third more time. The "
                       "released code does it in step 2.")},
    {"hardware.sharding", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Sharding"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Splits the optimizer, or everything, over several devices. The paper shards the optimizer at "
                       "7B, and everything in the long steps of 32B and 72B.")},
    {"hardware.threads", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Threads"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "CPU threads of the run; 0 uses all cores. Fewer leave room for other work and need less memory, "
         "because each computes a micro-batch of its own.")},
    {"hardware.cost", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Cost of an hour"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "What an hour of this machine costs, for the estimate alone; it is no part of the plan. The "
                       "paper's 72B conversion cost less than 2000 USD.")},
    {"hardware.measure", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Measure"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Runs one real update of each step on this machine, so that the times are measured and not "
                       "estimated. It takes up to a minute a step.")},
    {"hardware.memory", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Memory of the largest step"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Weights of student and teacher, gradients, the optimizer's two moments, fp32 masters, "
                       "activations and logits, against what the device has. Smaller micro-batches shrink activations "
                       "and logits.")},
    {"checkpoints.every_minutes", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Save every"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Minutes between checkpoints; a resumed run goes on exactly from the newest. 10 is a good "
                       "balance for long runs; 0 saves by tokens alone.")},
    {"checkpoints.every_tokens", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Save every so many tokens"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Tokens between checkpoints, beside the time; 0 saves by time alone.")},
    {"checkpoints.keep_last", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Checkpoints kept"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "How many of the newest are kept. Each holds weights and optimizer; two protect against a "
                       "damaged one.")},
    {"checkpoints.keep_best", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Keep the best"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Also keeps the checkpoint with the lowest validation loss.")},
    {"guard.nan", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "When the loss is not a number"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "Roll back goes to the newest checkpoint with a smaller learning rate and tries again; stop ends "
         "the run there. The paper's code only stops.")},
    {"guard.spike_factor", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Spike"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "A loss above this many times its running mean counts as a spike and is treated in the same way; "
         "0 switches it off.")},
    {"page.review", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Review"),
     QT_TRANSLATE_NOOP(
         "radlads::ui::Explanation",
         "The plan is the whole conversion: the same file gives the same result here, on another machine, "
         "or from the command line. Look at what differs from the preset and start it, queue it, or save "
         "it.")},
    {"name", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Name"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation", "What the run is called in the library. It can be changed later.")},
    {"seed", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Seed"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The start of all random choices. The same seed, plan and data give the same result. The "
                       "released code uses 1337.")},
    {"review.plan", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "The plan document"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "Exactly what the engine is given, every default written out. Copy it or save it to run it from "
                       "the command line.")},
    {"review.differences", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "What differs"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The values that you changed from the preset or file that you started from. Press Enter on one "
                       "to go to it.")},
    {"review.problems", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Problems"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "What has to be settled before the plan can run. Press Enter on one to go to its field.")},
    {"review.command", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Command line"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The same conversion without the window, once the plan is saved under that name.")},
    {"review.start", QT_TRANSLATE_NOOP("radlads::ui::Explanation", "Start"),
     QT_TRANSLATE_NOOP("radlads::ui::Explanation",
                       "The run goes on when the window closes. Queued runs start when those before them have ended.")},
};

}  // namespace

Explanation explanationOf(const QString& topic) {
    static const QHash<QString, const Row*> rows = [] {
        QHash<QString, const Row*> table;
        for (const Row& row : kRows) table.insert(QString::fromLatin1(row.topic), &row);
        return table;
    }();
    static const QRegularExpression number(QStringLiteral("\\.\\d+(?=\\.|$)"));
    QString key = topic;
    key.remove(number);
    // A part of what is explained as a whole ("student.lora_ranks.decay").
    while (!rows.contains(key) && key.contains(u'.')) key = key.section(u'.', 0, -2);
    const Row* row = rows.value(key);
    if (!row) return {};
    const auto translated = [](const char* text) {
        return QCoreApplication::translate("radlads::ui::Explanation", text);
    };
    return {translated(row->title), translated(row->text)};
}

void explain(QWidget* widget, const QString& topic) {
    widget->setProperty(kProperty, topic);
}

QString topicOf(const QWidget* widget) {
    for (; widget; widget = widget->parentWidget())
        if (const QVariant topic = widget->property(kProperty); topic.isValid()) return topic.toString();
    return {};
}

}  // namespace radlads::ui
