// What the Hugging Face hub is to this program: names, addresses, the token, the list of a model's files, and its
// refusals in plain sentences. No network here, no state; any thread.
#pragma once

#include <QByteArray>
#include <QUrl>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/protocol/result.h"
#include "engine/server/download_checksum.h"

namespace radlads::server {

namespace fs = std::filesystem;

// Where downloaded models are kept: `models` beside the default runs directory.
fs::path modelsDirectory();

// Where Python's huggingface_hub keeps its files: $HF_HOME, else huggingface in the user's cache directory; and its
// models: $HF_HUB_CACHE, else `hub` in it.
fs::path hubHome();
fs::path hubCacheDirectory();

struct ModelName {
    std::string owner, model;
    std::string text() const { return owner + "/" + model; }
    std::string directoryName() const { return owner + "--" + model; }
};
// "Qwen/Qwen2.5-0.5B", or the address of the model's page on the endpoint.
Result<ModelName> parseModelName(const std::string& text, const QUrl& endpoint);
// A branch, a tag or a commit.
Status checkRevision(const std::string& revision);

// given, else $HF_ENDPOINT, else https://huggingface.co. https, or http on this computer; never with a path's query,
// a user or a password.
Result<QUrl> hubEndpoint(const std::string& given);
// $HF_TOKEN, else the file that `huggingface-cli login` writes; empty if there is none. Never part of a message.
Result<QByteArray> hubToken();

struct HubFile {
    std::string name;             // a plain file name
    std::optional<int64_t> size;  // bytes; nothing when the list does not say
    Checksum checksum;            // kind None when the list does not say
};
struct HubListing {
    std::string commit;          // 40 hexadecimal digits
    std::vector<HubFile> files;  // those at the top of the repository, in its order
};
inline constexpr int64_t kLargestListing = int64_t{16} << 20;  // bytes
inline constexpr int64_t kLargestIndex = int64_t{64} << 20;    // bytes
inline constexpr const char* kIndexName = "model.safetensors.index.json";

// The hub's answer to listingUrl. InvalidInput names what is wrong with it; a hostile file name refuses the whole list.
Result<HubListing> parseListing(const std::string& json, const ModelName& name);
// The files of a model that this program or its user reads: configuration, tokenizer, safetensors, licence, model card.
// Never pickled weights, never code. The index comes first, the weights last. InvalidInput when there are no weights.
Result<std::vector<HubFile>> wantedFiles(const HubListing& listing, const ModelName& name);
// Leaves out the weights that the index (the bytes of model.safetensors.index.json) does not name; InvalidInput when it
// names one that is not there.
Result<std::vector<HubFile>> filesOfIndex(const std::vector<HubFile>& files, const std::string& index);
bool isWeights(const std::string& fileName);

QUrl listingUrl(const QUrl& endpoint, const ModelName& name, const std::string& revision);
QUrl fileUrl(const QUrl& endpoint, const ModelName& name, const std::string& commit, const std::string& file);

// The facts of a refusal (a status of 400 and above that no repetition cures).
struct HubRefusal {
    int status = 0;
    std::string code;     // X-Error-Code: GatedRepo, RepoNotFound, RevisionNotFound, EntryNotFound; empty if not given
    bool fromHub = true;  // false: from the host of the contents, to which the hub has sent us
    std::string host;
};
// file: empty for the list. What happened, why, and what to do.
Error refusalError(const HubRefusal& refusal, const QUrl& endpoint, const ModelName& name, const std::string& revision,
                   const std::string& file, bool hasToken);

}  // namespace radlads::server
