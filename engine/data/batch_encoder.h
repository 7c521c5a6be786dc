// Tokenises batches of documents on several threads. Private to engine/data.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/io/tokenizer.h"

namespace radlads::data {

// The threads live as long as the object (a tokenizer may keep caches by thread). encode() is for one thread at a time.
class BatchEncoder {
public:
    BatchEncoder(const io::Tokenizer& tokenizer, int threads);  // threads >= 1, the caller's included
    ~BatchEncoder();
    BatchEncoder(const BatchEncoder&) = delete;
    BatchEncoder& operator=(const BatchEncoder&) = delete;
    int threads() const { return static_cast<int>(m_threads.size()) + 1; }
    // ids[i] becomes the ids of documents[i], for all documents.
    void encode(std::span<const std::string> documents, std::vector<std::vector<int32_t>>& ids);

private:
    void work();
    void takeDocuments();

    const io::Tokenizer& m_tokenizer;
    std::span<const std::string> m_documents;
    std::vector<std::vector<int32_t>>* m_ids = nullptr;
    std::atomic<size_t> m_next{0};

    std::mutex m_mutex;
    std::condition_variable m_started, m_done;
    uint64_t m_batch = 0;  // a new number starts the threads
    size_t m_busy = 0;
    bool m_stop = false;
    std::vector<std::thread> m_threads;
};

}  // namespace radlads::data
