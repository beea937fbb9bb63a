// Loops over pixels. Each does what the NumPy function of its name does, in the same order of operations: the bits are equal.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kernels {

// An order of all numbers: NaN comes last. The order of < alone lets std::nth_element leave its range.
inline bool comes_before(float a, float b) { return a < b || (b != b && a == a); }

// Of viewpoint100k/geometry/exact/filters.py. ``values`` is (outer, count, inner), blurred along its middle axis.
enum class Edge { mirror, wrap, zero };
template <typename T>
void blur_by_weights(const T* values, size_t outer, size_t count, size_t inner, const T* weights, size_t reach, Edge edge, T* out);
struct Boxes {
    size_t reach;
    double end;
    size_t passes;
};
template <typename T>
void blur_by_sums(const T* values, size_t outer, size_t count, size_t inner, const Boxes& boxes, Edge edge, T* out);

// Of viewpoint100k/views/colors.py.
struct ColorTables {
    const float* linear;  // (256)
    const float* f;       // (steps + 1)
    int32_t steps;
    const float* xyz_from_rgb;  // (3, 3)
};
void cielab(const uint8_t* pixels, size_t count, const ColorTables& tables, float* out);

// Of viewpoint100k/views/differences.py. Pictures are (height, width).
struct Picture {
    const float* lab;    // (h, w, 3)
    const bool* mask;    // (h, w)
    const bool* beyond;  // (h, w) or null
};
struct Shift {
    int32_t down, right;
};
struct MarkSettings {
    int32_t lightness_steps, bleeding, smallest_mark;
};
float mark_difference(const Picture& seen, const Picture& other, const bool* unknown, const float* plain, int32_t height, int32_t width,
                      const std::vector<Shift>& shifts, const MarkSettings& settings);
std::vector<float> changes(const Picture& one, const Picture& two, int32_t height, int32_t width);
void median_rows(const std::vector<Picture>& pictures, int32_t height, int32_t width, float* out);

// Of viewpoint100k/views/pairs.py.
struct DepthView {
    const float* depth;             // (height, width)
    const double* intrinsics;       // (3, 3), of this many pixels
    const double* camera_to_world;  // (4, 4)
    int32_t height, width;
};
void seen_from(const DepthView& first, const DepthView& second, int32_t step, double tolerance, double steepest, bool* out);

// Of viewpoint100k/views/visibility.py. The mask is (height, width).
struct ColorImage {
    const uint8_t* rgb;  // (height, width, 3)
    int64_t height, width;
};
float rim_difference(const ColorImage& image, const bool* mask, int32_t height, int32_t width, int32_t away_down, int32_t away_right,
                     int32_t most_places, const ColorTables& tables);

}  // namespace kernels
