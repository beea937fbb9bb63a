// Dense meshes, whose triangles are smaller than a pixel. Each sample of a pixel shows another triangle there, but mostly
// one smooth surface, which is shaded once. Reads the triangles and depths at a pixel's samples, and normals.
#pragma once
#include "scene.h"

namespace KERNEL {

using software::Picture;
using software::SAMPLES;

constexpr float ALIKE = 0.9f;                // least cosine between the normals of one surface in one pixel
constexpr float DEPTH_STEP = 0.01f;          // greatest difference of its depths, over the depth
constexpr float BEYOND = 8.0f;               // so many times its size a triangle is continued

inline bool is_dense(const Picture& picture) { return picture.mesh->triangle_count > software::DENSE_TRIANGLES; }

// Least barycentric coordinate of a place that is shaded. In a dense mesh the middle of a pixel may lie beyond the triangle
// that stands for the surface there, which is continued as a plane.
inline float least_part(const Picture& picture) { return is_dense(picture) ? -BEYOND : 0.0f; }

// Whether the triangles at two samples are parts of one smooth surface.
inline bool one_surface(const Picture& picture, size_t sample, size_t other) {
    const software::Mesh& mesh = *picture.mesh;
    const int32_t t = picture.surface[sample], u = picture.surface[other];
    if (mesh.batch_of[t] != mesh.batch_of[u]) return false;
    const float z = picture.depth[sample], away = z - picture.depth[other], most = DEPTH_STEP * z;
    if (away > most || -away > most) return false;
    const float* m = mesh.attributes + 8 * static_cast<size_t>(mesh.a[t]) + 3;
    const float* n = mesh.attributes + 8 * static_cast<size_t>(mesh.a[u]) + 3;
    return m[0] * n[0] + m[1] * n[1] + m[2] * n[2] > ALIKE;
}

// Writes the triangle that each of a pixel's samples is shaded with; ``first``: the first sample.
inline void shaded_triangles(const Picture& picture, size_t first, int32_t (&id)[SAMPLES]) {
    for (int s = 0; s < SAMPLES; s++) id[s] = picture.surface[first + s];
    if (!is_dense(picture)) return;
    for (int s = 1; s < SAMPLES; s++)
        for (int k = 0; k < s && id[s] >= 0; k++) {
            const bool leads = id[k] >= 0 && id[k] == picture.surface[first + k];
            if (!leads || !one_surface(picture, first + k, first + s)) continue;
            id[s] = id[k];
            break;
        }
}

}  // namespace KERNEL
