// A worker process with directories of its own, and a small sound teacher to point it at.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace radlads::test {

struct Outcome {
    int exit = -1;
    std::string out, err;
    // Of the standard output; a parse error fails the test by its exception.
    nlohmann::json json() const { return nlohmann::json::parse(out); }
};

// Removed with the object. Runs, cache and HOME of the workers lie in it.
class Workplace {
public:
    Workplace();
    ~Workplace();
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;
    std::filesystem::path path(const std::string& name) const { return m_directory / name; }
    // The path as an argument.
    std::string arg(const std::string& name) const { return path(name).string(); }
    void write(const std::string& name, const std::string& text) const;
    std::string read(const std::string& name) const;
    // interruptAt: a file; as soon as it exists the worker is sent SIGINT.
    Outcome run(const std::vector<std::string>& arguments, const std::vector<std::pair<std::string, std::string>>& environment = {},
                const std::filesystem::path& interruptAt = {}) const;
    // Sends `signal` as soon as the worker has written so many lines to its standard output.
    Outcome runAndInterrupt(const std::vector<std::string>& arguments, size_t lines, int signal) const;
    // Writes a two-layer Qwen2-shaped teacher with tokenizer.json; returns its parameter count.
    int64_t makeTeacher(const std::string& name) const;
    // The parameters of the student that a run would set up from that teacher, with architecture and variant by name.
    int64_t studentParameters(const std::string& architecture, const std::string& variant) const;
    // A plan over makeTeacher's "teacher": align, distill and extend, on "demo:7:300".
    void makePlan(const std::string& name) const;
    // A finished run of that plan; its directory. The teacher is made if it is not there.
    std::filesystem::path makeRun() const;

private:
    Outcome runUntil(const std::vector<std::string>& arguments, const std::vector<std::pair<std::string, std::string>>& environment,
                     const std::function<bool()>& signalWhen, int signal) const;
    std::filesystem::path m_directory;
};

}  // namespace radlads::test
