// The demo's text: small stories with names and places, and skills that a broken conversion visibly loses. Written by this
// program, from a seed; no text from anywhere else. Same seed, same text, on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace radlads::demo {

enum class Skill : uint8_t { Text, Recall, Copy, Count, Arithmetic };
const char* toString(Skill skill);  // "text" "recall" "copy" "counting" "arithmetic"

// A word of a story: text with its leading space as it stands in the story; only words that need memory carry a skill.
struct Word {
    std::string text;
    Skill skill = Skill::Text;
    int32_t distance = 0;  // words back to where the answer was last seen; 0 if not Recall
};

// One story. Concatenating the words' texts gives its text.
std::vector<Word> story(uint64_t seed);
std::string storyText(uint64_t seed);

}  // namespace radlads::demo
