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

// Writes the entries at ``place``, outside an axis of ``count``, that continue it. ``middle`` points to its first ones.
template <typename T>
void continue_at(T* middle, int64_t place, int64_t count, int64_t inner, Edge edge) {
    T* to = middle + place * inner;
    if (edge == Edge::zero) {
        std::fill(to, to + inner, T(0));
        return;
    }
    const int64_t period = edge == Edge::wrap ? count : 2 * count;
    const int64_t inside = (place % period + period) % period;
    const T* from = middle + (inside < count ? inside : period - 1 - inside) * inner;
    for (int64_t i = 0; i < inner; i++) to[i] = from[i];
}

}  // namespace

template <typename T>
void blur_by_weights(const T* values, size_t outer, size_t count, size_t inner, const T* weights, size_t reach, Edge edge, T* out) {
    const size_t size = count * inner, margin = reach * inner;
    std::vector<T> wide(size + 2 * margin);
    T* middle = wide.data() + margin;
    for (size_t k = 0; k < outer; k++, values += size, out += size) {
        std::copy(values, values + size, middle);
        for (int64_t away = 1; away <= int64_t(reach); away++) {
            continue_at(middle, -away, count, inner, edge);
            continue_at(middle, int64_t(count) - 1 + away, count, inner, edge);
        }
        size_t i = 0;
        for (; i + TILE <= size; i += TILE) sum_up<TILE>(middle + i, inner, weights, reach, out + i);
        if (size >= TILE)
            sum_up<TILE>(middle + size - TILE, inner, weights, reach, out + size - TILE);  // some of them once more
        else
            for (; i < size; i++) sum_up<1>(middle + i, inner, weights, reach, out + i);
    }
}

template void blur_by_weights(const float*, size_t, size_t, size_t, const float*, size_t, Edge, float*);
template void blur_by_weights(const double*, size_t, size_t, size_t, const double*, size_t, Edge, double*);

}  // namespace kernels
