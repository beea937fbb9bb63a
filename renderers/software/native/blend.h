// The blended parts of a mesh, over the solid ones: farthest triangle first. Reads the depth that the raster pass left, and
// shades each triangle once a pixel; writes, by sample, the light of all blended surfaces in front of the solid one, and
// the share of the light from behind that they let through.
#pragma once
#include "fragments.h"
#include "lanes.h"
#include "raster.h"
#include "scene.h"
#include "shade.h"

namespace KERNEL {

// Fragments of one material that wait to be shaded, in the order in which they are drawn.
struct Waiting {
    static constexpr int ROOM = WIDTH == 1 ? 8 : 128;  // a thread of a GPU has little memory
    int32_t count = 0;
    alignas(64) float x[ROOM + WIDTH], y[ROOM + WIDTH], r[ROOM + WIDTH], g[ROOM + WIDTH], b[ROOM + WIDTH], a[ROOM + WIDTH];
    alignas(64) int32_t triangle[ROOM + WIDTH];
    size_t first[ROOM];
    uint32_t samples[ROOM];
};

inline void paint(const Picture& picture, const software::Material& material, Waiting& w) {
    for (int i = w.count; i < w.count + WIDTH; i++) {  // lanes beyond the end repeat the last fragment
        w.x[i] = w.x[w.count - 1];
        w.y[i] = w.y[w.count - 1];
        w.triangle[i] = w.triangle[w.count - 1];
    }
    for (int i = 0; i < w.count; i += WIDTH) {
        const Shaded s = shade(picture, material, load(w.x + i), load(w.y + i), load(w.triangle + i));
        store(w.r + i, s.color.x);
        store(w.g + i, s.color.y);
        store(w.b + i, s.color.z);
        store(w.a + i, s.alpha);
    }
    for (int i = 0; i < w.count; i++) {
        const float alpha = w.a[i];
        if (!(alpha < software::SOLID_FROM) || alpha < software::NOTHING_BELOW) continue;
        const float rest = 1.0f - alpha;
        for (int s = 0; s < SAMPLES; s++) {
            if (!(w.samples[i] >> s & 1)) continue;
            float* veil = picture.veil + 4 * (w.first[i] + s);
            veil[0] = veil[0] * rest + w.r[i] * alpha;
            veil[1] = veil[1] * rest + w.g[i] * alpha;
            veil[2] = veil[2] * rest + w.b[i] * alpha;
            veil[3] = veil[3] * rest;
        }
    }
    w.count = 0;
}

inline void add_waiting(const Picture& picture, const software::Material& m, Waiting& w, size_t pixel, uint32_t samples,
                        int32_t triangle) {
    if (w.count == Waiting::ROOM) paint(picture, m, w);
    float dx = 0.0f, dy = 0.0f, count = 0.0f;
    for (int s = 0; s < SAMPLES; s++) {
        if (!(samples >> s & 1)) continue;
        dx += sample_x(s);
        dy += sample_y(s);
        count += 1.0f;
    }
    const int i = w.count++;
    w.x[i] = static_cast<float>(pixel % picture.stride) + dx / count;
    w.y[i] = static_cast<float>(pixel / picture.stride) + dy / count;
    w.triangle[i] = triangle;
    w.first[i] = pixel * SAMPLES;
    w.samples[i] = samples;
}

// The samples of triangle ``k`` that no opaque surface hides, pixel by pixel; lanes of samples are joined to pixels.
inline void list_blended(const Picture& picture, const software::Material& m, Waiting& w, const Prepared& p, int k,
                         int32_t triangle) {
    if constexpr (WIDTH >= SAMPLES) {
        each_group<SAMPLES>(picture, p, k, [&](size_t at, Mask inside, Float z, Float, Float) {
            uint32_t seen = bits(inside & (z > load(picture.depth + at)));
            for (size_t pixel = at / SAMPLES; seen; pixel++, seen >>= SAMPLES)
                if (seen & 15) add_waiting(picture, m, w, pixel, seen & 15, triangle);
        });
    } else {
        Prepared one = p;
        for (int32_t row = p.y0[k]; row <= p.y1[k]; row++)
            for (int32_t column = p.x0[k]; column <= p.x1[k]; column++) {
                one.y0[k] = one.y1[k] = row;
                one.x0[k] = one.x1[k] = column;
                uint32_t seen = 0;
                each_group<SAMPLES>(picture, one, k, [&](size_t at, Mask inside, Float z, Float, Float) {
                    seen |= bits(inside & (z > load(picture.depth + at))) << (at % SAMPLES);
                });
                const size_t pixel = static_cast<size_t>(row) * picture.stride + column;
                if (seen) add_waiting(picture, m, w, pixel, seen, triangle);
            }
    }
}

inline void blend_triangle(const Picture& picture, const software::Material& m, Waiting& w, int32_t triangle, int32_t row0,
                           int32_t row1) {
    const Mesh& mesh = *picture.mesh;
    const int32_t ids[3] = {mesh.a[triangle], mesh.b[triangle], mesh.c[triangle]};
    Float x[3], y[3], z[3];
    bool near = false;
    for (int i = 0; i < 3; i++) {
        x[i] = Float(picture.screen_x[ids[i]]);
        y[i] = Float(picture.screen_y[ids[i]]);
        z[i] = Float(picture.inverse_depth[ids[i]]);
        near |= picture.inverse_depth[ids[i]] < 0.0f;
    }
    Prepared p;
    if (!near) {
        if (any(prepare<SAMPLES>(picture, row0, row1, x, y, z, first_lanes(1), p))) list_blended(picture, m, w, p, 0, triangle);
        return;
    }
    ClippedCorner corners[4];
    const int count = clip(picture, ids, corners);
    for (int i = 2; i < count; i++) {
        const ClippedCorner* three[3] = {&corners[0], &corners[i - 1], &corners[i]};
        for (int j = 0; j < 3; j++) {
            x[j] = Float(three[j]->x);
            y[j] = Float(three[j]->y);
            z[j] = Float(three[j]->z);
        }
        if (any(prepare<SAMPLES>(picture, row0, row1, x, y, z, first_lanes(1), p))) list_blended(picture, m, w, p, 0, triangle);
    }
}

// Draws the triangles ``order`` (count), farthest first, into the rows row0 to row1.
inline void blend(const Picture& picture, const Scratch&, const int32_t* order, int32_t count, int32_t row0, int32_t row1) {
    const Mesh& mesh = *picture.mesh;
    Waiting waiting;
    int32_t last = -1;
    for (int32_t i = 0; i < count; i++) {
        const int32_t batch = mesh.batch_of[order[i]];
        if (batch != last && waiting.count) paint(picture, mesh.batches[last].material, waiting);
        last = batch;
        blend_triangle(picture, mesh.batches[batch].material, waiting, order[i], row0, row1);
    }
    if (waiting.count) paint(picture, mesh.batches[last].material, waiting);
}

}  // namespace KERNEL
