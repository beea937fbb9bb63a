// Filters for the pictures that a stage is made of: blurs, smooth noise, waves. All of them give the bits of the NumPy
// functions that their comments name.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "filter_passes.h"

namespace software {

// As viewpoint100k.geometry.exact.algebra: so few numbers are added from left to right, more are folded.
constexpr size_t SHORT = 16;
double folded_to_one(const FilterPasses& passes, double* values, size_t count);

// viewpoint100k.geometry.exact.total of a list: ``count`` numbers, at least one, which are overwritten.
double folded(const FilterPasses& passes, double* values, size_t count);

// The same of the numbers value(0), value(1) ... without a place for all of them.
template <typename Value>
double folded_of(const FilterPasses& passes, size_t count, const Value& value) {
    const size_t half = count > SHORT ? (count + 1) / 2 : count, paired = count - half;
    std::vector<double> sums(half);
    for (size_t i = 0; i < paired; i++) sums[i] = value(i) + value(half + i);
    for (size_t i = paired; i < half; i++) sums[i] = value(i);
    return count > SHORT ? folded_to_one(passes, sums.data(), half) : folded(passes, sums.data(), count);
}

// renderers.sphere.blur of a picture (height, width, channels), for a sigma of at most ``WIDEST_WEIGHTS`` texels.
constexpr double WIDEST_WEIGHTS = 6.0;
void blur_sphere(const FilterPasses& passes, const float* image, int32_t height, int32_t width, int32_t channels, double sigma,
                 float* to);

// renderers.sphere.noise: numbers (channels, rows, columns), spread by ``up`` (height, rows) and ``around`` (columns, width)
// to a picture (height, width, channels).
struct NoiseSize {
    int32_t channels, rows, columns, height, width;
};
void smooth_noise(const FilterPasses& passes, const NoiseSize& size, const float* numbers, const float* up, const float* around,
                  float* to);

// The coverage that renderers.shadow spreads: heights (size, size), 1 where nothing is. Sigmas in texels.
void spread_shadow(const FilterPasses& passes, const float* heights, int32_t size, float sigma_at_top, double least,
                   const double (&aspect)[2], float* to);

// renderers.fourier.real_field of a spectrum (size, size), a power of two. ``waves``: (size - 1) cosines and sines, those of
// size / 2 first.
void real_field(const FilterPasses& passes, const float* real, const float* imaginary, int32_t size, const float* cosines,
                const float* sines, float* to);

}  // namespace software
