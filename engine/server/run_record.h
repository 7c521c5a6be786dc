// The record of a run as clients see it: run.json, plan.json, labels.json and what lies in the directory, in one
// object.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/server/run_labels.h"

namespace radlads::server {

// RFC 3339 UTC with milliseconds.
std::string timeText(fs::file_time_type time);

// Makes the records of one run; remembers what rarely changes (the plan, the size on disk).
class RunRecordMaker {
public:
    explicit RunRecordMaker(fs::path directory) : m_directory(std::move(directory)) {}
    // starting: a worker was started and has not taken the run's lock yet. queuePosition: from 0.
    nlohmann::ordered_json make(bool starting, std::optional<std::size_t> queuePosition);
    const RunLabels& labels() const { return m_labels; }  // as of the last make

private:
    void readPlan();
    nlohmann::ordered_json newestCheckpoint() const;
    nlohmann::ordered_json sizeBytes(bool running);

    fs::path m_directory;
    RunLabels m_labels;
    fs::file_time_type m_planTime{};
    nlohmann::ordered_json m_plan;  // step_tokens, step_kinds, plan_tokens, teacher, student, variant
    std::optional<uint64_t> m_size;
};

}  // namespace radlads::server
