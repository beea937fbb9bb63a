#include "locality.h"

#include <algorithm>
#include <limits>

namespace software {

namespace {

constexpr size_t MANY_VERTICES = 1 << 14;  // fewer of them fit the cache in any order
constexpr uint32_t LINE = 16, LINES = 1 << 12;  // numbers in a line of the cache, and lines that it holds
constexpr size_t CORNERS_A_MISS = 10;

}  // namespace

bool is_scattered(const PrimitiveArrays& p) {
    if (p.vertex_count <= MANY_VERTICES) return false;
    std::vector<uint32_t> held(LINES, std::numeric_limits<uint32_t>::max());
    size_t misses = 0;
    for (size_t i = 0; i < 3 * p.triangle_count; i++) {
        const uint32_t line = p.triangles[i] / LINE;
        misses += held[line % LINES] != line;
        held[line % LINES] = line;
    }
    return misses * CORNERS_A_MISS > 3 * p.triangle_count;
}

OrderedPrimitive::OrderedPrimitive(const PrimitiveArrays& p) : arrays_(p) {
    constexpr uint32_t UNUSED = std::numeric_limits<uint32_t>::max();
    std::vector<uint32_t> to(p.vertex_count, UNUSED);
    from_.reserve(p.vertex_count);
    triangles_.resize(3 * p.triangle_count);
    const auto place = [&](uint32_t vertex) {
        if (to[vertex] == UNUSED) {
            to[vertex] = static_cast<uint32_t>(from_.size());
            from_.push_back(vertex);
        }
        return to[vertex];
    };
    for (size_t i = 0; i < triangles_.size(); i++) triangles_[i] = place(p.triangles[i]);
    for (size_t i = 0; i < p.vertex_count; i++) place(static_cast<uint32_t>(i));
    arrays_.triangles = triangles_.data();
    arrays_.positions = ordered(p.positions, 3, positions_);
    arrays_.normals = ordered(p.normals, 3, normals_);
    arrays_.uvs = ordered(p.uvs, 2, uvs_);
    arrays_.colors = ordered(p.colors, 4, colors_);
}

const float* OrderedPrimitive::ordered(const float* values, int width, std::vector<float>& out) const {
    if (values == nullptr) return nullptr;
    out.resize(from_.size() * width);
    for (size_t i = 0; i < from_.size(); i++)
        std::copy_n(values + static_cast<size_t>(from_[i]) * width, width, out.data() + i * width);
    return out.data();
}

}  // namespace software
