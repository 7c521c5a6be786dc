#include "engine/data/batch_encoder.h"

namespace radlads::data {

BatchEncoder::BatchEncoder(const io::Tokenizer& tokenizer, int threads) : m_tokenizer(tokenizer) {
    for (int i = 1; i < threads; ++i) m_threads.emplace_back([this] { work(); });
}

BatchEncoder::~BatchEncoder() {
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_started.notify_all();
    for (std::thread& thread : m_threads) thread.join();
}

void BatchEncoder::encode(std::span<const std::string> documents, std::vector<std::vector<int32_t>>& ids) {
    ids.resize(documents.size());
    {
        const std::lock_guard lock(m_mutex);
        m_documents = documents;
        m_ids = &ids;
        m_next = 0;
        m_busy = m_threads.size();
        ++m_batch;
    }
    m_started.notify_all();
    takeDocuments();
    std::unique_lock lock(m_mutex);
    m_done.wait(lock, [this] { return m_busy == 0; });
}

void BatchEncoder::work() {
    uint64_t seen = 0;
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_started.wait(lock, [&] { return m_stop || m_batch != seen; });
        if (m_stop) return;
        seen = m_batch;
        lock.unlock();
        takeDocuments();
        lock.lock();
        if (--m_busy == 0) m_done.notify_one();
    }
}

void BatchEncoder::takeDocuments() {
    for (size_t i = m_next++; i < m_documents.size(); i = m_next++) {
        std::vector<int32_t>& ids = (*m_ids)[i];
        ids.clear();
        m_tokenizer.encode(m_documents[i], ids);
    }
}

}  // namespace radlads::data
