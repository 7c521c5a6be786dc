#include "engine/io/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "engine/protocol/text.h"

namespace radlads::io {
namespace {

using nlohmann::json;

constexpr uint64_t kLargestHeader = 100'000'000;  // the limit of the reference implementation
constexpr size_t kMostDimensions = 32;

struct DtypeRow {
    Dtype dtype;
    const char* name;
    size_t bytes;
};
constexpr std::array<DtypeRow, 13> kDtypes = {{
    {Dtype::Bool, "BOOL", 1},
    {Dtype::U8, "U8", 1},
    {Dtype::I8, "I8", 1},
    {Dtype::I16, "I16", 2},
    {Dtype::U16, "U16", 2},
    {Dtype::F16, "F16", 2},
    {Dtype::BF16, "BF16", 2},
    {Dtype::I32, "I32", 4},
    {Dtype::U32, "U32", 4},
    {Dtype::F32, "F32", 4},
    {Dtype::F64, "F64", 8},
    {Dtype::I64, "I64", 8},
    {Dtype::U64, "U64", 8},
}};

const DtypeRow& row(Dtype dtype) {
    return kDtypes[static_cast<size_t>(dtype)];
}
static_assert([] {
    for (size_t i = 0; i < kDtypes.size(); ++i)
        if (static_cast<size_t>(kDtypes[i].dtype) != i) return false;
    return true;
}());

struct Entry {
    std::optional<Dtype> dtype;
    std::optional<std::vector<int64_t>> shape;
    std::optional<std::vector<int64_t>> offsets;  // two of them when complete
};

// Receives the header's JSON as events and accepts exactly its shape, so that nothing is built from what does not
// belong there: {"name": {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}, "__metadata__": {"key":
// "value"}}.
class HeaderReader : public nlohmann::json_sax<json> {
public:
    std::map<std::string, Entry> entries;
    std::map<std::string, std::string> metadata;
    std::string problem;

    bool null() override { return refuse("holds null where a value is needed"); }
    bool boolean(bool) override { return refuse("holds a boolean, which has no place in it"); }
    bool number_integer(number_integer_t) override { return refuse("holds a negative number"); }
    bool number_float(number_float_t, const string_t&) override {
        return refuse("holds a number that is not a whole number of 63 bits");
    }
    bool binary(binary_t&) override { return refuse("holds binary data"); }

    bool number_unsigned(number_unsigned_t value) override {
        if (!m_numbers) return refuse("holds a number where none belongs");
        if (value > static_cast<uint64_t>(INT64_MAX)) return refuse("holds a number above 2^63 - 1");
        if (m_numbers->size() == kMostDimensions) return refuse("holds a list of more than 32 numbers");
        m_numbers->push_back(static_cast<int64_t>(value));
        return true;
    }

    bool string(string_t& value) override {
        if (m_place == Place::Metadata) {
            if (!metadata.emplace(m_key, value).second) return refuse("has a key of __metadata__ twice");
            return true;
        }
        if (m_place != Place::Tensor || m_key != "dtype" || m_numbers) return refuse("holds a text where none belongs");
        if (m_entry->dtype) return refuse("has the key dtype twice");
        const auto found =
            std::find_if(kDtypes.begin(), kDtypes.end(), [&](const DtypeRow& r) { return value == r.name; });
        if (found == kDtypes.end())
            return refuse("has the dtype " + protocol::quote(value) +
                          ", which is not supported (use F32, F16 or BF16)");
        m_entry->dtype = found->dtype;
        return true;
    }

    bool start_object(std::size_t) override {
        if (m_place == Place::Outside) {
            m_place = Place::Top;
            return true;
        }
        if (m_place != Place::Top) return refuse("holds an object where none belongs");
        if (!m_seen.insert(m_key).second) return refuse("is given twice");
        m_tensor = m_key;
        m_place = m_key == "__metadata__" ? Place::Metadata : Place::Tensor;
        if (m_place == Place::Tensor) m_entry = &entries[m_key];
        return true;
    }

    bool key(string_t& value) override {
        m_key = std::move(value);
        return true;
    }

    bool end_object() override {
        if (m_place == Place::Tensor && !(m_entry->dtype && m_entry->shape && m_entry->offsets))
            return refuse("lacks dtype, shape or data_offsets");
        if (m_place == Place::Tensor && m_entry->offsets->size() != 2)
            return refuse("has data_offsets that are not two numbers");
        m_place = m_place == Place::Top ? Place::Outside : Place::Top;
        return true;
    }

    bool start_array(std::size_t) override {
        if (m_place != Place::Tensor || m_numbers) return refuse("holds a list where none belongs");
        std::optional<std::vector<int64_t>>* list = nullptr;
        if (m_key == "shape") list = &m_entry->shape;
        if (m_key == "data_offsets") list = &m_entry->offsets;
        if (!list) return refuse("has the unknown key " + protocol::quote(m_key));
        if (*list) return refuse("has the key " + m_key + " twice");
        m_numbers = &list->emplace();
        return true;
    }

    bool end_array() override {
        m_numbers = nullptr;
        return true;
    }

