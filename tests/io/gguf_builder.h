// Writes GGUF files for tests, byte by byte and without the code under test.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace radlads::testing {

template <class T>
std::string bytesOf(T value) {
    std::string bytes(sizeof(T), '\0');
    std::memcpy(bytes.data(), &value, sizeof(T));
    return bytes;
}
inline std::string ggufString(const std::string& text) {
    return bytesOf<uint64_t>(text.size()) + text;
}

class GgufBuilder {
public:
    uint32_t version = 3;
    uint64_t alignment = 32;

    void value(const std::string& key, uint32_t type, const std::string& bytes) {
        m_values += ggufString(key) + bytesOf(type) + bytes;
        ++m_valueCount;
    }
    void u32(const std::string& key, uint32_t number) { value(key, 4, bytesOf(number)); }
    void f32(const std::string& key, float number) { value(key, 6, bytesOf(number)); }
    void boolean(const std::string& key, bool flag) { value(key, 7, std::string(1, flag ? '\1' : '\0')); }
    void text(const std::string& key, const std::string& text) { value(key, 8, ggufString(text)); }
    void texts(const std::string& key, const std::vector<std::string>& list) {
        std::string bytes = bytesOf<uint32_t>(8) + bytesOf<uint64_t>(list.size());
        for (const auto& text : list) bytes += ggufString(text);
        value(key, 9, bytes);
    }
    void i32s(const std::string& key, const std::vector<int32_t>& list) {
        std::string bytes = bytesOf<uint32_t>(5) + bytesOf<uint64_t>(list.size());
        for (const int32_t number : list) bytes += bytesOf(number);
        value(key, 9, bytes);
    }

    // shape: row-major. offset: where the tensor says it is; by default where it is.
    void tensor(const std::string& name, const std::vector<uint64_t>& shape, uint32_t type, const std::string& data) {
        tensorAt(name, shape, type, data, m_data.size());
    }
    void tensorAt(const std::string& name, const std::vector<uint64_t>& shape, uint32_t type, const std::string& data,
                  uint64_t offset) {
        m_infos += ggufString(name) + bytesOf(static_cast<uint32_t>(shape.size()));
        for (auto extent = shape.rbegin(); extent != shape.rend(); ++extent) m_infos += bytesOf(*extent);
        m_infos += bytesOf(type) + bytesOf(offset);
        m_data += data;
        pad(m_data);
        ++m_tensorCount;
    }
    void floats(const std::string& name, const std::vector<uint64_t>& shape, const std::vector<float>& values) {
        tensor(name, shape, 0,
               std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
    }

    std::string build() const { return build(m_tensorCount, m_valueCount); }
    std::string build(uint64_t tensorCount, uint64_t valueCount) const {
        std::string file = "GGUF" + bytesOf(version) + bytesOf(tensorCount) + bytesOf(valueCount) + m_values + m_infos;
        if (m_tensorCount > 0) pad(file);
        return file + m_data;
    }

private:
    void pad(std::string& bytes) const { bytes.resize((bytes.size() + alignment - 1) / alignment * alignment, '\0'); }

    std::string m_values, m_infos, m_data;
    uint64_t m_valueCount = 0, m_tensorCount = 0;
};

}  // namespace radlads::testing
