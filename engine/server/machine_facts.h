// The machine that the engine runs on, from /proc.
#pragma once

#include <cstdint>
#include <string>

namespace radlads::server {

struct MachineFacts {
    std::string processor;  // "AMD EPYC 9B14"
    int64_t cores = 1, hardwareThreads = 1;
    int64_t memoryBytes = 0;     // of the machine, or the control group's limit if that is lower
    int64_t availableBytes = 0;  // what a new process can take without swapping
};
MachineFacts describeMachine();
std::string hostName();

}  // namespace radlads::server
