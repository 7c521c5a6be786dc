#include "engine/server/engine.h"

namespace radlads::server {

Engine::Engine(const fs::path& runsDirectory, QObject* parent)
    : QObject(parent),
      m_runsDirectory(runsDirectory),
      m_control(runsDirectory),
      m_rate(m_questions),
      m_preview(m_questions, m_rate, runsDirectory) {
    m_uptime.start();
    m_threads.setMaxThreadCount(2);
}

void Engine::inBackground(std::function<Answer()> work, Reply reply) {
    m_threads.start([this, work = std::move(work), reply = std::move(reply)] {
        QMetaObject::invokeMethod(
            this, [answer = work(), reply] { reply.send(answer); }, Qt::QueuedConnection);
    });
}

}  // namespace radlads::server
