#include "engine/io/gguf.h"

#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include "engine/protocol/text.h"

namespace radlads::io {
namespace {

constexpr std::array<char, 4> kMagic = {'G', 'G', 'U', 'F'};
constexpr uint64_t kMostDimensions = 4;
constexpr uint64_t kLargestAlignment = uint64_t{1} << 20;
// The least that an entry takes in the file, so that a count can be checked before anything is made for it.
constexpr uint64_t kLeastValueBytes = 8 + 4 + 1, kLeastTensorBytes = 8 + 4 + 8 + 4 + 8;

struct ValueRow {
    const char* name;
    size_t bytes;  // 0: not of fixed size
};
constexpr std::array<ValueRow, 13> kValues = {{{"uint8", 1},
                                               {"int8", 1},
                                               {"uint16", 2},
                                               {"int16", 2},
                                               {"uint32", 4},
                                               {"int32", 4},
                                               {"float32", 4},
                                               {"bool", 1},
                                               {"string", 0},
                                               {"array", 0},
                                               {"uint64", 8},
                                               {"int64", 8},
                                               {"float64", 8}}};

template <class T>
T load(const std::byte* data) {
    T value;
    std::memcpy(&value, data, sizeof(T));
    return value;
}

// Takes values off the front of the file; once the file has ended, every further answer is empty.
class Cursor {
public:
    explicit Cursor(std::span<const std::byte> bytes) : m_bytes(bytes) {}

    uint64_t offset() const { return m_offset; }
    uint64_t remaining() const { return m_bytes.size() - m_offset; }

    std::optional<std::span<const std::byte>> take(uint64_t size) {
        if (size > remaining()) return std::nullopt;
        const auto result = m_bytes.subspan(static_cast<size_t>(m_offset), static_cast<size_t>(size));
        m_offset += size;
        return result;
    }
    template <class T>
    std::optional<T> number() {
        const auto bytes = take(sizeof(T));
        return bytes ? std::optional(load<T>(bytes->data())) : std::nullopt;
    }
    std::optional<std::string_view> string() {
        const auto size = number<uint64_t>();
        const auto bytes = size ? take(*size) : std::nullopt;
        if (!bytes) return std::nullopt;
        return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    }

private:
    std::span<const std::byte> m_bytes;
    uint64_t m_offset = 0;
};

GgufValue scalar(GgufType type, const std::byte* data) {
    switch (type) {
        case GgufType::U8:
            return uint64_t{load<uint8_t>(data)};
        case GgufType::I8:
            return int64_t{load<int8_t>(data)};
        case GgufType::U16:
            return uint64_t{load<uint16_t>(data)};
        case GgufType::I16:
            return int64_t{load<int16_t>(data)};
        case GgufType::U32:
            return uint64_t{load<uint32_t>(data)};
        case GgufType::I32:
            return int64_t{load<int32_t>(data)};
        case GgufType::F32:
            return double{load<float>(data)};
        case GgufType::Bool:
            return load<uint8_t>(data) != 0;
        case GgufType::U64:
            return load<uint64_t>(data);
        case GgufType::I64:
            return load<int64_t>(data);
        case GgufType::F64:
            return load<double>(data);
        case GgufType::String:
        case GgufType::Array:
            break;
    }
    return {};
}

class Parser {
public:
    Parser(std::span<const std::byte> bytes, const std::string& where)
        : m_bytes(bytes), m_cursor(bytes), m_where(where) {}

    Result<GgufContent> parse() {
        RADLADS_TRY(readPreamble());
        for (uint64_t i = 0; i < m_valueCount; ++i) RADLADS_TRY(readPair());
        RADLADS_TRY(readAlignment());
        std::vector<std::pair<std::string, Info>> infos;  // each grown only after its bytes were read
        for (uint64_t i = 0; i < m_tensorCount; ++i) {
            RADLADS_TRY_ASSIGN(auto info, readInfo());
            infos.push_back(std::move(info));
        }
        RADLADS_TRY(placeTensors(infos));
        return std::move(m_content);
    }

private:
    struct Info {
        GgufTensor tensor;
        uint64_t offset = 0, size = 0;  // bytes, offset from the start of the data
    };

    tl::unexpected<Error> endsEarly(const char* what) const {
        return invalidInput("{} ends inside {} (byte {}); it is cut short, get it again.", m_where, what,
                            m_cursor.offset());
    }

