#include "engine/train/checkpoint.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/model/compat.h"
#include "engine/run/run_directory.h"

namespace radlads::train {
namespace {

using nlohmann::json;
constexpr const char* kSchema = "radlads.checkpoint/1";
constexpr const char* kTemporaryPrefix = ".writing-";

Result<json> describeFile(const fs::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return systemError("reading " + file.string(), errno);
    uLong crc = crc32(0, nullptr, 0);
    int64_t size = 0;
    std::vector<unsigned char> buffer(1 << 20);
    ssize_t count = 0;
    while ((count = ::read(descriptor, buffer.data(), buffer.size())) > 0) {
        crc = crc32(crc, buffer.data(), static_cast<uInt>(count));
        size += count;
    }
    const int error = errno;
    ::close(descriptor);
    if (count < 0) return systemError("reading " + file.string(), error);
    return json{{"size", size}, {"crc32", static_cast<uint64_t>(crc)}};
}

json positionToJson(const Position& p) {
    json value{{"step_index", p.stepIndex}, {"update", p.update}, {"sample", p.sample}, {"tokens", p.tokens},
               {"learning_rate_factor", p.learningRateFactor}, {"rollbacks", p.rollbacks}, {"mean_loss", p.meanLoss},
               {"mean_count", p.meanCount}, {"best_validation", nullptr}, {"trained_seconds", p.trainedSeconds}};
    if (p.bestValidation) value["best_validation"] = *p.bestValidation;
    return value;
}

Position positionFromJson(const json& value) {
    Position p;
    p.stepIndex = value.at("step_index").get<int64_t>();
    p.update = value.at("update").get<int64_t>();
    p.sample = value.at("sample").get<int64_t>();
    p.tokens = value.at("tokens").get<int64_t>();
    p.learningRateFactor = value.at("learning_rate_factor").get<double>();
    p.rollbacks = value.at("rollbacks").get<int64_t>();
    p.meanLoss = value.at("mean_loss").get<double>();
    p.meanCount = value.at("mean_count").get<int64_t>();
    if (!value.at("best_validation").is_null()) p.bestValidation = value.at("best_validation").get<double>();
    p.trainedSeconds = value.at("trained_seconds").get<double>();
    return p;
}

Result<json> readState(const fs::path& directory) {
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(directory / "state.json", 1 << 20));
    json state = json::parse(text, nullptr, false);
    if (!state.is_object() || state.value("schema", "") != kSchema) {
        return invalidInput("{} is not a checkpoint of this program's version", directory.string());
    }
    return state;
}

Result<CheckpointInfo> readInfo(const fs::path& directory, const std::string& planFingerprint) {
    RADLADS_TRY_ASSIGN(const json state, readState(directory));
    try {
        if (state.at("plan").get<std::string>() != planFingerprint) {
            return invalidInput("{} was made by another plan than the run's plan.json", directory.string());
        }
        CheckpointInfo info{directory, positionFromJson(state.at("position")), state.at("files").contains("optimizer.safetensors")};
        for (const auto& [name, description] : state.at("files").items()) {
            std::error_code error;
            const auto size = fs::file_size(directory / fs::path(name).filename(), error);
            if (error || static_cast<int64_t>(size) != description.at("size").get<int64_t>()) {
                return invalidInput("{}: {} does not have the size that was written", directory.string(), name);
            }
        }
        return info;
    } catch (const json::exception& exception) {
        return invalidInput("{}: state.json is damaged ({})", directory.string(), exception.what());
    }
}

Status writeFiles(const fs::path& directory, const Position& position, const std::string& planFingerprint, const model::Weights& weights,
                  const model::Weights& optimizer) {
    json files = json::object();
    const std::pair<const char*, const model::Weights*> parts[] = {{"weights.safetensors", &weights}, {"optimizer.safetensors", &optimizer}};
    for (const auto& [name, part] : parts) {
        if (part->empty()) continue;
        RADLADS_TRY(model::saveWeights(directory / name, *part, io::Dtype::F32));
        RADLADS_TRY_ASSIGN(files[name], describeFile(directory / name));
    }
    const json state{{"schema", kSchema}, {"plan", planFingerprint}, {"position", positionToJson(position)}, {"files", files}};
    return run::writeFileAtomically(directory / "state.json", state.dump(2) + "\n");
}

// Zero-padded, so that the order of names is the order of progress.
std::string checkpointName(const Position& position) {
    return fmt::format("step{:02}-update{:08}", position.stepIndex + 1, position.update);
}

}  // namespace

