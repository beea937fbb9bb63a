#include "textures.h"

#include <algorithm>
#include <cmath>
#include <cstring>

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

using Four = float __attribute__((vector_size(16)));

// A row of a picture of half the size, from up to three rows of it. ``C`` channels.
template <int C>
void halve_rows(const float* const (&lines)[3], const Parts& v, int32_t width, float* to, int32_t columns) {
    for (int32_t x = 0; x < columns; x++) {
        const Parts h = parts_of(x, width, columns);
        float sum[C] = {};
        for (int32_t j = 0; j < v.count; j++)
            for (int32_t i = 0; i < h.count; i++)
                for (int c = 0; c < C; c++) sum[c] += v.weight[j] * h.weight[i] * lines[j][(h.first + i) * C + c];
        for (int c = 0; c < C; c++) to[x * C + c] = sum[c];
    }
}

// The same for four channels of rows whose length, and number, is even: quarters are exact, and so is the sum of them.
void halve_even_rows(const float* above, const float* below, float* to, int32_t columns) {
    for (int32_t x = 0; x < columns; x++) {
        Four a, b, c, d;
        std::memcpy(&a, above + 8 * x, 16);
        std::memcpy(&b, above + 8 * x + 4, 16);
        std::memcpy(&c, below + 8 * x, 16);
        std::memcpy(&d, below + 8 * x + 4, 16);
        const Four mean = (a + b + c + d) * 0.25f;
        std::memcpy(to + 4 * x, &mean, 16);
    }
}