    Status readPreamble() {
        const auto magic = m_cursor.take(kMagic.size());
        if (!magic || std::memcmp(magic->data(), kMagic.data(), kMagic.size()) != 0)
            return invalidInput("{} is not a GGUF file: it does not begin with GGUF.", m_where);
        const auto version = m_cursor.number<uint32_t>();
        const auto tensors = m_cursor.number<uint64_t>(), values = m_cursor.number<uint64_t>();
        if (!values) return endsEarly("its preamble");
        if ((*version & 0xffff) == 0 && *version != 0)
            return invalidInput("{} is a big-endian GGUF file, which is not supported; get the little-endian one.",
                                m_where);
        if (*version != 2 && *version != 3)
            return invalidInput("{} is GGUF version {}; versions 2 and 3 are supported.", m_where, *version);
        if (*values > m_cursor.remaining() / kLeastValueBytes || *tensors > m_cursor.remaining() / kLeastTensorBytes)
            return invalidInput(
                "{} announces {} metadata values and {} tensors, more than its {} bytes can hold; "
                "it is damaged, get it again.",
                m_where, *values, *tensors, m_bytes.size());
        m_content.version = *version;
        m_valueCount = *values;
        m_tensorCount = *tensors;
        return {};
    }

    Status readPair() {
        const auto key = m_cursor.string();
        const auto type = key ? m_cursor.number<uint32_t>() : std::nullopt;
        if (!type) return endsEarly("its metadata");
        if (*type >= kValues.size())
            return invalidInput("{}: the metadata key {} has the unknown type {}.", m_where, protocol::quote(*key),
                                *type);
        GgufValue value;
        if (static_cast<GgufType>(*type) == GgufType::Array) {
            RADLADS_TRY_ASSIGN(value, readArray(*key));
        } else if (static_cast<GgufType>(*type) == GgufType::String) {
            const auto text = m_cursor.string();
            if (!text) return endsEarly("its metadata");
            value = *text;
        } else {
            const auto bytes = m_cursor.take(kValues[*type].bytes);
            if (!bytes) return endsEarly("its metadata");
            value = scalar(static_cast<GgufType>(*type), bytes->data());
        }
        if (!m_content.metadata.emplace(std::string(*key), std::move(value)).second)
            return invalidInput("{} has the metadata key {} twice; get the file again.", m_where,
                                protocol::quote(*key));
        return {};
    }

    Result<GgufArray> readArray(std::string_view key) {
        const auto type = m_cursor.number<uint32_t>();
        const auto count = m_cursor.number<uint64_t>();
        if (!count) return endsEarly("its metadata");
        if (*type >= kValues.size() || static_cast<GgufType>(*type) == GgufType::Array)
            return invalidInput("{}: the metadata key {} is an array of type {}, which is not supported.", m_where,
                                protocol::quote(key), *type);
        GgufArray array;
        array.elementType = static_cast<GgufType>(*type);
        array.count = *count;
        const bool strings = array.elementType == GgufType::String;
        const uint64_t least = strings ? sizeof(uint64_t) : kValues[*type].bytes;
        if (*count > m_cursor.remaining() / least) return endsEarly("an array of its metadata");
        if (!strings) {
            array.data = *m_cursor.take(*count * least);
            return array;
        }
        array.strings.reserve(static_cast<size_t>(*count));
        for (uint64_t i = 0; i < *count; ++i) {
            const auto text = m_cursor.string();
            if (!text) return endsEarly("an array of its metadata");
            array.strings.push_back(*text);
        }
        return array;
    }

    Status readAlignment() {
        const auto found = m_content.metadata.find("general.alignment");
        if (found == m_content.metadata.end()) return {};
        const auto* value = std::get_if<uint64_t>(&found->second);
        if (!value || !std::has_single_bit(*value) || *value > kLargestAlignment)
            return invalidInput("{}: general.alignment must be a power of two of at most {}.", m_where,
                                kLargestAlignment);
        m_content.alignment = *value;
        return {};
    }

