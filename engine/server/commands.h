// The commands that radlads-engine answers itself. words: what follows the command's name. Results go to the standard
// output.
#pragma once

#include <string>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::server {

using Words = std::vector<std::string>;

Status listCommand(const Words& words);
Status showCommand(const Words& words);
Status tailCommand(const Words& words);
Status pauseCommand(const Words& words);
Status stopCommand(const Words& words);
Status checkpointCommand(const Words& words);
Status planCommand(const Words& words);
Status serveCommand(const Words& words);
Status attachCommand(const Words& words);
Status downloadCommand(const Words& words);

// `resume` of a run that a worker holds: it is told to go on, and true is returned. Otherwise false: a worker must be
// started.
Result<bool> resumeLiveRun(const Words& words);

}  // namespace radlads::server
