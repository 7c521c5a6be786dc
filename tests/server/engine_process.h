// A real radlads-engine process: its arguments, its output, its exit code.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace radlads::test {

struct Outcome {
    int exitCode = -1;
    std::string out, err;
};

class EngineProcess {
public:
    // program: the path of the executable. Starts it at once; it does not outlive this process.
    EngineProcess(const std::string& program, const std::vector<std::string>& arguments);
    ~EngineProcess();
    EngineProcess(const EngineProcess&) = delete;
    EngineProcess& operator=(const EngineProcess&) = delete;
    // Waits until the standard output (error) holds so many lines or has ended; what it holds.
    std::string waitForLines(size_t lines);
    std::string waitForErrorLines(size_t lines);
    void signal(int number) const;
    pid_t id() const { return m_process; }
    // Waits for the end.
    Outcome finish();

private:
    pid_t m_process = -1;
    int m_out = -1, m_err = -1;
    Outcome m_outcome;
};

}  // namespace radlads::test
