// What clients name: models by path, run or "demo"; texts by path.
#pragma once

#include <filesystem>
#include <string>

#include "engine/server/rpc.h"
#include "engine/server/run_library.h"

namespace radlads::server {

// An absolute path, or one that starts with "~/". key: the parameter's name, for the error.
tl::expected<fs::path, RpcError> absolutePath(const std::string& text, const char* key);
// A model as the worker takes it: "demo", an absolute path, or the directory of a run that was named.
tl::expected<std::string, RpcError> modelPath(const RunLibrary& library, const std::string& text, const char* key);
// A source of text as the worker takes it: "demo:SEED:DOCUMENTS" or an absolute path.
tl::expected<std::string, RpcError> sourcePath(const std::string& text, const char* key);
// The files whose change means that the model is another.
std::vector<fs::path> filesOfModel(const std::string& path);

}  // namespace radlads::server
