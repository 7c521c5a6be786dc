// Progress of long work on stderr: a bar with rate and ETA on a terminal, a line every few seconds elsewhere, nothing with --quiet.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "engine/data/token_store.h"
#include "engine/train/run_loop.h"
#include "engine/worker/stream.h"

namespace radlads::worker {

std::string formatDuration(double seconds);      // "42 s", "3 min 20 s", "2 h 05 min"
std::string formatCount(double count);           // "950", "12.3 k", "4.56 M"
std::string formatBytes(double bytes);           // "12.3 MB"

class ProgressDisplay {
public:
    explicit ProgressDisplay(bool enabled);
    // With --stream: events {"done", "total", "text", "eta_seconds"} instead of a bar, ten a second at most.
    ProgressDisplay(bool enabled, EventStream& stream);
    // done and total in any unit; text stands behind the bar ("loss 1.234  12.3 k tok/s").
    void show(const std::string& label, double done, double total, const std::string& text, std::optional<double> etaSeconds);
    void update(const train::UpdateReport& report);
    void message(const std::string& line);  // a line of its own; the bar is drawn again after it
    void finish();                          // removes the bar
    // For data preparation; also stops it on Ctrl-C.
    data::ProgressCallback prepareCallback();

private:
    void showAsEvent(const std::string& label, double done, double total, const std::string& text, std::optional<double> etaSeconds);

    bool m_enabled = true, m_terminal = false;
    EventStream* m_stream = nullptr;  // set: events
    size_t m_drawn = 0;  // columns of the bar on the terminal
    std::chrono::steady_clock::time_point m_last{};
    std::chrono::steady_clock::time_point m_prepareStart{};
};

}  // namespace radlads::worker
