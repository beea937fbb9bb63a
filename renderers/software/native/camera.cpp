#include "camera.h"

#include <algorithm>
#include <limits>

namespace software {
namespace {

// What of the picture can hold the object, and how near it comes: its projected box, or the whole picture where the camera
// is too near for that. ``rows``: unit frame to the camera's axes.
void set_bounds(Picture& picture, const Box& box, const double (&rows)[3][4], const double* intrinsics) {
    Projection& p = picture.projection;
    const double fx = intrinsics[0], cx = intrinsics[2], fy = intrinsics[4], cy = intrinsics[5];
    double nearest = std::numeric_limits<double>::infinity(), farthest = -nearest;
    double left = nearest, top = nearest, right = -nearest, bottom = -nearest;
    for (int corner = 0; corner < 8; corner++) {
        double c[3];
        for (int i = 0; i < 3; i++) {
            c[i] = rows[i][3];
            for (int j = 0; j < 3; j++) c[i] += rows[i][j] * (corner >> j & 1 ? box.high[j] : box.low[j]);
        }
        nearest = std::min(nearest, c[2]);
        farthest = std::max(farthest, c[2]);
        left = std::min(left, fx * c[0] / c[2] + cx);
        right = std::max(right, fx * c[0] / c[2] + cx);
        top = std::min(top, fy * c[1] / c[2] + cy);
        bottom = std::max(bottom, fy * c[1] / c[2] + cy);
    }
    p.near = static_cast<float>(std::max(farthest * 1.001 + 1e-3, 2e-3) * 1e-3);
    Bounds& b = picture.bounds;
    b = {0, 0, p.width, p.height};
    if (nearest > 1e-3 && left <= right) {
        const auto whole = [](double value, int32_t most) {
            return static_cast<int32_t>(std::min(std::max(value, 0.0), static_cast<double>(most)));
        };
        b = {whole(left - 1.0, p.width), whole(top - 1.0, p.height), whole(right + 2.0, p.width), whole(bottom + 2.0, p.height)};
    }
}

}  // namespace

void set_camera(Picture& picture, const Object& object, const CameraNumbers& camera) {
    const double* m = camera.camera_to_world;
    const double* k = camera.intrinsics;
    double from[3];
    for (int i = 0; i < 3; i++) from[i] = (m[4 * i + 3] - object.center()[i]) / object.radius();
    Projection& p = picture.projection;
    double rows[3][4];
    for (int i = 0; i < 3; i++) {
        rows[i][3] = 0.0;
        for (int j = 0; j < 3; j++) {
            rows[i][j] = m[4 * j + i];
            rows[i][3] -= rows[i][j] * from[j];
        }
        for (int j = 0; j < 4; j++) p.matrix[4 * i + j] = static_cast<float>(rows[i][j]);
    }
    p.perspective = 1;
    p.width = camera.width;
    p.height = camera.height;
    const double fx = k[0], cx = k[2], fy = k[4], cy = k[5];
    p.focal[0] = static_cast<float>(fx);
    p.focal[1] = static_cast<float>(fy);
    p.center[0] = static_cast<float>(cx);
    p.center[1] = static_cast<float>(cy);
    Eye& e = picture.eye;
    for (int i = 0; i < 3; i++) {
        e.position[i] = static_cast<float>(from[i]);
        e.right[i] = static_cast<float>(m[4 * i] / fx);
        e.down[i] = static_cast<float>(m[4 * i + 1] / fy);
        e.forward[i] = static_cast<float>(m[4 * i + 2]);
    }
    e.center[0] = p.center[0];
    e.center[1] = p.center[1];
    e.pixel_angle = static_cast<float>(2.0 / (fx + fy));
    set_bounds(picture, object.box(), rows, k);
}

void set_stride(Picture& picture) {
    picture.stride = (picture.projection.width + 15) / 16 * 16;
    picture.bounds.x0 = picture.bounds.x0 / 16 * 16;
    picture.bounds.x1 = (picture.bounds.x1 + 15) / 16 * 16;
}

void sort_blended(const Object& object, const Eye& eye, int32_t* order) {
    const std::vector<int32_t>& blended = object.blended();
    const Mesh& mesh = object.mesh();
    const int32_t count = static_cast<int32_t>(blended.size());
    std::vector<float> depth(count);
    std::vector<double> total(mesh.batch_count, 0.0);
    std::vector<int32_t> number(count);
    const float* f = eye.forward;
    for (int32_t i = 0; i < count; i++) {
        const float* c = object.centroids().data() + 3 * static_cast<size_t>(i);
        depth[i] = c[0] * f[0] + c[1] * f[1] + c[2] * f[2];
        if (!(depth[i] == depth[i])) depth[i] = 0.0f;
        total[mesh.batch_of[blended[i]]] += depth[i];
        number[i] = i;
    }
    for (int32_t b = 0; b < mesh.batch_count; b++)
        if (mesh.batches[b].count) total[b] /= mesh.batches[b].count;
    std::stable_sort(number.begin(), number.end(), [&](int32_t i, int32_t j) {
        const int32_t p = mesh.batch_of[blended[i]], q = mesh.batch_of[blended[j]];
        if (p != q) return total[p] != total[q] ? total[p] > total[q] : p < q;
        return depth[i] > depth[j];
    });
    for (int32_t i = 0; i < count; i++) order[i] = blended[number[i]];
}

}  // namespace software
