// From samples to the picture, a few rows at a time: lists the fragments, shades them material by material, adds them up,
// and puts the stage behind them.
#pragma once
#include "fragments.h"
#include "lanes.h"
#include "scene.h"
#include "shade.h"
#include "stage.h"

namespace KERNEL {

// Shades the fragments numbered f.order[first .. end), all of one material.
inline void shade_material(const Picture& picture, const software::Material& material, Fragments& f, int32_t first, int32_t end) {
    alignas(64) float r[WIDTH], g[WIDTH], b[WIDTH];
    for (int32_t i = first; i < end; i += WIDTH) {
        const int32_t n = end - i < WIDTH ? end - i : WIDTH;
        const Int at = select(first_lanes(n), load(f.order + i), Int(f.order[i]));
        const Shaded s = shade(picture, material, gather(f.x, at), gather(f.y, at), gather(f.triangle, at));
        store(r, s.color.x);
        store(g, s.color.y);
        store(b, s.color.z);
        for (int k = 0; k < n; k++) {
            const int32_t number = f.order[i + k];
            f.r[number] = r[k];
            f.g[number] = g[k];
            f.b[number] = b[k];
        }
    }
}

inline void shade_fragments(const Picture& picture, const Scratch& scratch, Fragments& f) {
    const software::Mesh& mesh = *picture.mesh;
    for (int32_t batch = 0, first = 0; batch < mesh.batch_count; first = scratch.counts[batch++])
        shade_material(picture, mesh.batches[batch].material, f, first, scratch.counts[batch]);
}

inline void finish(const Picture& picture, const Scratch& scratch, int32_t row0, int32_t row1) {
    const int32_t width = picture.projection.width;
    const software::Bounds& bounds = picture.bounds;
    for (int32_t row = row0; row < row1; row += software::CHUNK_ROWS) {
        const int32_t end = row + software::CHUNK_ROWS < row1 ? row + software::CHUNK_ROWS : row1;
        const size_t bytes = static_cast<size_t>(end - row) * width * sizeof(float);
        float* const channels[4] = {scratch.red, scratch.green, scratch.blue, scratch.cover};
        for (float* channel : channels) std::memset(channel, 0, bytes);
        const int32_t from = row > bounds.y0 ? row : bounds.y0, to = end < bounds.y1 ? end : bounds.y1;
        if (from < to) {
            Fragments f = scratch.fragments;
            list_fragments(picture, f, from, to);
            order_fragments(picture, scratch, f);
            shade_fragments(picture, scratch, f);
            Scratch shifted = scratch;  // pixels of fragments count from the first row that was listed
            const size_t skipped = static_cast<size_t>(from - row) * width;
            shifted.red += skipped;
            shifted.green += skipped;
            shifted.blue += skipped;
            shifted.cover += skipped;
            if (picture.veil != nullptr) gather_veil(picture, shifted, from, to);
            gather_fragments(f, shifted);
        }
        for (int32_t y = row; y < end; y++) compose_row(picture, scratch, y, row);
    }
}

}  // namespace KERNEL
