#include "engine/server/run_series.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "engine/run/journal.h"

namespace radlads::server {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMostValues = 4'000'000;
constexpr int64_t kMostSteps = 1000;

struct Point {
    int64_t update;
    double tokens, seconds, value;
};

// "2026-11-25T15:26:00.123Z" in seconds since 1970.
std::optional<double> secondsOf(std::string_view text) {
    const auto number = [text](std::size_t from, std::size_t count) {
        int value = -1;
        if (text.size() >= from + count) std::from_chars(text.data() + from, text.data() + from + count, value);
        return value;
    };
    if (text.size() < 20 || text[10] != 'T' || text.back() != 'Z') return std::nullopt;
    using namespace std::chrono;
    const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                              day(static_cast<unsigned>(number(8, 2)))};
    const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
    if (!date.ok() || hour < 0 || minute < 0 || second < 0) return std::nullopt;
    const double fraction = text.size() >= 24 ? std::max(0, number(20, 3)) / 1000.0 : 0.0;
    const auto days = sys_days(date).time_since_epoch();
    return static_cast<double>(duration_cast<seconds>(days).count() + 3600 * hour + 60 * minute + second) + fraction;
}

std::optional<double> numberOf(const json& event, const std::string& key) {
    const auto found = event.find(key);
    if (found == event.end()) return std::nullopt;
    if (found->is_number()) return found->get<double>();
    if (!found->is_string()) return std::nullopt;
    const auto& text = found->get_ref<const std::string&>();
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
    return std::nullopt;
}

int64_t integerOf(const json& event, const char* key, int64_t otherwise = 0) {
    const auto found = event.find(key);
    return found != event.end() && found->is_number_integer() ? found->get<int64_t>() : otherwise;
}

std::string textOf(const json& event, const char* key) {
    const auto found = event.find(key);
    return found != event.end() && found->is_string() ? found->get<std::string>() : std::string();
}

ordered_json figure(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
}

// Equal counts of points; a bucket stands at its last one.
ordered_json bucketsOf(const std::vector<Point>& points, int64_t buckets) {
    auto result = ordered_json::array();
    const std::size_t count = std::min(points.size(), static_cast<std::size_t>(buckets));
    for (std::size_t b = 0; b < count; ++b) {
        const std::size_t from = b * points.size() / count, to = (b + 1) * points.size() / count;
        double least = std::numeric_limits<double>::quiet_NaN(), most = least;
        for (std::size_t i = from; i < to; ++i) {
            least = std::fmin(least, points[i].value);  // a number is less and more than NaN
            most = std::fmax(most, points[i].value);
        }
        const Point& last = points[to - 1];
        result.push_back(
            {last.update, last.tokens, last.seconds, figure(least), figure(most), figure(last.value)});
    }
    return result;
}

class SeriesReader {
public:
    explicit SeriesReader(const SeriesRequest& request) : m_request(request), m_steps(request.keys.size()) {}

    Status take(const json& event) {
        const std::string kind = textOf(event, "event");
        const bool isMetrics = kind == "metrics" || kind == "evaluation";
        advanceClock(event, kind);
        m_lastSeq = std::max(m_lastSeq, static_cast<uint64_t>(std::max<int64_t>(0, integerOf(event, "seq"))));
        const int64_t step = std::clamp<int64_t>(integerOf(event, "step_index"), 0, kMostSteps);
        if (kind == "rollback") rewind(step, integerOf(event, "to_update"));
        if (!isMetrics) return {};
        const int64_t update = integerOf(event, "update");
        if (kind == "metrics") rewind(step, update - 1);
        m_tokens = numberOf(event, "tokens").value_or(m_tokens);
        if (m_lastSeq <= m_request.afterSeq) return {};
        for (std::size_t k = 0; k < m_request.keys.size(); ++k) {
            const auto value = numberOf(event, m_request.keys[k]);
            if (!value) continue;
            if (++m_values > kMostValues)
                return invalidInput("the journal holds more than {} values of these keys; ask for fewer keys, or for a "
                                    "part with after_seq",
                                    kMostValues);
            m_steps[k][step].push_back({update, m_tokens, m_seconds, *value});
        }
        return {};
    }

    ordered_json finish() const {
        auto series = ordered_json::array();
        for (std::size_t k = 0; k < m_request.keys.size(); ++k)
            for (const auto& [step, points] : m_steps[k])
                if (!points.empty())
                    series.push_back({{"key", m_request.keys[k]},
                                      {"step_index", step},
                                      {"points", bucketsOf(points, m_request.buckets)}});
        return {{"series", std::move(series)}, {"last_seq", m_lastSeq}};
    }

private:
    // Time counts while the run goes: not before its start, not in a pause, not between a stop and the next start.
    void advanceClock(const json& event, const std::string& kind) {
        const bool begins = kind == "run.started" || kind == "run.resumed";
        if (const auto now = secondsOf(textOf(event, "time"))) {
            if (!begins && !m_isResting && *now > m_lastTime) m_seconds += *now - m_lastTime;
            m_lastTime = *now;
        }
        if (begins) m_isResting = false;
        for (const char* end : {"run.paused", "run.stopped", "run.failed", "run.finished"})
            if (kind == end) m_isResting = true;
    }

    // Forgets what comes after an update of a step.
    void rewind(int64_t step, int64_t update) {
        for (auto& steps : m_steps) {
            steps.erase(steps.upper_bound(step), steps.end());
            const auto found = steps.find(step);
            if (found == steps.end()) continue;
            while (!found->second.empty() && found->second.back().update > update) {
                found->second.pop_back();
                --m_values;
            }
        }
    }

    const SeriesRequest& m_request;
    std::vector<std::map<int64_t, std::vector<Point>>> m_steps;  // by key
    std::size_t m_values = 0;
    uint64_t m_lastSeq = 0;
    double m_tokens = 0, m_seconds = 0;
    double m_lastTime = std::numeric_limits<double>::infinity();  // none yet
    bool m_isResting = true;
};

}  // namespace

Result<ordered_json> readSeries(const fs::path& journal, const SeriesRequest& request) {
    run::JournalReader reader(journal);
    SeriesReader series(request);
    while (true) {
        RADLADS_TRY_ASSIGN(const std::vector<json> events, reader.next(10000));
        if (events.empty()) return series.finish();
        for (const json& event : events) RADLADS_TRY(series.take(event));
    }
}

}  // namespace radlads::server
