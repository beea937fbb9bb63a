// Pass 3. Reads the triangles at the samples of a few rows; writes the list of fragments: what each surface shows in each
// pixel, where it is shaded (the middle of its samples, which is inside it), and how much of the pixel it fills. After
// shading, adds the fragments up to pixels, in that order.
#pragma once
#include <cstring>

#include "dense.h"
#include "lanes.h"
#include "scene.h"

namespace KERNEL {

using software::Fragments;
using software::Picture;
using software::SAMPLES;
using software::Scratch;

constexpr float SHARE = 1.0f / SAMPLES;
inline float sample_x(int s) { return 0.25f + 0.5f * static_cast<float>(s & 1); }
inline float sample_y(int s) { return 0.25f + 0.5f * static_cast<float>(s >> 1); }

// The share of a sample's light that passes the blended surfaces in front of it.
inline float passes(const Picture& picture, size_t sample) {
    return picture.veil == nullptr ? 1.0f : picture.veil[4 * sample + 3];
}

inline void add_fragment(Fragments& f, int32_t pixel, int32_t triangle, float x, float y, float weight) {
    const int32_t i = f.count++;
    f.pixel[i] = pixel;
    f.triangle[i] = triangle;
    f.x[i] = x;
    f.y[i] = y;
    f.weight[i] = weight;
}

// Whether all of a pixel's samples, the first of which is ``first``, show one triangle, or nothing.
inline bool same_everywhere(const Picture& picture, size_t first) {
    uint64_t two[2];
    std::memcpy(two, picture.surface + first, 16);
    return two[0] == two[1] && static_cast<uint32_t>(two[0]) == static_cast<uint32_t>(two[0] >> 32);
}

inline void list_pixel(const Picture& picture, Fragments& f, int32_t pixel, int32_t column, int32_t row, size_t first) {
    int32_t id[SAMPLES];
    shaded_triangles(picture, first, id);
    const float x = static_cast<float>(column), y = static_cast<float>(row);
    if (picture.veil == nullptr && same_everywhere(picture, first)) {
        if (id[0] >= 0) add_fragment(f, pixel, id[0], x + 0.5f, y + 0.5f, 1.0f);
        return;
    }
    for (int s = 0; s < SAMPLES; s++) {
        if (id[s] < 0) continue;
        bool listed = false;
        for (int k = 0; k < s; k++) listed |= id[k] == id[s];
        if (listed) continue;
        float count = 0.0f, dx = 0.0f, dy = 0.0f, weight = 0.0f;
        for (int k = s; k < SAMPLES; k++) {
            if (id[k] != id[s]) continue;
            count += 1.0f;
            dx += sample_x(k);
            dy += sample_y(k);
            weight += SHARE * passes(picture, first + k);
        }
        if (weight > 0.0f) add_fragment(f, pixel, id[s], x + dx / count, y + dy / count, weight);
    }
}

constexpr int32_t GROUP = WIDTH < SAMPLES ? 1 : WIDTH / SAMPLES;  // pixels whose samples are loaded at once

// Whether no solid surface is at the samples of a group of pixels, the first of which is ``first``.
inline bool nothing_from(const Picture& picture, size_t first) {
    for (int s = 0; s < SAMPLES; s += WIDTH)
        if (!all(load(picture.surface + first + s) == Int(-1))) return false;
    return true;
}

inline void list_fragments(const Picture& picture, Fragments& f, int32_t row0, int32_t row1) {
    const int32_t width = picture.projection.width;
    const int32_t x0 = picture.bounds.x0, x1 = picture.bounds.x1 < width ? picture.bounds.x1 : width;
    f.count = 0;
    for (int32_t row = row0; row < row1; row++) {
        const size_t line = static_cast<size_t>(row) * picture.stride;
        for (int32_t column = x0; column < x1; column++) {
            if (column % GROUP == 0 && nothing_from(picture, (line + column) * SAMPLES)) {
                column += GROUP - 1;
                continue;
            }
            list_pixel(picture, f, (row - row0) * width + column, column, row, (line + column) * SAMPLES);
        }
    }
}

// Puts the fragments' numbers in the order of their materials; ``counts`` then says where each material's end.
inline void order_fragments(const Picture& picture, const Scratch& scratch, Fragments& f) {
    const software::Mesh& mesh = *picture.mesh;
    int32_t* counts = scratch.counts;
    if (mesh.batch_count == 1) {
        for (int32_t i = 0; i < f.count; i++) f.order[i] = i;
        counts[0] = f.count;
        return;
    }
    for (int32_t b = 0; b <= mesh.batch_count; b++) counts[b] = 0;
    for (int32_t i = 0; i < f.count; i++) counts[mesh.batch_of[f.triangle[i]] + 1]++;
    for (int32_t b = 0; b < mesh.batch_count; b++) counts[b + 1] += counts[b];
    for (int32_t i = 0; i < f.count; i++) f.order[counts[mesh.batch_of[f.triangle[i]]]++] = i;
}

// Adds the shaded fragments up.
inline void gather_fragments(const Fragments& f, const Scratch& scratch) {
    for (int32_t i = 0; i < f.count; i++) {
        const int32_t p = f.pixel[i];
        const float w = f.weight[i];
        scratch.red[p] += w * f.r[i];
        scratch.green[p] += w * f.g[i];
        scratch.blue[p] += w * f.b[i];
        scratch.cover[p] += w;
    }
}

// Adds what the blended surfaces throw into pixel ``p`` of the rows. Of a sample without a solid surface, they cover a part.
inline void add_veil(const Picture& picture, const Scratch& scratch, size_t first, int32_t p) {
    for (int s = 0; s < SAMPLES; s++) {
        const float* veil = picture.veil + 4 * (first + s);
        scratch.red[p] += SHARE * veil[0];
        scratch.green[p] += SHARE * veil[1];
        scratch.blue[p] += SHARE * veil[2];
        scratch.cover[p] += SHARE * (1.0f - veil[3]);
    }
}

inline void gather_veil(const Picture& picture, const Scratch& scratch, int32_t row0, int32_t row1) {
    const int32_t width = picture.projection.width;
    const int32_t x0 = picture.bounds.x0, x1 = picture.bounds.x1 < width ? picture.bounds.x1 : width;
    for (int32_t row = row0; row < row1; row++)
        for (int32_t column = x0; column < x1; column++) {
            const size_t first = (static_cast<size_t>(row) * picture.stride + column) * SAMPLES;
            add_veil(picture, scratch, first, (row - row0) * width + column);
        }
}

}  // namespace KERNEL
