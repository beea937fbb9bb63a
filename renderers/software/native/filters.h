// Filters for the pictures that a stage is made of: blurs, smooth noise, waves. All of them give the bits of the NumPy
// functions that their comments name.
#pragma once
#include <cstddef>
#include <cstdint>

#include "filter_passes.h"

namespace software {

// viewpoint100k.geometry.exact.total of a list: ``count`` numbers, at least one, which are overwritten.
double folded(const FilterPasses& passes, double* values, size_t count);

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
