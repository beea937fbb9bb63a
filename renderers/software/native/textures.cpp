#include "textures.h"

#include <algorithm>
#include <cmath>

namespace software {
namespace {

// The fifth root of x in [0, 1] by Newton's iteration: no library function whose last bit is free.
double fifth_root(double x) {
    if (x <= 0.0) return 0.0;
    double r = 1.0;
    for (int i = 0; i < 80; i++) r = (4.0 * r + x / (r * r * r * r)) / 5.0;
    return r;
}

// Parts of the texels from which texel ``i`` of a line of half the length is averaged: two, or three of an odd line.
struct Parts {
    int32_t first, count;
    float weight[3];
};

Parts parts_of(int32_t i, int32_t length, int32_t half) {
    if (length == 1) return {0, 1, {1.0f, 0.0f, 0.0f}};
    if (length % 2 == 0) return {2 * i, 2, {0.5f, 0.5f, 0.0f}};
    const float n = static_cast<float>(length);
    return {2 * i, 3, {static_cast<float>(half - i) / n, static_cast<float>(half) / n, static_cast<float>(i + 1) / n}};
}

// Halves a picture. ``C`` channels.
template <int C>
void halve(const float* from, int32_t height, int32_t width, float* to, int32_t rows, int32_t columns) {
    for (int32_t y = 0; y < rows; y++) {
        const Parts v = parts_of(y, height, rows);
        for (int32_t x = 0; x < columns; x++) {
            const Parts h = parts_of(x, width, columns);
            float sum[C] = {};
            for (int32_t j = 0; j < v.count; j++) {
                const float* line = from + (static_cast<size_t>(v.first + j) * width + h.first) * C;
                for (int32_t i = 0; i < h.count; i++)
                    for (int c = 0; c < C; c++) sum[c] += v.weight[j] * h.weight[i] * line[i * C + c];
            }
            for (int c = 0; c < C; c++) *to++ = sum[c];
        }
    }
}

template <int C>
Levels all_levels(std::vector<float> values, int32_t height, int32_t width) {
    Levels l;
    l.values = std::move(values);
    size_t start = 0;
    for (int32_t h = height, w = width;; h = std::max(h / 2, 1), w = std::max(w / 2, 1)) {
        l.offset[l.count] = static_cast<int32_t>(start / C);
        l.width[l.count] = w;
        l.height[l.count] = h;
        l.count++;
        if ((h == 1 && w == 1) || l.count == MAX_LEVELS) break;
        const size_t next = start + static_cast<size_t>(h) * w * C;
        const int32_t rows = std::max(h / 2, 1), columns = std::max(w / 2, 1);
        l.values.resize(next + static_cast<size_t>(rows) * columns * C);
        halve<C>(l.values.data() + start, h, w, l.values.data() + next, rows, columns);
        start = next;
    }
    l.values.resize(l.values.size() + PADDING);
    return l;
}

uint32_t packed_light(float r, float g, float b) {
    const auto code = [](float light, float most) {
        return static_cast<uint32_t>(std::sqrt(std::min(std::max(light, 0.0f), 1.0f)) * most + 0.5f);
    };
    return code(r, 2047.0f) | code(g, 2047.0f) << 11 | code(b, 1023.0f) << 22;
}

uint32_t packed_data(float r, float g, float b) {
    const auto byte = [](float v) { return static_cast<uint32_t>(std::min(std::max(v, 0.0f), 255.0f) + 0.5f); };
    return byte(r) | byte(g) << 8 | byte(b) << 16;
}

}  // namespace

const float* linear_of_code() {
    static const std::vector<float> table = [] {
        std::vector<float> t(256);
        for (int i = 0; i < 256; i++) {
            const double s = i / 255.0, x = (s + 0.055) / 1.055, square = x * x;
            t[i] = static_cast<float>(s <= 0.04045 ? s / 12.92 : square * fifth_root(square));
        }
        return t;
    }();
    return table.data();
}

Levels mip_levels(std::vector<float> values, int32_t height, int32_t width, int32_t channels) {
    switch (channels) {
        case 2: return all_levels<2>(std::move(values), height, width);
        case 3: return all_levels<3>(std::move(values), height, width);
        default: return all_levels<4>(std::move(values), height, width);
    }
}

void pack_pairs(const float* values, int32_t height, int32_t width, bool around, int32_t* words) {
    const auto byte = [](float v) { return static_cast<uint32_t>(std::min(std::max(v, 0.0f), 255.0f) + 0.5f); };
    for (int32_t y = 0; y < height; y++) {
        const float* line = values + static_cast<size_t>(y) * width * 2;
        for (int32_t x = 0; x < width; x++) {
            const int32_t next = x + 1 < width ? x + 1 : around ? 0 : x;
            *words++ = static_cast<int32_t>(byte(line[2 * x]) | byte(line[2 * x + 1]) << 8 | byte(line[2 * next]) << 16 |
                                            byte(line[2 * next + 1]) << 24);
        }
    }
}

StoredTexture store_texture(const uint8_t* rgba, int32_t height, int32_t width, bool is_color, int32_t wrap_u, int32_t wrap_v) {
    const size_t count = static_cast<size_t>(height) * width;
    const float* linear = linear_of_code();
    std::vector<float> values(count * 4);
    bool opaque = true;
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < 3; c++) values[4 * i + c] = is_color ? linear[rgba[4 * i + c]] : static_cast<float>(rgba[4 * i + c]);
        values[4 * i + 3] = static_cast<float>(rgba[4 * i + 3]);
        opaque &= rgba[4 * i + 3] == 255;
    }
    const Levels levels = mip_levels(std::move(values), height, width, 4);
    const size_t texels = levels.values.size() / 4;
    StoredTexture t;
    t.texels.resize(texels + PADDING);
    if (!opaque) t.alpha.resize(texels + PADDING);
    for (size_t i = 0; i < texels; i++) {
        const float* v = levels.values.data() + 4 * i;
        t.texels[i] = static_cast<int32_t>(is_color ? packed_light(v[0], v[1], v[2]) : packed_data(v[0], v[1], v[2]));
        if (!opaque) t.alpha[i] = static_cast<uint8_t>(std::min(std::max(v[3], 0.0f), 255.0f) + 0.5f);
    }
    t.view.levels = levels.count;
    t.view.wrap_u = wrap_u;
    t.view.wrap_v = wrap_v;
    for (int i = 0; i < levels.count; i++) {
        t.view.offset[i] = levels.offset[i];
        t.view.width[i] = levels.width[i];
        t.view.height[i] = levels.height[i];
    }
    t.view.texels = t.texels.data();
    t.view.alpha = opaque ? nullptr : t.alpha.data();
    return t;
}

}  // namespace software
