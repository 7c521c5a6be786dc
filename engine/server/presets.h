// The plans that come with the program.
#pragma once

#include <string>
#include <vector>

#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"

namespace radlads::server {

// File names without ".json", sorted.
std::vector<std::string> presetNames();
Result<protocol::Plan> readPreset(const std::string& name);

// What people read of a preset; one that is not known has its name and a summary made of its steps.
struct PresetText {
    std::string title, summary;
};
PresetText describePreset(const std::string& name, const protocol::Plan& plan);

}  // namespace radlads::server
