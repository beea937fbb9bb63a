// Between pass 1 and 2. Reads where the vertices lie in the picture; writes for every block of triangles which rows it may
// touch, so that a picture that is drawn band by band goes through few triangles more than once.
#pragma once
#include "lanes.h"
#include "scene.h"

namespace KERNEL {

using software::BLOCK;
using software::Picture;

// The number of blocks of a batch. Batches share no block.
inline int32_t blocks_of(const software::Batch& batch) { return (batch.count + BLOCK - 1) / BLOCK; }

inline software::Rows rows_of(const Picture& picture, int32_t first, int32_t end) {
    constexpr float FAR = 1e6f;
    const software::Mesh& mesh = *picture.mesh;
    software::Rows rows = {picture.projection.height, -1};
    for (int32_t t = first; t < end; t += WIDTH) {
        const Int a = load(mesh.a + t), b = load(mesh.b + t), c = load(mesh.c + t);
        const Float za = gather(picture.inverse_depth, a), zb = gather(picture.inverse_depth, b), zc = gather(picture.inverse_depth, c);
        const Mask there = first_lanes(end - t < WIDTH ? end - t : WIDTH);
        if (any(there & (min(min(za, zb), zc) < Float(0.0f)))) return {0, picture.projection.height};  // to be clipped
        const Float ya = gather(picture.screen_y, a), yb = gather(picture.screen_y, b), yc = gather(picture.screen_y, c);
        alignas(64) int32_t tops[WIDTH], bottoms[WIDTH];
        store(tops, truncated(floor(clamp(min(min(ya, yb), yc), -FAR, FAR))));
        store(bottoms, truncated(floor(clamp(max(max(ya, yb), yc), -FAR, FAR))));
        for (int32_t i = 0; i < WIDTH && t + i < end; i++) {
            rows.top = tops[i] < rows.top ? tops[i] : rows.top;
            rows.bottom = bottoms[i] > rows.bottom ? bottoms[i] : rows.bottom;
        }
    }
    return rows;
}

inline void blocks(const Picture& picture) {
    software::Rows* out = picture.rows_of_block;
    for (int32_t i = 0; i < picture.mesh->batch_count; i++) {
        const software::Batch& batch = picture.mesh->batches[i];
        const int32_t end = batch.first + batch.count;
        for (int32_t t = batch.first; t < end; t += BLOCK) *out++ = rows_of(picture, t, t + BLOCK < end ? t + BLOCK : end);
    }
}

}  // namespace KERNEL