    Result<std::pair<std::string, Info>> readInfo() {
        const auto name = m_cursor.string();
        const auto dimensions = name ? m_cursor.number<uint32_t>() : std::nullopt;
        if (!dimensions) return endsEarly("its tensor list");
        if (*dimensions < 1 || *dimensions > kMostDimensions)
            return invalidInput("{}: the tensor {} has {} dimensions, 1 to {} are possible.", m_where,
                                protocol::quote(*name), *dimensions, kMostDimensions);
        Info info;
        int64_t elements = 1;
        for (uint32_t i = 0; i < *dimensions; ++i) {
            const auto extent = m_cursor.number<uint64_t>();
            if (!extent) return endsEarly("its tensor list");
            if (*extent == 0 || *extent > static_cast<uint64_t>(INT64_MAX) ||
                __builtin_mul_overflow(elements, static_cast<int64_t>(*extent), &elements))
                return invalidInput("{}: the shape of the tensor {} is empty or too large.", m_where,
                                    protocol::quote(*name));
            info.tensor.shape.insert(info.tensor.shape.begin(), static_cast<int64_t>(*extent));
        }
        const auto type = m_cursor.number<uint32_t>();
        const auto offset = m_cursor.number<uint64_t>();
        if (!offset) return endsEarly("its tensor list");
        info.tensor.type = findGgmlType(*type);
        if (!info.tensor.type)
            return invalidInput(
                "{}: the tensor {} is of type {} ({}), which is not supported; get a file in F16, BF16, "
                "Q8_0, Q6_K, Q5_K, Q4_K, Q5_1, Q5_0, Q4_1 or Q4_0.",
                m_where, protocol::quote(*name), ggmlTypeName(*type), *type);
        if (info.tensor.shape.back() % info.tensor.type->blockSize != 0)
            return invalidInput("{}: rows of {} values of the tensor {} are not whole blocks of type {}.", m_where,
                                info.tensor.shape.back(), protocol::quote(*name), info.tensor.type->name);
        int64_t size = 0;
        if (__builtin_mul_overflow(elements / info.tensor.type->blockSize, info.tensor.type->blockBytes, &size))
            return invalidInput("{}: the shape of the tensor {} is too large.", m_where, protocol::quote(*name));
        info.tensor.elementCount = elements;
        info.offset = *offset;
        info.size = static_cast<uint64_t>(size);
        return std::pair(std::string(*name), std::move(info));
    }

    // The data is the tensors in the order of the list, each padded to the alignment (the last one may lack its
    // padding).
    Status placeTensors(std::vector<std::pair<std::string, Info>>& infos) {
        const auto padded = [this](uint64_t size) {
            return (size + m_content.alignment - 1) & ~(m_content.alignment - 1);
        };
        const uint64_t begin = padded(m_cursor.offset());  // below 2^63: no file and no alignment is near that
        if (!infos.empty() && begin > m_bytes.size()) return endsEarly("its padding");
        const auto data = infos.empty() ? std::span<const std::byte>() : m_bytes.subspan(static_cast<size_t>(begin));
        uint64_t reached = 0;
        for (auto& [name, info] : infos) {
            if (info.offset != reached)
                return invalidInput(
                    "{}: the tensor {} is at data byte {} but must be at {}; the file is damaged, get it again.",
                    m_where, protocol::quote(name), info.offset, reached);
            if (info.offset > data.size() || info.size > data.size() - info.offset)
                return invalidInput("{}: the tensor {} ends after the end of the file; it is cut short, get it again.",
                                    m_where, protocol::quote(name));
            info.tensor.data = data.subspan(static_cast<size_t>(info.offset), static_cast<size_t>(info.size));
            reached = padded(info.offset + info.size);
            if (!m_content.tensors.emplace(name, std::move(info.tensor)).second)
                return invalidInput("{} has the tensor {} twice; get the file again.", m_where, protocol::quote(name));
        }
        return {};
    }

    std::span<const std::byte> m_bytes;
    Cursor m_cursor;
    const std::string& m_where;
    uint64_t m_valueCount = 0, m_tensorCount = 0;
    GgufContent m_content;
};

}  // namespace

const char* toString(GgufType type) {
    return kValues[static_cast<size_t>(type)].name;
}

std::vector<int64_t> GgufArray::integers() const {
    std::vector<int64_t> result;
    const size_t width = kValues[static_cast<size_t>(elementType)].bytes;
    if (width == 0) return result;
    result.reserve(static_cast<size_t>(count));
    for (uint64_t i = 0; i < count; ++i) {
        const GgufValue value = scalar(elementType, data.data() + i * width);
        if (const auto* positive = std::get_if<uint64_t>(&value))
            result.push_back(static_cast<int64_t>(*positive));
        else if (const auto* any = std::get_if<int64_t>(&value))
            result.push_back(*any);
        else if (const auto* flag = std::get_if<bool>(&value))
            result.push_back(*flag ? 1 : 0);
    }
    return result;
}

Result<GgufContent> parseGguf(std::span<const std::byte> bytes, const std::string& where) {
    return Parser(bytes, where).parse();
}

}  // namespace radlads::io
