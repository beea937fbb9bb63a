// The steps of renderers/ground.py that touch every texel of a pattern; the same bits as the functions that the comments name.
#pragma once
#include <cstddef>
#include <cstdint>

#include "filter_passes.h"

namespace software {

// wave_amplitudes: a line through (places, values), read at the frequencies of (half + 1, half + 1) waves.
struct Curve {
    const double *places, *values;
    size_t count;  // at least two, places ascending
};
void wave_amplitudes(const Curve& curve, int32_t half, const double (&stretch)[2], float* to);

// noise_from_waves: of random numbers (size, size) and ``amplitudes`` (size / 2 + 1, size / 2 + 1). Waves as real_field has them.
void noise_from_waves(const FilterPasses& passes, const float* real, const float* imaginary, const float* amplitudes, int32_t size,
                      const float* cosines, const float* sines, float* to);

// pattern_bytes: two channels of bytes.
void pattern_bytes(const float* choice, const float* brightness, size_t count, uint8_t* to);

}  // namespace software
