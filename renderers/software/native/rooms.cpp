#include "rooms.h"

#include <algorithm>
#include <cmath>
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

// The remainder of a division by 360 as Python has it, from 0.
static float turned(float degrees) {
    if (degrees >= 0.0f && degrees < 360.0f) return degrees;
    const float rest = std::fmod(degrees, 360.0f);
    return rest < 0.0f ? rest + 360.0f : rest == 0.0f ? 0.0f : rest;
}

// Of a rectangle's half side in degrees: 1 inside, 0 outside, with an edge one texel wide.
static float inside(float half, float away, float texel) { return std::min(std::max((half - away) / texel + 0.5f, 0.0f), 1.0f); }

void paint_box(const Sphere& sphere, const float* color, const double (&place)[4]) {
    const float longitude = static_cast<float>(place[0]), latitude = static_cast<float>(place[1]), texel = static_cast<float>(180.0 / sphere.height);
    const float half_width = static_cast<float>(place[2]), half_height = static_cast<float>(place[3]);
    std::vector<float> across(sphere.width);
    for (int32_t x = 0; x < sphere.width; x++)
        across[x] = inside(half_width, std::abs(turned(sphere.longitudes[x] - longitude + 180.0f) - 180.0f), texel);
    for (int32_t y = 0; y < sphere.height; y++) {
        const float along = inside(half_height, std::abs(sphere.latitudes[y] - latitude), texel);
        if (along == 0.0f) continue;
        float* row = sphere.image + static_cast<size_t>(y) * sphere.width * 3;
        for (int32_t x = 0; x < sphere.width; x++) {
            const float weight = along * across[x];
            if (weight != 0.0f) paint_texels(row + 3 * x, 1, color, &weight);
        }
    }
}

void paint_texels(float* image, size_t texels, const float* color, const float* weights) {
    for (size_t i = 0; i < texels; i++)
        for (int c = 0; c < 3; c++) image[3 * i + c] += weights[i] * (color[c] - image[3 * i + c]);
}

void scale_texels(float* image, size_t texels, const float* factors) {
    for (size_t i = 0; i < texels; i++)
        for (int c = 0; c < 3; c++) image[3 * i + c] *= factors[i];
}

void spread_gradient(const float* gradient, int32_t height, int32_t width, const float* across, float* to) {
    for (int32_t y = 0; y < height; y++, gradient += 3)
        for (int32_t x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) *to++ = gradient[c] * across[x];
}

void paint_clouds(const float* gradient, int32_t height, int32_t width, const float* clouds, float brightness, float* to) {
    for (int32_t y = 0; y < height; y++, gradient += 3) {
        float other[3];
        for (int c = 0; c < 3; c++) other[c] = brightness - gradient[c] * 0.7f;
        for (int32_t x = 0; x < width; x++, clouds++)
            for (int c = 0; c < 3; c++) *to++ = gradient[c] + *clouds * other[c];
    }
}

void paint_leaves(const Leaves& leaves, int32_t height, int32_t width, float* to) {
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            const size_t i = static_cast<size_t>(y) * width + x;
            for (int c = 0; c < 3; c++) {
                const float light = std::min(std::max((1.0f + leaves.mottled[i]) + leaves.tint[3 * i + c], 0.3f), 2.0f);
                to[3 * i + c] = leaves.gradient[3 * y + c] * light + leaves.spots[i] * leaves.sky[c] * 0.7f;
            }
        }
}

void combine_shadows(const float* sun, const float* sky, const float* window, size_t texels, uint8_t* to) {
    const auto code = [](float v) { return static_cast<uint8_t>(std::min(std::max(v, 0.0f), 1.0f) * 255.0f + 0.5f); };
    for (size_t i = 0; i < texels; i++) {
        to[2 * i] = code(1.0f - window[i] * sun[i]);
        to[2 * i + 1] = code(1.0f - 0.78f * window[i] * sky[i]);
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

void project(const FilterPasses& passes, const double* rows, const float* channels, size_t count, double* to) {
    for (int row = 0; row < 9; row++)
        for (int c = 0; c < 3; c++)
            *to++ = folded_of(passes, count, [&](size_t i) { return rows[row * count + i] * static_cast<double>(channels[3 * i + c]); });
}

}  // namespace software
