#include "rooms.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "filters.h"

namespace software {

RoomLight light_of(const FilterPasses& passes, const Room& room, const float* cosines) {
    const size_t texels = static_cast<size_t>(room.height) * room.width;
    std::vector<float> products(3 * texels);
    for (size_t i = 0; i < texels; i++)
        for (size_t c = 0; c < 3; c++) products[3 * i + c] = cosines[i] * room.image[i * room.step + c];
    const double walls = folded_of(passes, 3 * texels, [&](size_t i) { return static_cast<double>(products[i]); });
    const double lamps = folded_of(passes, texels, [&](size_t i) { return static_cast<double>(cosines[i] * room.lamps[i * room.lamp_step]); });
    return {walls, lamps};
}

void light_room(const Room& room, const float* dim, float gain, float brightest, float* to) {
    for (int32_t y = 0; y < room.height; y++)
        for (int32_t x = 0; x < room.width; x++, to += 3) {
            const size_t i = static_cast<size_t>(y) * room.width + x;
            const float lamp = room.lamps[i * room.lamp_step] * gain;
            for (int c = 0; c < 3; c++) to[c] = std::min(std::max(room.image[i * room.step + c] * dim[y] + lamp, 0.0f), brightest);
        }
}

void paint_box(float* image, int32_t height, int32_t width, const float* color, const float* along, const float* across) {
    for (int32_t y = 0; y < height; y++) {
        if (along[y] == 0.0f) continue;
        float* texel = image + static_cast<size_t>(y) * width * 3;
        for (int32_t x = 0; x < width; x++, texel += 3) {
            const float weight = along[y] * across[x];
            if (weight == 0.0f) continue;
            for (int c = 0; c < 3; c++) texel[c] += weight * (color[c] - texel[c]);
        }
    }
}

// Folded as the 64 texels of a block, row by row: first the lower half of the rows onto the upper, at last columns.
void block_means(const float* image, int32_t height, int32_t width, float* to) {
    constexpr int32_t SIDE = 8;
    const size_t line = static_cast<size_t>(width) * 3;
    std::vector<double> sums(4 * line);
    for (int32_t y = 0; y < height; y += SIDE) {
        const float* rows = image + y * line;
        for (size_t i = 0; i < 4 * line; i++) sums[i] = static_cast<double>(rows[i]) + rows[4 * line + i];
        for (size_t i = 0; i < 2 * line; i++) sums[i] += sums[2 * line + i];
        for (size_t i = 0; i < line; i++) sums[i] += sums[line + i];
        for (const double* s = sums.data(); s < sums.data() + line; s += 3 * SIDE)
            for (int c = 0; c < 3; c++) {
                const double a = s[c] + s[c + 12], b = s[c + 3] + s[c + 15], d = s[c + 6] + s[c + 18], e = s[c + 9] + s[c + 21];
                *to++ = static_cast<float>(((a + d) + (b + e)) / (SIDE * SIDE));
            }
    }
}

double twice_area(const FilterPasses& passes, const PrimitiveArrays& p) {
    if (!p.triangle_count) return 0.0;
    std::vector<double> areas(p.triangle_count);
    for (size_t t = 0; t < p.triangle_count; t++) {
        const float* corner[3];
        for (int k = 0; k < 3; k++) {
            const uint32_t i = p.triangles[3 * t + k];
            if (i >= p.vertex_count) throw std::invalid_argument("a triangle refers to a vertex that is not there");
            corner[k] = p.positions + 3 * static_cast<size_t>(i);
        }
        float u[3], v[3];
        for (int c = 0; c < 3; c++) {
            u[c] = corner[1][c] - corner[0][c];
            v[c] = corner[2][c] - corner[0][c];
        }
        const double x = u[1] * v[2] - u[2] * v[1], y = u[2] * v[0] - u[0] * v[2], z = u[0] * v[1] - u[1] * v[0];
        areas[t] = std::sqrt(x * x + y * y + z * z);
    }
    return folded(passes, areas.data(), areas.size());
}

}  // namespace software
