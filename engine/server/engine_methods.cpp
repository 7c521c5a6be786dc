// engine.*
#include <sys/statvfs.h>
#include <unistd.h>

#include <charconv>

#include "engine/protocol/text.h"
#include "engine/run/files.h"
#include "engine/run/machine.h"
#include "engine/run/support.h"
#include "engine/server/engine.h"
#include "engine/server/method_table.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;

constexpr const char* kProtocol = "1.0";
constexpr int kMajor = 1;

std::optional<int> majorOf(const std::string& version) {
    int major = 0;
    const auto parsed = std::from_chars(version.data(), version.data() + version.size(), major);
    if (parsed.ec != std::errc() || parsed.ptr == version.data() + version.size() || *parsed.ptr != '.')
        return std::nullopt;
    return major;
}

Answer hello(const Call& call) {
    Params params(call.params);
    const std::string client = params.text("client");
    const std::string version = params.text("protocol");
    if (params.fault()) return tl::unexpected(*params.fault());
    const auto major = majorOf(version);
    if (!major) {
        params.wrong("protocol", "a version such as \"1.0\"");
        return tl::unexpected(*params.fault());
    }
    if (*major != kMajor) {
        call.session.closeAfterAnswer();
        return tl::unexpected(RpcError{
            kVersionError,
            fmt::format("this engine (version {}) speaks protocol {} and the client {}; use a client of the same major "
                        "version",
                        RADLADS_VERSION, kProtocol, protocol::quote(version)),
            "protocol"});
    }
    call.session.greet();
    return ordered_json{{"server", "radlads-engine"},
                        {"version", RADLADS_VERSION},
                        {"protocol", kProtocol},
                        {"features", {"queue", "series", "trash", "jobs"}},
                        {"pid", ::getpid()},
                        {"host", run::hostName()},
                        {"runs_directory", call.engine.runsDirectory().string()},
                        {"home", run::homeDirectory().string()}};
}

ordered_json diskJson(const fs::path& path) {
    struct statvfs space {};
    ordered_json disk = {{"path", path.string()}, {"total_bytes", nullptr}, {"free_bytes", nullptr}};
    if (::statvfs(path.c_str(), &space) != 0) return disk;
    disk["total_bytes"] = static_cast<uint64_t>(space.f_blocks) * space.f_frsize;
    disk["free_bytes"] = static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
    return disk;
}

Answer describe(const Call& call) {
    const run::Machine machine = run::describeMachine();
    const run::Support support = run::supportOf(machine);
    RunControl& control = call.engine.control();
    return ordered_json{{"host", run::hostName()},
                        {"processor", machine.processor},
                        {"cores", machine.cores},
                        {"hardware_threads", machine.hardwareThreads},
                        {"memory_bytes", machine.memoryBytes},
                        {"available_bytes", machine.availableBytes},
                        {"devices",
                         {{{"id", "cpu"},
                           {"name", machine.processor},
                           {"memory_bytes", machine.memoryBytes},
                           {"free_bytes", machine.availableBytes}}}},
                        {"supports",
                         {{"precision", support.precision},
                          {"activation_checkpointing", support.activationCheckpointing},
                          {"sharding", support.sharding}}},
                        {"disk", diskJson(call.engine.runsDirectory())},
                        {"gemm_flops_per_second", call.engine.rate().gemmFlopsPerSecond()
                                                      ? ordered_json(*call.engine.rate().gemmFlopsPerSecond())
                                                      : ordered_json()},
                        {"runs", {{"running", control.activeRuns()}, {"queued", control.queue().order().size()}}},
                        {"uptime_seconds", call.engine.uptimeSeconds()}};
}

Answer ping(const Call&) {
    return ordered_json{{"time", run::utcNow()}};
}

Answer shutdown(const Call& call) {
    QMetaObject::invokeMethod(&call.engine, &Engine::shutdownWanted, Qt::QueuedConnection);
    return ordered_json::object();
}

}  // namespace

std::vector<Method> engineMethods() {
    return {{"engine.hello", hello, nullptr},
            {"engine.describe", describe, nullptr},
            {"engine.ping", ping, nullptr},
            {"engine.shutdown", shutdown, nullptr}};
}

}  // namespace radlads::server
