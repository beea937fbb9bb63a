// Blurs along one axis: by weights, the middle entry first, then pair by pair outwards; or by running sums.
#include <algorithm>

#include "kernels.h"

namespace kernels {

namespace {

constexpr size_t TILE = 32;
constexpr size_t LINES = 8;  // that are summed side by side

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

// Continues an axis of ``count`` by ``margin`` entries at either end.
template <typename T>
void continue_both_ways(T* middle, int64_t margin, int64_t count, int64_t inner, Edge edge) {
    for (int64_t away = 1; away <= margin; away++) {
        continue_at(middle, -away, count, inner, edge);
        continue_at(middle, count - 1 + away, count, inner, edge);
    }
}

// Averages ``count`` entries, each of LINES numbers, over boxes. The first 2 (reach + 1) fewer are written in their place.
void average(double* values, double* sums, size_t count, size_t reach, double end, double share) {
    std::fill(sums, sums + LINES, 0.0);
    for (size_t i = 0; i < count * LINES; i++) sums[LINES + i] = sums[i] + values[i];
    const size_t box = (2 * reach + 2) * LINES;
    for (size_t i = 0; i < count * LINES - box; i++) {
        const double inside = sums[box + i] - sums[LINES + i], ends = values[i] + values[box + i];
        values[i] = (inside + end * ends) * share;
    }
}

}  // namespace

template <typename T>
void blur_by_weights(const T* values, size_t outer, size_t count, size_t inner, const T* weights, size_t reach, Edge edge, T* out) {
    const size_t size = count * inner, margin = reach * inner;
    std::vector<T> wide(size + 2 * margin);
    T* middle = wide.data() + margin;
    for (size_t k = 0; k < outer; k++, values += size, out += size) {
        std::copy(values, values + size, middle);
        continue_both_ways(middle, reach, count, inner, edge);
        size_t i = 0;
        for (; i + TILE <= size; i += TILE) sum_up<TILE>(middle + i, inner, weights, reach, out + i);
        if (size >= TILE)
            sum_up<TILE>(middle + size - TILE, inner, weights, reach, out + size - TILE);  // some of them once more
        else
            for (; i < size; i++) sum_up<1>(middle + i, inner, weights, reach, out + i);
    }
}

template <typename T>
void blur_by_sums(const T* values, size_t outer, size_t count, size_t inner, const Boxes& boxes, Edge edge, T* out) {
    const size_t margin = boxes.passes * (boxes.reach + 1), lines = outer * inner;
    const double share = 1.0 / (static_cast<double>(2 * boxes.reach + 1) + 2.0 * boxes.end);
    std::vector<double> wide((count + 2 * margin) * LINES), sums(wide.size() + LINES);
    for (size_t first = 0; first < lines; first += LINES) {
        const size_t here = std::min(LINES, lines - first);
        double* middle = wide.data() + margin * LINES;
        const auto place = [&](size_t line) { return (first + line) / inner * count * inner + (first + line) % inner; };
        for (size_t line = 0; line < here; line++)
            for (size_t i = 0; i < count; i++) middle[i * LINES + line] = values[place(line) + i * inner];
        continue_both_ways(middle, margin, count, LINES, edge);
        for (size_t pass = 0; pass < boxes.passes; pass++)
            average(wide.data(), sums.data(), count + 2 * (boxes.passes - pass) * (boxes.reach + 1), boxes.reach, boxes.end, share);
        for (size_t line = 0; line < here; line++)
            for (size_t i = 0; i < count; i++) out[place(line) + i * inner] = static_cast<T>(wide[i * LINES + line]);
    }
}

template void blur_by_weights(const float*, size_t, size_t, size_t, const float*, size_t, Edge, float*);
template void blur_by_weights(const double*, size_t, size_t, size_t, const double*, size_t, Edge, double*);
template void blur_by_sums(const float*, size_t, size_t, size_t, const Boxes&, Edge, float*);
template void blur_by_sums(const double*, size_t, size_t, size_t, const Boxes&, Edge, double*);

}  // namespace kernels
