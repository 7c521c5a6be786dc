// Open-addressing hash tables of the tokenizer: fixed after loading, so lookups need no lock. Private to io.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace radlads::io {

inline uint64_t mixBits(uint64_t x) {
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ull;
    x ^= x >> 32;
    return x;
}

inline uint64_t hashBytes(const char* p, size_t size) {
    uint64_t hash = size * 0x9e3779b97f4a7c15ull;
    for (; size >= 8; p += 8, size -= 8) {
        uint64_t word = 0;
        std::memcpy(&word, p, 8);
        hash = mixBits(hash ^ word) * 0x9e3779b97f4a7c15ull;
    }
    uint64_t tail = 0;
    if (size >= 4) {
        uint32_t low = 0, high = 0;
        std::memcpy(&low, p, 4);
        std::memcpy(&high, p + size - 4, 4);
        tail = uint64_t(high) << 32 | low;
    } else if (size > 0) {
        const auto byte = [p](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(p[i])); };
        tail = byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
    }
    return mixBits(hash ^ tail);
}

// Texts to ids. The texts lie one after the other in one string.
class StringIndex {
public:
    static constexpr int32_t kNone = -1;

    void reserve(size_t count, size_t bytes) {
        m_texts.reserve(bytes);
        if (count * 2 > m_entries.size()) rehash(std::bit_ceil(count * 2 + 16));
    }
    // False if the text is there already. The texts together must stay under 4 GiB.
    bool insert(std::string_view text, int32_t id) {
        if ((m_count + 1) * 2 > m_entries.size()) rehash(std::bit_ceil(m_count * 4 + 16));
        const auto hash = static_cast<uint32_t>(hashBytes(text.data(), text.size()));
        size_t slot = hash & (m_entries.size() - 1);
        for (; m_entries[slot].id != kNone; slot = (slot + 1) & (m_entries.size() - 1))
            if (matches(m_entries[slot], hash, text)) return false;
        m_entries[slot] = {hash, id, static_cast<uint32_t>(m_texts.size()), static_cast<uint32_t>(text.size())};
        m_texts.append(text);
        ++m_count;
        return true;
    }
    // kNone if the text is not there.
    int32_t find(std::string_view text) const {
        if (m_entries.empty()) return kNone;
        const auto hash = static_cast<uint32_t>(hashBytes(text.data(), text.size()));
        size_t slot = hash & (m_entries.size() - 1);
        for (; m_entries[slot].id != kNone; slot = (slot + 1) & (m_entries.size() - 1))
            if (matches(m_entries[slot], hash, text)) return m_entries[slot].id;
        return kNone;
    }
    size_t size() const { return m_count; }

private:
    struct Entry {
        uint32_t hash = 0;
        int32_t id = kNone;
        uint32_t offset = 0, length = 0;
    };
    bool matches(const Entry& entry, uint32_t hash, std::string_view text) const {
        return entry.hash == hash && entry.length == text.size() &&
               std::memcmp(m_texts.data() + entry.offset, text.data(), text.size()) == 0;
    }
    void rehash(size_t capacity) {
        std::vector<Entry> old(capacity);
        old.swap(m_entries);
        for (const Entry& entry : old) {
            if (entry.id == kNone) continue;
            size_t slot = entry.hash & (capacity - 1);
            while (m_entries[slot].id != kNone) slot = (slot + 1) & (capacity - 1);
            m_entries[slot] = entry;
        }
    }
    std::vector<Entry> m_entries;
    std::string m_texts;
    size_t m_count = 0;
};

// Pairs of ids to a value and a rank: the merges, and the edges of the trie of added tokens.
class PairTable {
public:
    struct Entry {
        uint64_t key = kEmpty;
        uint32_t rank = 0;
        int32_t value = 0;
    };

    void reserve(size_t count) {
        if (count * 2 > m_entries.size()) rehash(std::bit_ceil(count * 2 + 16));
    }
    // left, right >= 0. A pair that is there already gets the new value.
    void assign(int32_t left, int32_t right, uint32_t rank, int32_t value) {
        if ((m_count + 1) * 2 > m_entries.size()) rehash(std::bit_ceil(m_count * 4 + 16));
        Entry& entry = m_entries[slotOf(key(left, right))];
        if (entry.key == kEmpty) ++m_count;
        entry = {key(left, right), rank, value};
    }
    const Entry* find(int32_t left, int32_t right) const {
        if (m_entries.empty()) return nullptr;
        const Entry& entry = m_entries[slotOf(key(left, right))];
        return entry.key == kEmpty ? nullptr : &entry;
    }

private:
    static constexpr uint64_t kEmpty = ~uint64_t(0);
    static uint64_t key(int32_t left, int32_t right) {
        return uint64_t(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
    }
    size_t slotOf(uint64_t wanted) const {
        const size_t mask = m_entries.size() - 1;
        size_t slot = mixBits(wanted * 0x9e3779b97f4a7c15ull) & mask;
        while (m_entries[slot].key != kEmpty && m_entries[slot].key != wanted) slot = (slot + 1) & mask;
        return slot;
    }
    void rehash(size_t capacity) {
        std::vector<Entry> old(capacity);
        old.swap(m_entries);
        for (const Entry& entry : old)
            if (entry.key != kEmpty) m_entries[slotOf(entry.key)] = entry;
    }
    std::vector<Entry> m_entries;
    size_t m_count = 0;
};

}  // namespace radlads::io
