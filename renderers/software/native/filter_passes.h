// The inner loops of the filters, compiled once for each width of lanes. They keep the order of NumPy's operations.
#pragma once
#include <cstddef>
#include <cstdint>

namespace software {

constexpr int32_t FOURIER_COLUMNS = 16;  // that are transformed together

// Cosines and sines of half a turn in equal steps, for one step of a Fourier transform.
struct Waves {
    const float *cosine, *sine;
};

struct FilterPasses {
    const char* name;

    // to[x] = middle[x] weights[0], and then + (before[k][x] + after[k][x]) weights[k] for k from 1 to ``reach``.
    void (*weigh)(const float* middle, const float* const* before, const float* const* after, const float* weights, int32_t reach,
                  int32_t count, float* to);

    // to[x] = 0, and then + weights[k] lines[k][x] for k from 0: ``count`` lines of ``width``, one after another.
    void (*add_lines)(const float* weights, const float* lines, int32_t count, int32_t width, float* to);

    // One running mean along the first axis of (length, width), whose ends count ``end`` of an entry. It leaves
    // ``length - 2 reach - 2`` rows. ``sums`` has a row more than ``from``.
    void (*box)(const double* from, int32_t length, int32_t width, int32_t reach, double end, double share, double* sums, double* to);

    // values[i] += values[half + i] for i below ``count - half``.
    void (*fold)(double* values, size_t half, size_t count);

    // The inverse transform of FOURIER_COLUMNS columns (size, FOURIER_COLUMNS). Works in both pairs of buffers; returns
    // whether the result lies in the second.
    bool (*transform)(float* real, float* imaginary, float* other_real, float* other_imaginary, int32_t size, const Waves* waves);
};

}  // namespace software
