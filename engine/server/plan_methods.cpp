// plan.*
#include "engine/server/engine.h"
#include "engine/server/method_table.h"
#include "engine/server/plan_fault.h"
#include "engine/server/presets.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;

ordered_json planJson(const protocol::Plan& plan) {
    return ordered_json::parse(protocol::writePlan(plan));
}

Answer presets(const Call&) {
    auto list = ordered_json::array();
    for (const std::string& name : presetNames()) {
        const auto plan = readPreset(name);
        if (!plan) continue;
        const PresetText text = describePreset(name, *plan);
        list.push_back({{"id", name}, {"title", text.title}, {"summary", text.summary}, {"plan", planJson(*plan)}});
    }
    return ordered_json{{"presets", list}};
}

Answer validate(const Call& call) {
    const auto found = call.params.find("plan");
    const auto plan = resolvedPlanOf(found == call.params.end() ? nlohmann::json() : *found);
    if (plan) return ordered_json{{"valid", true}, {"plan", planJson(*plan)}, {"problems", ordered_json::array()}};
    if (plan.error().code == kParamsError) return tl::unexpected(plan.error());
    return ordered_json{{"valid", false},
                        {"plan", nullptr},
                        {"problems", {{{"key", plan.error().key}, {"message", plan.error().message}}}}};
}

void preview(const Call& call) {
    Params params(call.params);
    const auto price = params.optionalNumber("cost_per_hour", 0, 1e6);
    if (params.fault()) return call.reply.send(tl::unexpected(*params.fault()));
    const auto plan = resolvedPlanOf(params.at("plan"));
    if (!plan) return call.reply.send(tl::unexpected(plan.error()));
    call.engine.preview().make(*plan, price, [reply = call.reply](const Answer& answer) { reply.send(answer); });
}

}  // namespace

std::vector<Method> planMethods() {
    return {
        {"plan.presets", presets, nullptr}, {"plan.validate", validate, nullptr}, {"plan.preview", nullptr, preview}};
}

}  // namespace radlads::server
