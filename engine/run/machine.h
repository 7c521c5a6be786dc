// The machine that this process runs on, from /proc and the control groups.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace radlads::run {

struct Machine {
    std::string processor;                   // "AMD EPYC 9B14"
    int64_t cores = 1, hardwareThreads = 1;  // cores: physical
    std::vector<std::string> features;       // vector extensions, best last: "avx2", "avx512f", ...
    int64_t memoryBytes = 0;                 // of the machine, or the control group's limit if that is lower
    int64_t availableBytes = 0;              // what a new process can take without swapping
};
Machine describeMachine();
std::string hostName();

}  // namespace radlads::run