Status saveCheckpoint(const fs::path& runDirectory, const Position& position, const std::string& planFingerprint, const model::Weights& weights,
                      const model::Weights& optimizer) {
    const fs::path parent = runDirectory / "checkpoints", name = checkpointName(position);
    const fs::path temporary = parent / (kTemporaryPrefix + name.string()), target = parent / name;
    std::error_code error;
    fs::create_directories(parent, error);
    fs::remove_all(temporary, error);
    if (!fs::create_directory(temporary, error)) return systemError("creating " + temporary.string(), error.value());
    if (auto status = writeFiles(temporary, position, planFingerprint, weights, optimizer); !status) {
        fs::remove_all(temporary, error);
        return status;
    }
    RADLADS_TRY(run::syncDirectory(temporary));
    if (fs::exists(target)) fs::remove_all(target, error);  // the same position, written again after a resume
    if (::rename(temporary.c_str(), target.c_str()) != 0) return systemError("renaming " + temporary.string(), errno);
    return run::syncDirectory(parent);
}

Status rewritePosition(const CheckpointInfo& checkpoint, const std::string& planFingerprint) {
    RADLADS_TRY_ASSIGN(json state, readState(checkpoint.directory));
    state["position"] = positionToJson(checkpoint.position);
    state["plan"] = planFingerprint;
    return run::writeFileAtomically(checkpoint.directory / "state.json", state.dump(2) + "\n");
}

std::vector<CheckpointInfo> listCheckpoints(const fs::path& runDirectory, const std::string& planFingerprint, std::vector<std::string>* damaged) {
    std::vector<CheckpointInfo> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(runDirectory / "checkpoints", error)) {
        if (!entry.is_directory(error) || entry.path().filename().string().starts_with(kTemporaryPrefix)) continue;
        auto info = readInfo(entry.path(), planFingerprint);
        if (info) {
            found.push_back(std::move(*info));
        } else if (damaged) {
            damaged->push_back(info.error().message);
        }
    }
    std::sort(found.begin(), found.end(), [](const CheckpointInfo& a, const CheckpointInfo& b) {
        return std::pair(a.position.stepIndex, a.position.update) > std::pair(b.position.stepIndex, b.position.update);
    });
    return found;
}

Result<LoadedCheckpoint> loadCheckpointFiles(const CheckpointInfo& info) {
    RADLADS_TRY_ASSIGN(const json state, readState(info.directory));
    LoadedCheckpoint loaded{info, {}, {}};
    for (const auto& [name, part] : {std::pair{"weights.safetensors", &loaded.weights}, std::pair{"optimizer.safetensors", &loaded.optimizer}}) {
        if (!state.at("files").contains(name)) continue;
        const fs::path file = info.directory / name;
        RADLADS_TRY_ASSIGN(const json actual, describeFile(file));
        if (actual != state.at("files").at(name)) return invalidInput("{} is damaged: its checksum does not match; an older checkpoint is used", file.string());
        RADLADS_TRY_ASSIGN(const io::Safetensors tensors, io::Safetensors::open(file));
        for (const auto& [key, tensor] : tensors.tensors()) {
            RADLADS_TRY_ASSIGN(at::Tensor value, model::toTensor(tensor, file.string() + ": " + key));
            part->emplace(key, std::move(value));
        }
    }
    return loaded;
}

void pruneCheckpoints(const fs::path& runDirectory, const std::string& planFingerprint, int64_t keepLast) {
    std::error_code error;
    const std::vector<CheckpointInfo> checkpoints = listCheckpoints(runDirectory, planFingerprint);
    for (size_t i = static_cast<size_t>(std::max<int64_t>(1, keepLast)); i < checkpoints.size(); ++i) fs::remove_all(checkpoints[i].directory, error);
    std::vector<fs::path> halfWritten;
    for (const auto& entry : fs::directory_iterator(runDirectory / "checkpoints", error)) {
        if (entry.path().filename().string().starts_with(kTemporaryPrefix)) halfWritten.push_back(entry.path());
    }
    for (const fs::path& path : halfWritten) fs::remove_all(path, error);
}

}  // namespace radlads::train
