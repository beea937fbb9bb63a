// A blur along one axis by weights: the middle entry first, then pair by pair outwards.
#include <algorithm>

#include "kernels.h"

namespace kernels {

namespace {

constexpr size_t TILE = 32;

// The blurred entries from ``middle`` on, COUNT of them. Their neighbours along the axis are ``inner`` entries apart.
template <size_t COUNT, typename T>
void sum_up(const T* middle, size_t inner, const T* weights, size_t reach, T* out) {
    T sums[COUNT];
    for (size_t i = 0; i < COUNT; i++) sums[i] = middle[i] * weights[0];
    for (size_t away = 1; away <= reach; away++) {
        const T *low = middle - away * inner, *high = middle + away * inner, weight = weights[away];
        for (size_t i = 0; i < COUNT; i++) sums[i] += (low[i] + high[i]) * weight;
    }
    std::copy(sums, sums + COUNT, out);
}

// The entry that continues an axis of ``count`` entries at ``place``, which may lie outside; -1 for a zero.
int64_t continued(int64_t place, int64_t count, Edge edge) {
    if (place >= 0 && place < count) return place;
    if (edge == Edge::zero) return -1;
    const int64_t period = edge == Edge::wrap ? count : 2 * count;
    const int64_t inside = ((place % period) + period) % period;
    return std::min(inside, period == count ? inside : period - 1 - inside);
}

}  // namespace

template <typename T>
void blur_by_weights(const T* values, size_t outer, size_t count, size_t inner, const T* weights, size_t reach, Edge edge, T* out) {
    std::vector<T> wide((count + 2 * reach) * inner);
    const size_t size = count * inner;
    for (size_t k = 0; k < outer; k++) {
        const T* from = values + k * size;
        for (size_t row = 0; row < count + 2 * reach; row++) {
            T* to = wide.data() + row * inner;
            const int64_t place = continued(static_cast<int64_t>(row) - static_cast<int64_t>(reach), count, edge);
            if (place < 0)
                std::fill(to, to + inner, T(0));
            else
                std::copy(from + place * inner, from + (place + 1) * inner, to);
        }
        const T* middle = wide.data() + reach * inner;
        T* to = out + k * size;
        size_t i = 0;
        for (; i + TILE <= size; i += TILE) sum_up<TILE>(middle + i, inner, weights, reach, to + i);
        for (; i < size; i++) sum_up<1>(middle + i, inner, weights, reach, to + i);
    }
}

template void blur_by_weights(const float*, size_t, size_t, size_t, const float*, size_t, Edge, float*);
template void blur_by_weights(const double*, size_t, size_t, size_t, const double*, size_t, Edge, double*);

}  // namespace kernels