template <int C>
void halve(const float* from, int32_t height, int32_t width, float* to, int32_t rows, int32_t columns) {
    for (int32_t y = 0; y < rows; y++) {
        const Parts v = parts_of(y, height, rows);
        const float* lines[3];
        for (int32_t j = 0; j < 3; j++) lines[j] = from + static_cast<size_t>(v.first + std::min(j, v.count - 1)) * width * C;
        float* out = to + static_cast<size_t>(y) * columns * C;
        if (C == 4 && v.count == 2 && width % 2 == 0)
            halve_even_rows(lines[0], lines[1], out, columns);
        else
            halve_rows<C>(lines, v, width, out, columns);
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

// A channel of a colour as it is stored: the square root of light.
uint32_t root_code(float light, float most) {
    return static_cast<uint32_t>(std::sqrt(std::min(std::max(light, 0.0f), 1.0f)) * most + 0.5f);
}
uint32_t byte_code(float v) { return static_cast<uint32_t>(std::min(std::max(v, 0.0f), 255.0f) + 0.5f); }

int32_t packed_light(const float* v) {
    return static_cast<int32_t>(root_code(v[0], 2047.0f) | root_code(v[1], 2047.0f) << 11 | root_code(v[2], 1023.0f) << 22);
}
int32_t packed_data(const float* v) {
    return static_cast<int32_t>(byte_code(v[0]) | byte_code(v[1]) << 8 | byte_code(v[2]) << 16);
}

// Codes as 16-bit numbers that may be averaged, and back.
struct MeanTables {
    uint16_t number[256];
    std::vector<uint8_t> code = std::vector<uint8_t>(65536);
};
MeanTables light_means() {
    MeanTables t;
    const float* light = linear_of_code();
    for (int i = 0; i < 256; i++) t.number[i] = static_cast<uint16_t>(static_cast<double>(light[i]) * 65535.0 + 0.5);
    int code = 0;
    for (int i = 0; i < 65536; i++) {
        const double value = i / 65535.0;
        while (code < 255 && (static_cast<double>(light[code + 1]) + static_cast<double>(light[code])) / 2.0 < value) code++;
        t.code[i] = static_cast<uint8_t>(code);
    }
    return t;
}
MeanTables data_means() {
    MeanTables t;
    for (int i = 0; i < 256; i++) t.number[i] = static_cast<uint16_t>(i * 257);
    for (int i = 0; i < 65536; i++) t.code[i] = static_cast<uint8_t>((i + 128) / 257);
    return t;
}

// What 8-bit codes become in the first mip level.
struct CodeTables {
    uint32_t root_11[256], root_10[256];
    float plain[256];
};
const CodeTables& code_tables() {
    static const CodeTables tables = [] {
        CodeTables t;
        for (int i = 0; i < 256; i++) {
            t.root_11[i] = root_code(linear_of_code()[i], 2047.0f);
            t.root_10[i] = root_code(linear_of_code()[i], 1023.0f);
            t.plain[i] = static_cast<float>(i);
        }
        return t;
    }();
    return tables;
}

void decode_row(const uint8_t* rgba, int32_t width, const float* values, float* out) {
    for (int32_t x = 0; x < width; x++, rgba += 4, out += 4) {
        out[0] = values[rgba[0]];
        out[1] = values[rgba[1]];
        out[2] = values[rgba[2]];
        out[3] = static_cast<float>(rgba[3]);
    }
}

// The second mip level, from the bytes of the first; a few rows at a time, for they are many.
std::vector<float> half_of_bytes(const uint8_t* rgba, int32_t height, int32_t width, const float* values) {
    const int32_t rows = std::max(height / 2, 1), columns = std::max(width / 2, 1);
    const size_t line = static_cast<size_t>(width) * 4;
    std::vector<float> decoded(3 * line), half(static_cast<size_t>(rows) * columns * 4);
    for (int32_t y = 0; y < rows; y++) {
        const Parts v = parts_of(y, height, rows);
        const float* lines[3] = {decoded.data(), decoded.data(), decoded.data()};
        for (int32_t j = 0; j < v.count; j++) {
            decode_row(rgba + (v.first + j) * line, width, values, decoded.data() + j * line);
            lines[j] = decoded.data() + j * line;
        }
        float* out = half.data() + static_cast<size_t>(y) * columns * 4;
        if (v.count == 2 && width % 2 == 0)
            halve_even_rows(lines[0], lines[1], out, columns);
        else
            halve_rows<4>(lines, v, width, out, columns);
    }
    return half;
}

// Writes the first mip level's words; returns whether all of it is opaque.
bool pack_bytes(const uint8_t* rgba, size_t count, bool is_color, int32_t* words) {
    const CodeTables& t = code_tables();
    uint8_t least = 255;
    for (size_t i = 0; i < count; i++, rgba += 4) {
        words[i] = static_cast<int32_t>(is_color ? t.root_11[rgba[0]] | t.root_11[rgba[1]] << 11 | t.root_10[rgba[2]] << 22
                                                 : rgba[0] | rgba[1] << 8 | rgba[2] << 16);
        least = std::min(least, rgba[3]);
    }
    return least == 255;
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
    for (int32_t y = 0; y < height; y++) {
        const float* line = values + static_cast<size_t>(y) * width * 2;
        for (int32_t x = 0; x < width; x++) {
            const float* next = line + 2 * (x + 1 < width ? x + 1 : around ? 0 : x);
            *words++ = static_cast<int32_t>(byte_code(line[2 * x]) | byte_code(line[2 * x + 1]) << 8 | byte_code(next[0]) << 16 |
                                            byte_code(next[1]) << 24);
        }
    }
}

Bytes shrunk(const uint8_t* pixels, int32_t height, int32_t width, int32_t channels, int32_t most, bool is_color) {
    static const MeanTables light = light_means(), data = data_means();
    const MeanTables& tables = is_color ? light : data;
    const int32_t factor = std::max((std::max(height, width) + most - 1) / most, 1);
    const int32_t down = std::min(factor, height), across = std::min(factor, width), block = down * across;
    Bytes out{{}, std::max(height / factor, 1), std::max(width / factor, 1)};
    out.rgba.assign(static_cast<size_t>(out.height) * out.width * 4, 255);
    std::vector<uint32_t> sums(static_cast<size_t>(out.width) * channels);
    for (int32_t row = 0; row < out.height; row++) {
        std::fill(sums.begin(), sums.end(), 0);
        for (int32_t y = 0; y < down; y++) {
            const uint8_t* from = pixels + (static_cast<size_t>(row) * down + y) * width * channels;
            for (int32_t x = 0; x < out.width; x++)
                for (int32_t i = 0; i < across; i++, from += channels)
                    for (int32_t c = 0; c < channels; c++)
                        sums[x * channels + c] += c == 3 && is_color ? from[c] : factor > 1 ? tables.number[from[c]] : from[c];
        }
        uint8_t* to = out.rgba.data() + static_cast<size_t>(row) * out.width * 4;
        for (int32_t x = 0; x < out.width; x++)
            for (int32_t c = 0; c < channels; c++) {
                const uint32_t sum = sums[x * channels + c];
                to[4 * x + c] = factor == 1                ? static_cast<uint8_t>(sum)
                                : c == 3 && is_color ? static_cast<uint8_t>((2 * sum + block) / (2 * block))
                                                     : tables.code[sum / block];
            }
    }
    return out;
}

StoredTexture store_texture(const uint8_t* rgba, int32_t height, int32_t width, bool is_color, int32_t wrap_u, int32_t wrap_v) {
    const size_t count = static_cast<size_t>(height) * width;
    StoredTexture t;
    Levels rest;
    if (count > 1) {
        const float* values = is_color ? linear_of_code() : code_tables().plain;
        rest = all_levels<4>(half_of_bytes(rgba, height, width, values), std::max(height / 2, 1), std::max(width / 2, 1));
    }
    const size_t others = rest.values.size() / 4;
    t.texels.resize(count + others + PADDING);
    const bool opaque = pack_bytes(rgba, count, is_color, t.texels.data());
    for (size_t i = 0; i < others; i++) {
        const float* v = rest.values.data() + 4 * i;
        t.texels[count + i] = is_color ? packed_light(v) : packed_data(v);
    }
    if (!opaque) {
        t.alpha.resize(count + others + PADDING);
        for (size_t i = 0; i < count; i++) t.alpha[i] = rgba[4 * i + 3];
        for (size_t i = 0; i < others; i++) t.alpha[count + i] = static_cast<uint8_t>(byte_code(rest.values[4 * i + 3]));
        t.view.alpha = t.alpha.data();
    }
    t.view.texels = t.texels.data();
    t.view.wrap_u = wrap_u;
    t.view.wrap_v = wrap_v;
    t.view.levels = std::min(rest.count + 1, MAX_LEVELS);
    t.view.width[0] = width;
    t.view.height[0] = height;
    for (int i = 1; i < t.view.levels; i++) {
        t.view.offset[i] = static_cast<int32_t>(count) + rest.offset[i - 1];
        t.view.width[i] = rest.width[i - 1];
        t.view.height[i] = rest.height[i - 1];
    }
    return t;
}

}  // namespace software
