#include "engine/server/worker_questions.h"

namespace radlads::server {
namespace {

using namespace std::chrono_literals;
using nlohmann::ordered_json;

constexpr int kMostAtATime = 2;
constexpr std::size_t kMostKept = 64;
constexpr std::size_t kMaxDocument = 16 << 20;
constexpr auto kTimeout = 120s;

// The arguments and how the files are now.
std::string keyOf(const std::vector<std::string>& arguments, const std::vector<fs::path>& about) {
    ordered_json key = arguments;
    for (const fs::path& file : about) {
        std::error_code error;
        const auto time = fs::last_write_time(file, error);
        key.push_back(error ? int64_t{0} : static_cast<int64_t>(time.time_since_epoch().count()));
        const auto size = fs::is_regular_file(file, error) ? fs::file_size(file, error) : 0;
        key.push_back(error ? uint64_t{0} : static_cast<uint64_t>(size));
    }
    return lineOf(key);
}

}  // namespace

void WorkerQuestions::ask(const std::vector<std::string>& arguments, const std::vector<fs::path>& about, Told told) {
    const std::string key = keyOf(arguments, about);
    if (const auto kept = m_kept.find(key); kept != m_kept.end()) return told(kept->second);
    const auto [entry, isNew] = m_open.try_emplace(key, Question{key, arguments, !about.empty(), {}});
    entry->second.waiting.push_back(std::move(told));
    if (!isNew) return;
    m_order.push_back(key);
    askNext();
}

void WorkerQuestions::askNext() {
    while (m_asked < kMostAtATime && !m_order.empty()) {
        const std::string key = m_order.front();
        m_order.pop_front();
        auto* process = new WorkerProcess(this);
        auto document = std::make_shared<std::string>();
        connect(process, &WorkerProcess::output, this, [document](std::string_view bytes) {
            if (document->size() < kMaxDocument) *document += bytes;
        });
        connect(process, &WorkerProcess::ended, this,
                [this, key, process, document](int status, const std::optional<RpcError>& error) {
                    process->deleteLater();
                    --m_asked;
                    const ordered_json parsed = ordered_json::parse(*document, nullptr, false);
                    if ((status == 0 || status == 1) && parsed.is_object())
                        finish(key, parsed);
                    else if (error)
                        finish(key, tl::unexpected(*error));
                    else
                        finish(key, refuse(kFailedError, "the worker gave no answer"));
                    askNext();
                });
        ++m_asked;
        if (const Status started = process->start(m_open.at(key).arguments, WorkerLife::WithEngine); !started) {
            --m_asked;
            process->deleteLater();
            finish(key, refuse(started.error()));
            continue;
        }
        QTimer::singleShot(kTimeout, process, &WorkerProcess::cancel);
    }
}

void WorkerQuestions::finish(const std::string& key, const Answer& answer) {
    const auto found = m_open.find(key);
    if (found == m_open.end()) return;
    const Question question = std::move(found->second);
    m_open.erase(found);
    if (answer && question.isKept) {
        m_kept[key] = *answer;
        m_keptOrder.push_back(key);
        if (m_keptOrder.size() > kMostKept) {
            m_kept.erase(m_keptOrder.front());
            m_keptOrder.pop_front();
        }
    }
    for (const Told& told : question.waiting) told(answer);
}

}  // namespace radlads::server