    bool parse_error(std::size_t byte, const std::string&, const nlohmann::detail::exception&) override {
        problem = fmt::format("is not valid JSON at byte {}", byte + 8);  // the header begins after its length
        return false;
    }

private:
    enum class Place { Outside, Top, Metadata, Tensor };

    bool refuse(const std::string& reason) {
        const std::string& name = m_place == Place::Top || m_tensor.empty() ? m_key : m_tensor;
        problem = "is not accepted: the entry " + protocol::quote(name) + " " + reason;
        return false;
    }

    Place m_place = Place::Outside;
    std::string m_key, m_tensor;
    Entry* m_entry = nullptr;
    std::vector<int64_t>* m_numbers = nullptr;
    std::set<std::string> m_seen;
};

// The bytes that a shape takes, or nothing if the product is over 2^63 - 1.
std::optional<int64_t> sizeOfShape(const std::vector<int64_t>& shape, Dtype dtype) {
    int64_t size = 1;
    for (const int64_t extent : shape)
        if (__builtin_mul_overflow(size, extent, &size)) return std::nullopt;
    if (__builtin_mul_overflow(size, static_cast<int64_t>(sizeBytes(dtype)), &size)) return std::nullopt;
    return size;
}

// Checks that the tensors cover the data without holes or overlap and fills in their spans.
Status layOut(const std::map<std::string, Entry>& entries, std::span<const std::byte> data, const std::string& where,
              std::map<std::string, TensorInfo>& tensors) {
    std::vector<const std::pair<const std::string, Entry>*> order;
    order.reserve(entries.size());
    for (const auto& entry : entries) order.push_back(&entry);
    std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return *a->second.offsets < *b->second.offsets; });

    int64_t reached = 0;
    for (const auto* item : order) {
        const auto& [name, entry] = *item;
        const int64_t begin = (*entry.offsets)[0], end = (*entry.offsets)[1];
        if (begin != reached)
            return invalidInput(
                "{}: the tensor {} begins at data byte {} but the one before it ends at {}; "
                "the file is damaged, get it again.",
                where, protocol::quote(name), begin, reached);
        if (end < begin || static_cast<uint64_t>(end) > data.size())
            return invalidInput(
                "{}: the tensor {} ends at data byte {} but the file holds {} data bytes from byte {} on; "
                "the file is damaged or cut short, get it again.",
                where, protocol::quote(name), end, data.size(), begin);
        const auto size = sizeOfShape(*entry.shape, *entry.dtype);
        if (!size || *size != end - begin)
            return invalidInput(
                "{}: the tensor {} has {} bytes, which do not agree with its shape and dtype {}; "
                "the file is damaged, get it again.",
                where, protocol::quote(name), end - begin, toString(*entry.dtype));
        tensors[name] = {*entry.dtype, *entry.shape,
                         data.subspan(static_cast<size_t>(begin), static_cast<size_t>(*size))};
        reached = end;
    }
    if (static_cast<uint64_t>(reached) != data.size())
        return invalidInput("{} holds {} bytes after its last tensor; the file is damaged, get it again.", where,
                            data.size() - static_cast<uint64_t>(reached));
    return {};
}

}  // namespace

const char* toString(Dtype dtype) {
    return row(dtype).name;
}
size_t sizeBytes(Dtype dtype) {
    return row(dtype).bytes;
}

int64_t TensorInfo::elementCount() const {
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    return count;
}

Result<SafetensorsContent> parseSafetensors(std::span<const std::byte> bytes, const std::string& where) {
    uint64_t headerSize = 0;
    if (bytes.size() < sizeof(headerSize))
        return invalidInput("{} is {} bytes long, too short for a safetensors file; get it again.", where,
                            bytes.size());
    std::memcpy(&headerSize, bytes.data(), sizeof(headerSize));
    if (headerSize > kLargestHeader)
        return invalidInput("{} is not a safetensors file: its header would be {} bytes long, the limit is {}.", where,
                            headerSize, kLargestHeader);
    if (headerSize > bytes.size() - sizeof(headerSize))
        return invalidInput("{} ends inside its header of {} bytes (the file has {}); it is cut short, get it again.",
                            where, headerSize, bytes.size());

    const auto* text = reinterpret_cast<const char*>(bytes.data()) + sizeof(headerSize);
    const std::string_view header(text, static_cast<size_t>(headerSize));
    // A zero byte would end the text for the JSON parser and hide what follows.
    if (header.empty() || header.front() != '{' || header.find('\0') != std::string_view::npos)
        return invalidInput("{} is not a safetensors file: its header is no JSON object.", where);

    HeaderReader reader;
    if (!json::sax_parse(header.begin(), header.end(), &reader))
        return invalidInput("The header of {} {}; get the file again.", where, reader.problem);

    SafetensorsContent content;
    content.metadata = std::move(reader.metadata);
    RADLADS_TRY(layOut(reader.entries, bytes.subspan(sizeof(headerSize) + header.size()), where, content.tensors));
    return content;
}

}  // namespace radlads::io
