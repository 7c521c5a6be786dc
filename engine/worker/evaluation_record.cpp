#include "engine/worker/evaluation_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/run/files.h"

namespace radlads::worker {

namespace fs = std::filesystem;

Result<fs::path> recordEvaluation(const fs::path& run, const std::string& time, const std::string& stage,
                                  const nlohmann::ordered_json& report) {
    const fs::path directory = run / "evaluations";
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return systemError("creating the directory " + directory.string(), error.value());
    // "2025-05-07T12:34:56.789Z" -> "20250507-123456"
    const std::string day = time.substr(0, 4) + time.substr(5, 2) + time.substr(8, 2);
    const std::string clock = time.substr(11, 2) + time.substr(14, 2) + time.substr(17, 2);
    std::string slug = stage;
    std::replace(slug.begin(), slug.end(), ' ', '-');
    fs::path file = directory / fmt::format("{}-{}-{}.json", day, clock, slug);
    for (int copy = 2; fs::exists(file, error); ++copy) file = directory / fmt::format("{}-{}-{}-{}.json", day, clock, slug, copy);
    RADLADS_TRY(run::writeFileAtomically(file, report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"));
    return file;
}

}  // namespace radlads::worker
