// Any bytes as a plan: refused with a message, or read, written and read again as the same plan.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/protocol/plan.h"

using namespace radlads;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    auto plan = protocol::parsePlan(text, "plan");
    if (!plan) {
        if (plan.error().message.empty() || plan.error().code != ErrorCode::InvalidInput) std::abort();
    } else {
        const std::string written = protocol::writePlan(*plan);
        const auto again = protocol::parsePlan(written, "written");
        if (!again || protocol::writePlan(*again) != written) std::abort();
        if (protocol::resolvePlan(*plan) && !protocol::parsePlan(protocol::writePlan(*plan), "resolved")) std::abort();
    }
    // The same bytes as an assignment on the command line.
    protocol::Plan target;
    target.steps.resize(2);
    const std::string before = protocol::writePlan(target);
    if (protocol::setPlanKey(target, text)) {
        if (!protocol::parsePlan(protocol::writePlan(target), "set")) std::abort();
    } else if (protocol::writePlan(target) != before) {
        std::abort();
    }
    return 0;
}
