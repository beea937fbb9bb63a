// Which points of the surface that one depth map shows are also visible in another.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels.h"

namespace kernels {

namespace {

// A view's numbers, each under its name.
struct Lens {
    double fx, fy, cx, cy;
    double turn[3][3], position[3];

    explicit Lens(const DepthView& view) {
        const double *k = view.intrinsics, *m = view.camera_to_world;
        fx = k[0], fy = k[4], cx = k[2], cy = k[5];
        for (int row = 0; row < 3; row++) {
            for (int column = 0; column < 3; column++) turn[row][column] = m[4 * row + column];
            position[row] = m[4 * row + 3];
        }
    }
};

// True if the pixel (x, y) of a depth map, or one of its four neighbours, is at ``depth``. Beyond the map all is far away.
bool is_at(const DepthView& view, int32_t x, int32_t y, double depth, double tolerance, double steepest) {
    const float* here = view.depth + size_t(y) * view.width + x;
    const double middle = here[0], far = std::numeric_limits<double>::infinity();
    const double beside[4] = {x > 0 ? here[-1] : far, x + 1 < view.width ? here[1] : far, y > 0 ? here[-view.width] : far,
                              y + 1 < view.height ? here[view.width] : far};
    double steps[4], error = std::abs(middle - depth);
    for (int k = 0; k < 4; k++) {
        const bool known = std::isfinite(middle) && std::isfinite(beside[k]);
        steps[k] = known ? std::abs(beside[k] - middle) : 0.0;
        error = std::min(error, std::abs(beside[k] - depth));
    }
    const double slant = std::min(std::min(steps[0], steps[1]) + std::min(steps[2], steps[3]), steepest);
    return error < tolerance + slant;
}

}  // namespace

void seen_from(const DepthView& first, const DepthView& second, int32_t step, double tolerance, double steepest, bool* out) {
    const Lens one(first), two(second);
    std::vector<double> across(first.width);
    for (int32_t x = 0; x < first.width; x += step) across[x] = (x + 0.5 - one.cx) / one.fx;
    for (int32_t y = 0; y < first.height; y += step) {
        const double down = (y + 0.5 - one.cy) / one.fy;
        for (int32_t x = 0; x < first.width; x += step, out++) {
            const double z = first.depth[size_t(y) * first.width + x];
            *out = false;
            if (!std::isfinite(z)) continue;
            const double local[3] = {across[x] * z, down * z, z};
            double away[3], seen[3];
            for (int k = 0; k < 3; k++) {
                const double* row = one.turn[k];
                away[k] = local[0] * row[0] + local[1] * row[1] + local[2] * row[2] + one.position[k] - two.position[k];
            }
            for (int k = 0; k < 3; k++) seen[k] = away[0] * two.turn[0][k] + away[1] * two.turn[1][k] + away[2] * two.turn[2][k];
            const double depth = seen[2], safe = std::abs(depth) < 1e-12 ? 1e-12 : depth;
            const double u = seen[0] / safe * two.fx + two.cx, v = seen[1] / safe * two.fy + two.cy;
            if (!(depth > 0 && u >= 0 && v >= 0 && u < second.width && v < second.height)) continue;
            *out = is_at(second, static_cast<int32_t>(u), static_cast<int32_t>(v), depth, tolerance, steepest);
        }
    }
}

}  // namespace kernels
