// One build of the inner loops of the filters. It is compiled several times, as kernel.cpp is, and under the same rule.
#include "filter_passes.h"

#include "lanes.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define JOINED_(x) filters_##x
#define JOINED(x) JOINED_(x)

namespace KERNEL {

using software::Waves;
namespace {

constexpr int TOGETHER = 4;  // registers of sums

void weigh(const float* middle, const float* const* before, const float* const* after, const float* weights, int32_t reach,
           int32_t count, float* to) {
    int32_t x = 0;
    for (; x + TOGETHER * WIDTH <= count; x += TOGETHER * WIDTH) {
        Float sum[TOGETHER];
        for (int i = 0; i < TOGETHER; i++) sum[i] = load(middle + x + i * WIDTH) * Float(weights[0]);
        for (int32_t k = 1; k <= reach; k++) {
            const Float weight(weights[k]);
            for (int i = 0; i < TOGETHER; i++)
                sum[i] = sum[i] + (load(before[k] + x + i * WIDTH) + load(after[k] + x + i * WIDTH)) * weight;
        }
        for (int i = 0; i < TOGETHER; i++) store(to + x + i * WIDTH, sum[i]);
    }
    for (; x < count; x++) {
        float sum = middle[x] * weights[0];
        for (int32_t k = 1; k <= reach; k++) sum += (before[k][x] + after[k][x]) * weights[k];
        to[x] = sum;
    }
}

void add_lines(const float* weights, const float* lines, int32_t count, int32_t width, float* to) {
    int32_t x = 0;
    for (; x + TOGETHER * WIDTH <= width; x += TOGETHER * WIDTH) {
        Float sum[TOGETHER];
        for (int i = 0; i < TOGETHER; i++) sum[i] = Float(0.0f);
        for (int32_t k = 0; k < count; k++) {
            if (weights[k] == 0.0f) continue;  // A sum that starts at 0 stays as it is.
            const Float weight(weights[k]);
            const float* line = lines + static_cast<size_t>(k) * width + x;
            for (int i = 0; i < TOGETHER; i++) sum[i] = sum[i] + weight * load(line + i * WIDTH);
        }
        for (int i = 0; i < TOGETHER; i++) store(to + x + i * WIDTH, sum[i]);
    }
    for (; x < width; x++) {
        float sum = 0.0f;
        for (int32_t k = 0; k < count; k++)
            if (weights[k] != 0.0f) sum += weights[k] * lines[static_cast<size_t>(k) * width + x];
        to[x] = sum;
    }
}

void box(const double* from, int32_t length, int32_t width, int32_t reach, double end, double share, double* __restrict sums,
         double* __restrict to) {
    const size_t w = width;
    for (size_t x = 0; x < w; x++) sums[x] = 0.0;
    for (size_t i = 0; i < length * w; i++) sums[w + i] = sums[i] + from[i];
    const size_t away = (2 * static_cast<size_t>(reach) + 2) * w, count = length * w - away;
    for (size_t i = 0; i < count; i++) to[i] = ((sums[i + away] - sums[i + w]) + end * (from[i] + from[i + away])) * share;
}

void fold(double* values, size_t half, size_t count) {
    const double* __restrict upper = values + half;
    for (size_t i = 0; i < count - half; i++) values[i] += upper[i];
}

// Stockham's order of the steps, as in renderers/fourier.py.
bool transform(float* real, float* imaginary, float* other_real, float* other_imaginary, int32_t size, const Waves* waves) {
    constexpr size_t m = software::FOURIER_COLUMNS;
    float *re = real, *im = imaginary, *to_re = other_real, *to_im = other_imaginary;
    for (size_t half = size / 2, done = 1; half >= 1; half /= 2, done *= 2, waves++) {
        for (size_t i = 0; i < half; i++) {
            const float cosine = waves->cosine[i], sine = waves->sine[i];
            for (size_t j = 0; j < done; j++) {
                const float *__restrict a = re + (i * done + j) * m, *__restrict b = im + (i * done + j) * m;
                const float *__restrict c = a + half * done * m, *__restrict d = b + half * done * m;
                float *__restrict sum_re = to_re + (2 * i * done + j) * m, *__restrict sum_im = to_im + (2 * i * done + j) * m;
                float *__restrict turned_re = sum_re + done * m, *__restrict turned_im = sum_im + done * m;
                for (size_t x = 0; x < m; x++) {
                    const float over = a[x] - c[x], under = b[x] - d[x];
                    sum_re[x] = a[x] + c[x];
                    sum_im[x] = b[x] + d[x];
                    turned_re[x] = over * cosine - under * sine;
                    turned_im[x] = over * sine + under * cosine;
                }
            }
        }
        float *const read_re = re, *const read_im = im;
        re = to_re, im = to_im, to_re = read_re, to_im = read_im;
    }
    return re == other_real;
}

}  // namespace
}  // namespace KERNEL

namespace software {

extern const FilterPasses JOINED(KERNEL);
const FilterPasses JOINED(KERNEL) = {TEXT(KERNEL), KERNEL::weigh, KERNEL::add_lines, KERNEL::box, KERNEL::fold, KERNEL::transform};

}  // namespace software
