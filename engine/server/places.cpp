#include "engine/server/places.h"

#include "engine/protocol/text.h"
#include "engine/run/files.h"

namespace radlads::server {

tl::expected<fs::path, RpcError> absolutePath(const std::string& text, const char* key) {
    const auto wrong = [&](const char* reason) {
        return tl::unexpected(RpcError{kParamsError, fmt::format("{} {}", protocol::quote(text), reason), key});
    };
    if (text.find('\0') != std::string::npos) return wrong("is no path");
    if (text == "~") return run::homeDirectory();
    const fs::path path = text.starts_with("~/") ? run::homeDirectory() / text.substr(2) : fs::path(text);
    if (!path.is_absolute()) return wrong("is not an absolute path on the engine's machine");
    fs::path normal = path.lexically_normal();
    return normal.has_filename() || normal == normal.root_path() ? normal : normal.parent_path();
}

tl::expected<std::string, RpcError> modelPath(const RunLibrary& library, const std::string& text, const char* key) {
    if (text == "demo") return text;
    if (!text.empty() && text.find('/') == std::string::npos && text[0] != '~') {
        const auto directory = library.find(text);
        if (directory) return directory->string();
        return tl::unexpected(RpcError{kMissingError, directory.error().message, key});
    }
    const auto path = absolutePath(text, key);
    if (!path) return tl::unexpected(path.error());
    return path->string();
}

tl::expected<std::string, RpcError> sourcePath(const std::string& text, const char* key) {
    if (text.starts_with("demo:")) return text;
    const auto path = absolutePath(text, key);
    if (!path) return tl::unexpected(path.error());
    return path->string();
}

std::vector<fs::path> filesOfModel(const std::string& path) {
    const fs::path model = path == "demo" ? run::resourcesDirectory() / "demo" / "teacher" : fs::path(path);
    return {model,
            model / "config.json",
            model / "tokenizer.json",
            model / "model.safetensors",
            model / "model.safetensors.index.json",
            model / "run.json"};
}

}  // namespace radlads::server
