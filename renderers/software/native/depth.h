// The last pass of a depth picture. Reads the inverse depth at the samples; writes the distance along the optical axis in
// world units, infinite where nothing is: one for each pixel, or one for each of its quarters.
#pragma once
#include <cstring>
#include <limits>

#include "lanes.h"
#include "scene.h"

namespace KERNEL {

using software::Picture;

constexpr float NOTHING = std::numeric_limits<float>::infinity();

inline Float distances(const Picture& picture, size_t first, float unit) {
    const Float inverse = load(picture.depth + first);
    const Mask there = inverse > Float(0.0f);
    return select(there, Float(unit) / select(there, inverse, Float(1.0f)), Float(NOTHING));
}

// The samples of pixel ``from`` to ``to`` of a row, pixel by pixel, into the two rows of quarters.
inline void write_quarters(const Picture& picture, float unit, size_t line, int32_t from, int32_t to, float* upper, float* lower) {
    constexpr int S = software::SAMPLES, PIXELS = WIDTH < S ? 1 : WIDTH / S;
    alignas(64) float found[PIXELS * S];
    for (int32_t column = from; column < to; column += PIXELS) {
        for (int s = 0; s < PIXELS * S; s += WIDTH)
            store(found + s, distances(picture, line + static_cast<size_t>(column) * S + s, unit));
        for (int i = 0; i < PIXELS && column + i < to; i++) {
            std::memcpy(upper + 2 * (column + i), found + S * i, 2 * sizeof(float));
            std::memcpy(lower + 2 * (column + i), found + S * i + 2, 2 * sizeof(float));
        }
    }
}

// ``unit`` is the length of the unit frame's unit in the world.
inline void depth(const Picture& picture, int32_t samples, float unit, float* out, int32_t row0, int32_t row1) {
    const software::Bounds& b = picture.bounds;
    const int32_t width = picture.projection.width, side = samples == 1 ? 1 : 2, end = b.x1 < width ? b.x1 : width;
    for (int32_t row = row0; row < row1; row++) {
        float* first = out + static_cast<size_t>(row) * side * side * width;
        for (int32_t i = 0; i < side * side * width; i++) first[i] = NOTHING;
        if (row < b.y0 || row >= b.y1) continue;
        const size_t line = static_cast<size_t>(row) * picture.stride * samples;
        if (samples != 1) {
            write_quarters(picture, unit, line, b.x0, end, first, first + 2 * width);
            continue;
        }
        for (int32_t i = b.x0; i < end; i += WIDTH) {
            const Float found = distances(picture, line + i, unit);
            if (i + WIDTH <= end) {
                store(first + i, found);
                continue;
            }
            alignas(64) float last[WIDTH];  // some lanes are beyond the picture, which has no padding
            store(last, found);
            for (int32_t k = 0; i + k < end; k++) first[i + k] = last[k];
        }
    }
}

}  // namespace KERNEL
