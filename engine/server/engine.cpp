#include "engine/server/engine.h"

namespace radlads::server {

Engine::Engine(const fs::path& runsDirectory, QObject* parent)
    : QObject(parent),
      m_runsDirectory(runsDirectory),
      m_control(runsDirectory),
      m_rate(m_questions),
      m_preview(m_questions, m_rate, runsDirectory) {
    m_uptime.start();
}

}  // namespace radlads::server
