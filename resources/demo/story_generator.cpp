#include "resources/demo/story_generator.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace radlads::demo {

namespace {

using Words = std::vector<std::string_view>;

// Every list is disjoint from the others and the words are short, so that a byte-level BPE of a few hundred entries
// holds each " word" as one token. A story gives each of its people, objects, animals and places an epithet of its own,
// which from then on stands before it: "the bold ann", "the red cup". The epithet is the key, the next word the value
// to recall.
const Words kEpithets = {"red",  "blue", "pink", "gray", "gold", "tan",  "dark", "pale", "worn", "new",
                         "big",  "flat", "tall", "shy",  "sly",  "wild", "warm", "cold", "wet",  "dry",
                         "soft", "fat",  "thin", "mad",  "sad",  "glad", "dull", "keen", "calm", "rich",
                         "poor", "bold", "neat", "wise", "fast", "slow", "loud", "rude", "kind", "lean"};
const Words kNames = {"ann", "ben", "bob", "dan", "eve", "fay", "gus", "hal", "ida", "jan", "jim", "kay",
                      "kim", "leo", "max", "meg", "ned", "pam", "ray", "ron", "sam", "sue", "ted", "tom"};
const Words kObjects = {"cup",  "pot",  "pan",  "hat",  "bag",  "box",  "cap", "mug",  "bell", "book", "boat", "lamp",
                        "ring", "rope", "coat", "coin", "drum", "fork", "key", "kite", "map",  "pen",  "rug",  "bowl"};
const Words kPlaces = {"barn", "mill", "lake", "farm", "pond", "park", "hill", "yard",
                       "port", "cave", "shop", "town", "camp", "wood", "moor", "dock"};
const Words kAnimals = {"cat", "dog",  "fox",  "owl",  "hen",  "pig",  "cow",  "bee",  "ant",  "bat",
                        "rat", "goat", "duck", "frog", "crow", "swan", "wolf", "bear", "deer", "hare"};
const Words kGoods = {"figs", "nuts", "peas", "eggs", "pies", "buns", "yams", "hams", "oats", "pods", "jams", "tins"};
const Words kTimes = {"dawn", "noon", "dusk", "night"};

// What a sentence can name: its mark there is for a known one, with "+" for a new one.
const std::array<const Words*, 4> kKinds = {&kNames, &kObjects, &kAnimals, &kPlaces};
constexpr std::string_view kMarks = "POAS";

constexpr std::string_view kOpening = "one day a P+ has a O+ . here is a A+ near a S+ .";
const Words kIntroductions = {
    "a P+ has a O+ .", "here is a P+ .",   "the P has a O+ .",    "the P has a O+ and a O+ .", "the P meets a A+ .",
    "here is a A+ .",  "the A has a O+ .", "a A+ runs to a S+ .", "the P sees a S+ .",         "the O is near a S+ ."};
const Words kEvents = {"the P sees the A .",
                       "the P gives the O to the A .",
                       "the P takes the O and the O .",
                       "the A runs to the S .",
                       "the A hides the O .",
                       "the O falls near the S .",
                       "the A and the A meet the P .",
                       "the O and the O are here .",
                       "the A asks the P for the O .",
                       "the P and the P meet .",
                       "the P , the A and the A meet .",
                       "the P wants the O and the O .",
                       "the O is near the S .",
                       "the P hears the A near the S .",
                       "the P finds the O , the O and the O .",
                       "the A sleeps near the S .",
                       "the P walks from the S to the S .",
                       "the S is near the S ."};

// splitmix64 (Steele, Lea, Flood 2014): the same sequence on every machine.
class Random {
public:
    explicit Random(uint64_t seed) : m_state(seed) {}
    uint64_t next() {
        uint64_t z = (m_state += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    int below(int count) { return static_cast<int>((next() >> 32) * static_cast<uint64_t>(count) >> 32); }
    int between(int low, int high) { return low + below(high - low + 1); }

private:
    uint64_t m_state;
};

struct Binding {
    std::string_view key, value;
    int last = 0;  // where the value was last said
};

class Writer {
public:
    explicit Writer(uint64_t seed) : m_random(seed) {
        m_words.reserve(288);
        for (int& open : m_open) open = m_random.between(2, 5);
        for (int i = 0; i < 14; ++i) m_spare.push_back(draw(kEpithets, m_usedKeys));
        for (size_t kind = 0; kind < kKinds.size(); ++kind)
            for (int i = 0; i < 5; ++i) m_spare.push_back(draw(*kKinds[kind], m_usedValues[kind]));
    }

    std::vector<Word> write() {
        const int length = m_random.between(90, 225);
        sentence(kOpening);
        for (int i = m_random.between(2, 6); i > 0; --i) introduce();
        while (position() < length) {
            const int choice = m_random.below(100);
            if (choice < 23)
                introduce();
            else if (choice < 65)
                sentence(pick(kEvents));
            else if (choice < 77)
                copy();
            else if (choice < 82)
                countUp();
            else if (choice < 87)
                tally();
            else if (choice < 99)
                arithmetic();
            else
                time();
        }
        sentence("the end .");
        return std::move(m_words);
    }

private:
    int position() const { return static_cast<int>(m_words.size()); }

    void say(std::string_view text, Skill skill = Skill::Text, int distance = 0) {
        Word& word = m_words.emplace_back();
        word.text.reserve(text.size() + 1);
        word.text.push_back(' ');
        word.text.append(text);
        word.skill = skill;
        word.distance = distance;
    }
    void number(int value, Skill skill = Skill::Text) { say(std::to_string(value), skill); }

    std::string_view pick(const Words& words) {
        return words[static_cast<size_t>(m_random.below(static_cast<int>(words.size())))];
    }

    // An entry that this story has not used yet.
    std::string_view draw(const Words& words, uint64_t& used) {
        int index = 0;
        do index = m_random.below(static_cast<int>(words.size()));
        while ((used >> index & 1) != 0);
        used |= uint64_t{1} << index;
        return words[static_cast<size_t>(index)];
    }

    void bind(size_t kind) {
        const Binding binding{draw(kEpithets, m_usedKeys), draw(*kKinds[kind], m_usedValues[kind]), position() + 1};
        say(binding.key);
        say(binding.value);
        m_known[kind].push_back(binding);
        --m_open[kind];
    }

    Binding& anyKnown(size_t kind) {
        std::vector<Binding>& known = m_known[kind];
        return known[static_cast<size_t>(m_random.below(static_cast<int>(known.size())))];
    }

    // A binding that this sentence has not mentioned yet (the caller knows that there is one); the stalest of three, so
    // that much is asked from far back.
    void mention(size_t kind, int sentenceStart) {
        Binding* binding = &anyKnown(kind);
        for (int draws = 1; draws < 3 || binding->last >= sentenceStart; ++draws)
            if (Binding& other = anyKnown(kind); other.last < binding->last) binding = &other;
        say(binding->key);
        say(binding->value, Skill::Recall, position() - binding->last);
        binding->last = position() - 1;
    }

    // Whether enough is known, and enough still to be introduced, to say this sentence.
    bool possible(std::string_view pattern) const {
        std::array<int, 4> known{}, fresh{};
        for (size_t i = 0; i < pattern.size(); ++i) {
            const size_t kind = kMarks.find(pattern[i]);
            if (kind == std::string_view::npos) continue;
            ++(i + 1 < pattern.size() && pattern[i + 1] == '+' ? fresh : known)[kind];
        }
        for (size_t kind = 0; kind < known.size(); ++kind)
            if (known[kind] > static_cast<int>(m_known[kind].size()) || fresh[kind] > m_open[kind]) return false;
        return true;
    }

    void sentence(std::string_view pattern) {
        for (int tries = 0; !possible(pattern); ++tries) pattern = tries < 8 ? pick(kEvents) : "the P takes the O .";
        const int start = position();
        while (!pattern.empty()) {
            const size_t end = std::min(pattern.find(' '), pattern.size());
            const std::string_view word = pattern.substr(0, end);
            const size_t kind = kMarks.find(word[0]);
            if (kind == std::string_view::npos)
                say(word);
            else if (word.size() > 1)
                bind(kind);
            else
                mention(kind, start);
            pattern.remove_prefix(std::min(end + 1, pattern.size()));
        }
    }

    // Falls back to an event once everything is introduced.
    void introduce() {
        std::string_view pattern = pick(kIntroductions);
        for (int tries = 0; tries < 4 && !possible(pattern); ++tries) pattern = pick(kIntroductions);
        sentence(pattern);
    }

    void subject() { sentence("the P"); }

    void copy() {
        const int count = m_random.between(3, 8);
        std::array<std::string_view, 8> list;
        uint64_t used = 0;
        for (int i = 0; i < count; ++i) list[static_cast<size_t>(i)] = draw(m_spare, used);
        subject();
        sentence("reads :");
        for (int i = 0; i < count; ++i) say(list[static_cast<size_t>(i)]);
        sentence(". again :");
        for (int i = 0; i < count; ++i) say(list[static_cast<size_t>(i)], Skill::Copy);
        say(".");
    }

    // Which number follows another needs no memory; where to stop does.
    void countUp() {
        const int first = m_random.between(0, 30), last = first + m_random.between(3, 8);
        subject();
        sentence("counts from");
        number(first);
        say("to");
        number(last);
        say(":");
        for (int i = first; i <= last; ++i) number(i);
        say(".", Skill::Count);
    }

    void tally() {
        const std::string_view good = pick(kGoods);
        const int count = m_random.between(2, 9);
        subject();
        sentence("counts :");
        for (int i = 0; i < count; ++i) say(good);
        sentence(". that makes");
        number(count, Skill::Count);
        say(good);
        say(".");
    }

    void arithmetic() {
        const std::string_view good = pick(kGoods);
        int had = m_random.between(0, 12), change = m_random.between(0, 9);
        const bool more = m_random.below(2) == 0;
        if (!more && change > had) std::swap(had, change);
        subject();
        say("had");
        number(had);
        say(good);
        sentence(more ? "and got" : "and lost");
        number(change);
        sentence(". now has");
        number(more ? had + change : had - change, Skill::Arithmetic);
        say(good);
        say(".");
    }

    void time() {
        sentence("then it is");
        say(pick(kTimes));
        say(".");
    }

    Random m_random;
    std::vector<Word> m_words;
    Words m_spare;  // the words of this story's lists; they name nothing in it
    std::array<std::vector<Binding>, 4> m_known;
    std::array<int, 4> m_open{};  // how many bindings of a kind are still to be introduced
    uint64_t m_usedKeys = 0;
    std::array<uint64_t, 4> m_usedValues{};
};

}  // namespace

const char* toString(Skill skill) {
    static constexpr std::array<const char*, 5> names = {"text", "recall", "copy", "counting", "arithmetic"};
    return names[static_cast<size_t>(skill)];
}

std::vector<Word> story(uint64_t seed) {
    return Writer(seed).write();
}

std::string storyText(uint64_t seed) {
    std::string text;
    for (const Word& word : story(seed)) text += word.text;
    return text;
}

}  // namespace radlads::demo
