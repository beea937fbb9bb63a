#include "measures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "filters.h"

namespace software {

bool used_extent(const PrimitiveArrays& p, float (&low)[3], float (&high)[3]) {
    for (int c = 0; c < 3; c++) {
        low[c] = std::numeric_limits<float>::infinity();
        high[c] = -low[c];
    }
    bool some = false;
    for (size_t i = 0; i < 3 * p.triangle_count; i++) {
        if (p.triangles[i] >= p.vertex_count) throw std::invalid_argument("a triangle refers to a vertex that is not there");
        const float* v = p.positions + 3 * static_cast<size_t>(p.triangles[i]);
        if (!std::isfinite(v[0]) || !std::isfinite(v[1]) || !std::isfinite(v[2])) continue;
        some = true;
        for (int c = 0; c < 3; c++) {
            low[c] = std::min(low[c], v[c]);
            high[c] = std::max(high[c], v[c]);
        }
    }
    return some;
}

double twice_area(const FilterPasses& passes, const PrimitiveArrays& p) {
    if (!p.triangle_count) return 0.0;
    std::vector<double> areas(p.triangle_count);
    for (size_t t = 0; t < p.triangle_count; t++) {
        const float* corner[3];
        for (int k = 0; k < 3; k++) {
            const uint32_t i = p.triangles[3 * t + k];
            if (i >= p.vertex_count) throw std::invalid_argument("a triangle refers to a vertex that is not there");
            corner[k] = p.positions + 3 * static_cast<size_t>(i);
        }
        float u[3], v[3];
        for (int c = 0; c < 3; c++) {
            u[c] = corner[1][c] - corner[0][c];
            v[c] = corner[2][c] - corner[0][c];
        }
        const double x = u[1] * v[2] - u[2] * v[1], y = u[2] * v[0] - u[0] * v[2], z = u[0] * v[1] - u[1] * v[0];
        areas[t] = std::sqrt(x * x + y * y + z * z);
    }
    return folded(passes, areas.data(), areas.size());
}

}  // namespace software
