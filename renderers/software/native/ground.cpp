#include "ground.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "filters.h"

namespace software {

void wave_amplitudes(const Curve& curve, int32_t half, const double (&stretch)[2], float* to) {
    const double *xs = curve.places, *ys = curve.values;
    const size_t last = curve.count - 1;
    for (int32_t y = 0; y <= half; y++) {
        size_t after = 1;  // Frequencies grow along a row.
        for (int32_t x = 0; x <= half; x++) {
            const double fy = y * stretch[0], fx = x * stretch[1], at = std::sqrt(fx * fx + fy * fy);
            while (after < last && xs[after] <= at) after++;
            const double slope = (ys[after] - ys[after - 1]) / (xs[after] - xs[after - 1]);
            double value = ys[after - 1] + slope * (at - xs[after - 1]);
            if (at == xs[after]) value = ys[after];
            if (at >= xs[last]) value = ys[last];
            if (at <= xs[0]) value = ys[0];
            *to++ = at > 0.0 ? static_cast<float>(value) : 0.0f;
        }
    }
}

void noise_from_waves(const FilterPasses& passes, const float* real, const float* imaginary, const float* amplitudes, int32_t size,
                      const float* cosines, const float* sines, float* to) {
    const size_t n = size, half = n / 2, texels = n * n;
    std::vector<float> re(texels), im(texels), line(n);
    for (size_t y = 0; y < n; y++) {
        const float* amplitude = amplitudes + std::min(y, n - y) * (half + 1);
        for (size_t x = 0; x <= half; x++) line[x] = amplitude[x];
        for (size_t x = half + 1; x < n; x++) line[x] = amplitude[n - x];
        for (size_t i = y * n, x = 0; x < n; i++, x++) {
            re[i] = line[x] * (real[i] - 0.5f);
            im[i] = line[x] * (imaginary[i] - 0.5f);
        }
    }
    real_field(passes, re.data(), im.data(), size, cosines, sines, to);
    const double mean = folded_of(passes, texels, [to](size_t i) { return static_cast<double>(to[i]); }) / static_cast<double>(texels);
    const double squares = folded_of(passes, texels, [to, mean](size_t i) {
        const double away = to[i] - mean;
        return away * away;
    });
    const double deviation = std::sqrt(squares / static_cast<double>(texels));
    for (size_t i = 0; i < texels; i++) to[i] = static_cast<float>(to[i] / deviation);
}

void pattern_bytes(const float* choice, const float* brightness, size_t count, uint8_t* to) {
    const auto code = [](float v) { return static_cast<uint8_t>(std::min(std::max(v, 0.0f), 1.0f) * 255.0f + 0.5f); };
    for (size_t i = 0; i < count; i++) {
        to[2 * i] = code(choice[i]);
        to[2 * i + 1] = code(brightness[i] / 2.0f);
    }
}

}  // namespace software
