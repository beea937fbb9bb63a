// Pass 1. Reads vertices (x, y, z in the unit frame) and the projection; writes where each lies in the picture and the
// inverse of its distance (or, for a map, its height). A negative inverse marks a vertex nearer than the near plane.
#pragma once
#include "lanes.h"
#include "scene.h"

namespace KERNEL {

inline void transform(const software::Picture& picture, int32_t first, int32_t last) {
    const software::Mesh& mesh = *picture.mesh;
    const software::Projection& p = picture.projection;
    const float* m = p.matrix;
    for (int32_t i = first; i < last; i += WIDTH) {  // buffers are padded: the last lanes may run over the end
        const Float x = load(mesh.x + i), y = load(mesh.y + i), z = load(mesh.z + i);
        const Float cx = Float(m[0]) * x + Float(m[1]) * y + Float(m[2]) * z + Float(m[3]);
        const Float cy = Float(m[4]) * x + Float(m[5]) * y + Float(m[6]) * z + Float(m[7]);
        const Float cz = Float(m[8]) * x + Float(m[9]) * y + Float(m[10]) * z + Float(m[11]);
        if (p.perspective) {
            const Float inverse = Float(1.0f) / cz;
            store(picture.screen_x + i, Float(p.focal[0]) * (cx * inverse) + Float(p.center[0]));
            store(picture.screen_y + i, Float(p.focal[1]) * (cy * inverse) + Float(p.center[1]));
            store(picture.inverse_depth + i, select(cz >= Float(p.near), inverse, Float(-1.0f)));
        } else {
            store(picture.screen_x + i, cx);
            store(picture.screen_y + i, cy);
            store(picture.inverse_depth + i, max(cz, Float(0.0f)));
        }
    }
}

}  // namespace KERNEL
