#include "kernels/kernels.h"

namespace radlads::kernels {
namespace {

View contiguousView(void* data, DType dtype, int64_t batch, int64_t heads, int64_t rows, int64_t columns) {
    return {data, {batch, heads, rows, columns}, {heads * rows * columns, rows * columns, columns, 1}, dtype};
}

}  // namespace

View contiguous(float* data, int64_t batch, int64_t heads, int64_t rows, int64_t columns) {
    return contiguousView(data, DType::Float32, batch, heads, rows, columns);
}
View contiguous(BFloat16* data, int64_t batch, int64_t heads, int64_t rows, int64_t columns) {
    return contiguousView(data, DType::BFloat16, batch, heads, rows, columns);
}

Parallel serial() {
    return {1, [](int64_t count, const std::function<void(int64_t)>& task) {
                for (int64_t i = 0; i < count; ++i) task(i);
            }};
}

}  // namespace radlads::kernels
