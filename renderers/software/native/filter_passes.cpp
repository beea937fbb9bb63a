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

// Some of a row's FOURIER_COLUMNS numbers, in one register.
constexpr size_t ALL = software::FOURIER_COLUMNS, SOME = WIDTH == 1 ? 4 : WIDTH;
typedef float Columns __attribute__((vector_size(4 * SOME)));

struct Wave {
    Columns re, im;
};
// Rows of real and imaginary parts.
struct Rows {
    float *re, *im;
    Wave get(size_t place) const {
        Wave w;
        __builtin_memcpy(&w.re, re + place, sizeof w.re);
        __builtin_memcpy(&w.im, im + place, sizeof w.im);
        return w;
    }
    void set(size_t place, const Wave& w) const {
        __builtin_memcpy(re + place, &w.re, sizeof w.re);
        __builtin_memcpy(im + place, &w.im, sizeof w.im);
    }
};

// The sum of two waves, and their difference, turned.
inline void step(const Wave& a, const Wave& b, float cosine, float sine, Wave& sum, Wave& turned) {
    const Columns over = a.re - b.re, under = a.im - b.im;
    sum.re = a.re + b.re;
    sum.im = a.im + b.im;
    turned.re = over * cosine - under * sine;
    turned.im = over * sine + under * cosine;
}

// Stockham's order of the steps, as in renderers/fourier.py; two steps at once, which halves the traffic to the memory.
bool transform(float* real, float* imaginary, float* other_real, float* other_imaginary, int32_t size, const Waves* waves) {
    Rows from{real, imaginary}, to{other_real, other_imaginary};
    size_t half = size / 2, done = 1;
    Wave a, b, c, d, sum, turned;
    for (; half >= 2; half /= 4, done *= 4, waves += 2) {
        const size_t quarter = half / 2, block = done * ALL;
        for (size_t i = 0; i < quarter; i++) {
            const float *cosine = waves[0].cosine + i, *sine = waves[0].sine + i;
            const float next_cosine = waves[1].cosine[i], next_sine = waves[1].sine[i];
            for (size_t j = 0; j < block; j += SOME) {
                const size_t in = i * block + j, out = 4 * i * block + j;
                step(from.get(in), from.get(in + half * block), cosine[0], sine[0], a, b);
                step(from.get(in + quarter * block), from.get(in + (half + quarter) * block), cosine[quarter], sine[quarter], c, d);
                step(a, c, next_cosine, next_sine, sum, turned);
                to.set(out, sum);
                to.set(out + 2 * block, turned);
                step(b, d, next_cosine, next_sine, sum, turned);
                to.set(out + block, sum);
                to.set(out + 3 * block, turned);
            }
        }
        const Rows read = from;
        from = to, to = read;
    }
    if (half == 0) return from.re == other_real;
    for (size_t j = 0; j < done * ALL; j += SOME) {
        step(from.get(j), from.get(done * ALL + j), waves->cosine[0], waves->sine[0], sum, turned);
        to.set(j, sum);
        to.set(done * ALL + j, turned);
    }
    return to.re == other_real;
}

}  // namespace
}  // namespace KERNEL

namespace software {

extern const FilterPasses JOINED(KERNEL);
const FilterPasses JOINED(KERNEL) = {TEXT(KERNEL), KERNEL::weigh, KERNEL::add_lines, KERNEL::box, KERNEL::fold, KERNEL::transform};

}  // namespace software
