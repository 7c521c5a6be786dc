// Questions that only the worker can answer (what is this model?), with their answers kept for a while.
#pragma once

#include <QObject>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/server/rpc.h"
#include "engine/server/worker_process.h"

namespace radlads::server {

// Owned by the Engine, in the main thread. Two workers at a time; the same question asked twice is asked once.
class WorkerQuestions : public QObject {
    Q_OBJECT
public:
    using Told = std::function<void(const Answer& document)>;
    using QObject::QObject;
    // arguments: of radlads-worker, a command that prints one JSON document. about: files whose change makes a kept
    // answer void; none: the answer is not kept. A document counts even if the status is 1 (inspect found a problem).
    void ask(const std::vector<std::string>& arguments, const std::vector<fs::path>& about, Told told);

private:
    struct Question {
        std::string key;
        std::vector<std::string> arguments;
        bool isKept = false;
        std::vector<Told> waiting;
    };
    void askNext();
    void finish(const std::string& key, const Answer& answer);

    std::deque<std::string> m_order;         // keys that wait
    std::map<std::string, Question> m_open;  // waiting and asked
    std::map<std::string, nlohmann::ordered_json> m_kept;
    std::deque<std::string> m_keptOrder;
    int m_asked = 0;
};

}  // namespace radlads::server
