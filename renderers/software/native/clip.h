// The part of a triangle beyond the near plane: up to four corners, each a mixture of the triangle's corners. Scalar code,
// because few triangles reach the plane.
#pragma once
#include "lanes.h"
#include "scene.h"

namespace KERNEL {

struct ClippedCorner {
    float x, y, z;        // as the transform pass writes them
    float weights[3];     // of the triangle's corners
    float of(const float (&values)[3]) const {
        return weights[0] * values[0] + weights[1] * values[1] + weights[2] * values[2];
    }
};

// Writes the corners in order, and returns how many there are: 0, 3 or 4.
inline int clip(const software::Picture& picture, const int32_t (&ids)[3], ClippedCorner (&out)[4]) {
    const software::Projection& p = picture.projection;
    const float* m = p.matrix;
    float c[3][3];
    for (int i = 0; i < 3; i++) {
        const float x = picture.mesh->x[ids[i]], y = picture.mesh->y[ids[i]], z = picture.mesh->z[ids[i]];
        for (int row = 0; row < 3; row++)
            c[i][row] = m[4 * row] * x + m[4 * row + 1] * y + m[4 * row + 2] * z + m[4 * row + 3];
    }
    int count = 0;
    auto add = [&](int i, int j, float t) {  // the corner from i to j, a part t of the way
        ClippedCorner& o = out[count++];
        for (float& w : o.weights) w = 0.0f;
        o.weights[i] += 1.0f - t;
        o.weights[j] += t;
        const float x = c[i][0] + (c[j][0] - c[i][0]) * t, y = c[i][1] + (c[j][1] - c[i][1]) * t;
        const float z = t == 0.0f ? c[i][2] : p.near;
        o.z = 1.0f / z;
        o.x = p.focal[0] * (x * o.z) + p.center[0];
        o.y = p.focal[1] * (y * o.z) + p.center[1];
    };
    for (int i = 0; i < 3 && count < 4; i++) {
        const int j = i == 2 ? 0 : i + 1;
        const bool here = c[i][2] >= p.near, there = c[j][2] >= p.near;
        if (here) add(i, i, 0.0f);
        if (here != there && count < 4) add(i, j, (p.near - c[i][2]) / (c[j][2] - c[i][2]));
    }
    return count < 3 ? 0 : count;
}

}  // namespace KERNEL
