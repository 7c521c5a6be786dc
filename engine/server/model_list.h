// The models that this machine has already: what a user may choose as a teacher without typing a path.
#pragma once

#include <nlohmann/json.hpp>

#include "engine/server/run_library.h"

namespace radlads::server {

// The embedded teacher, downloads, the Hugging Face cache, models of runs, and what earlier runs had as teachers, in
// this order and each path once; at most 1000. As PROTOCOL.md's model.list says. Reads names and sizes, and of a
// config.json whether it is a student: a few milliseconds for a hundred models.
nlohmann::ordered_json listModels(RunLibrary& library);

}  // namespace radlads::server
