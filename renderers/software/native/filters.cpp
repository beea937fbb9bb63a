#include "filters.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace software {
namespace {

// Of viewpoint100k.geometry.exact.exponentials: 2 to the power i / 16 as pairs, and the sixteenth of ln 2 in three parts.
constexpr double POWERS[16][2] = {{0x1.0000000000000p+0, 0x0.0p+0},
                                  {0x1.0b5586cf9890fp+0, 0x1.8a62e4adc610bp-54},
                                  {0x1.172b83c7d517bp+0, -0x1.19041b9d78a76p-55},
                                  {0x1.2387a6e756238p+0, 0x1.9b07eb6c70573p-54},
                                  {0x1.306fe0a31b715p+0, 0x1.6f46ad23182e4p-55},
                                  {0x1.3dea64c123422p+0, 0x1.ada0911f09ebcp-55},
                                  {0x1.4bfdad5362a27p+0, 0x1.d4397afec42e2p-56},
                                  {0x1.5ab07dd485429p+0, 0x1.6324c054647adp-54},
                                  {0x1.6a09e667f3bcdp+0, -0x1.bdd3413b26456p-54},
                                  {0x1.7a11473eb0187p+0, -0x1.41577ee04992fp-55},
                                  {0x1.8ace5422aa0dbp+0, 0x1.6e9f156864b27p-54},
                                  {0x1.9c49182a3f090p+0, 0x1.c7c46b071f2bep-56},
                                  {0x1.ae89f995ad3adp+0, 0x1.7a1cd345dcc81p-54},
                                  {0x1.c199bdd85529cp+0, 0x1.11065895048ddp-55},
                                  {0x1.d5818dcfba487p+0, 0x1.2ed02d75b3707p-55},
                                  {0x1.ea4afa2a490dap+0, -0x1.e9c23179c2893p-54}};
constexpr double STEP_1 = 0x1.62e42fefa0000p-5, STEP_2 = 0x1.cf79abc9e0000p-44, STEP_3 = 0x1.d9cc01f97b57ap-83;
constexpr double STEPS_IN_ONE = 0x1.71547652b82fep+4;
constexpr double REACH = 4.0;  // of weights, in sigmas
constexpr int32_t PASSES = 3;  // of running means

double plus(double a, double b, double& error) {
    const double total = a + b, part = total - a;
    error = (a - (total - part)) + (b - part);
    return total;
}

// viewpoint100k.geometry.exact.exp, for -700 <= x <= 0.
double exact_exp(double x) {
    const double shift = 0x1.8p+52, n = (x * STEPS_IN_ONE + shift) - shift;
    double error, low;
    double rest = plus(x - n * STEP_1, -(n * STEP_2), error);
    rest = plus(rest, error - n * STEP_3, low);
    const double series = 0.5 + rest * (1.0 / 6 + rest * (1.0 / 24 + rest * (1.0 / 120 + rest * (1.0 / 720 + rest * (1.0 / 5040 + rest * (1.0 / 40320))))));
    const double growth = rest + (low + rest * rest * series), whole = std::floor(n * 0.0625);
    const double* power = POWERS[static_cast<int>(n - 16.0 * whole)];
    return std::ldexp(power[0] + (power[1] + power[0] * growth), static_cast<int>(whole));
}

// _weights of viewpoint100k.geometry.exact.filters: of the middle entry, and of those ever farther away.
std::vector<float> gaussian_weights(const FilterPasses& passes, double sigma) {
    std::vector<double> weights(static_cast<size_t>(REACH * sigma + 0.5) + 1);
    for (size_t i = 0; i < weights.size(); i++) {
        const double away = static_cast<double>(i) / sigma;
        weights[i] = exact_exp(-0.5 * away * away);
    }
    std::vector<double> others(weights.begin() + 1, weights.end());
    const double all = 2.0 * (others.empty() ? 0.0 : folded(passes, others.data(), others.size())) + weights[0];
    std::vector<float> out(weights.size());
    for (size_t i = 0; i < out.size(); i++) out[i] = static_cast<float>(weights[i] / all);
    return out;
}

void transpose(const float* from, int32_t rows, int32_t columns, float* to) {
    constexpr int32_t block = 16;
    for (int32_t y0 = 0; y0 < rows; y0 += block)
        for (int32_t x0 = 0; x0 < columns; x0 += block)
            for (int32_t y = y0; y < std::min(y0 + block, rows); y++)
                for (int32_t x = x0; x < std::min(x0 + block, columns); x++)
                    to[static_cast<size_t>(x) * rows + y] = from[static_cast<size_t>(y) * columns + x];
}

struct Range {
    int32_t first, last;
};

// A Gaussian blur along the first axis, as viewpoint100k.geometry.exact.gaussian_blur; outside is 0.
class RowBlur {
  public:
    RowBlur(const FilterPasses& passes, double sigma) : passes_(passes), sigma_(sigma) {
        if (sigma <= WIDEST_WEIGHTS) weights_ = gaussian_weights(passes, sigma);
    }

    // Rows (count, width), ``stride`` apart, of which only those in ``used`` are not 0.
    void operator()(const float* from, int32_t count, int32_t width, int32_t stride, Range used, float* to) {
        if (weights_.empty()) {
            by_sums(from, count, width, stride, to);
            return;
        }
        const int32_t reach = static_cast<int32_t>(weights_.size()) - 1;
        for (int32_t y = 0; y < count; y++) {
            float* const row = to + static_cast<size_t>(y) * stride;
            if (y < used.first - reach || y > used.last + reach)
                std::fill(row, row + width, 0.0f);
            else
                by_weights(from, count, width, stride, y, row);
        }
    }

    // Adds to rows (count, width) the same rows blurred along themselves. Only their columns in ``used`` are not 0.
    void add_along(const float* from, int32_t count, int32_t width, Range used, float* sums) {
        if (weights_.empty()) {
            turned_.resize(static_cast<size_t>(count) * width);
            blurred_.resize(turned_.size());
            transpose(from, count, width, turned_.data());
            by_sums(turned_.data(), width, count, count, blurred_.data());
            transpose(blurred_.data(), width, count, turned_.data());
            for (size_t i = 0; i < turned_.size(); i++) sums[i] += turned_[i];
            return;
        }
        const int32_t reach = static_cast<int32_t>(weights_.size()) - 1;
        const int32_t first = std::max(used.first - reach, 0), across = std::min(used.last + reach, width - 1) - first + 1;
        std::vector<float> row(static_cast<size_t>(width) + 2 * reach, 0.0f), blurred(across);
        before_.resize(reach + 1);
        after_.resize(reach + 1);
        const float* const middle = row.data() + reach + first;
        for (int32_t k = 1; k <= reach; k++) {
            before_[k] = middle - k;
            after_[k] = middle + k;
        }
        for (int32_t y = 0; y < count; y++, from += width, sums += width) {
            std::copy(from + used.first, from + used.last + 1, row.begin() + reach + used.first);
            passes_.weigh(middle, before_.data(), after_.data(), weights_.data(), reach, across, blurred.data());
            for (int32_t x = 0; x < across; x++) sums[first + x] += blurred[x];
        }
    }

    // The one row ``y`` of a blur by weights.
    void by_weights(const float* from, int32_t count, int32_t width, int32_t stride, int32_t y, float* to) {
        const int32_t reach = static_cast<int32_t>(weights_.size()) - 1;
        if (zeros_.size() < static_cast<size_t>(width)) zeros_.assign(width, 0.0f);
        before_.resize(reach + 1);
        after_.resize(reach + 1);
        const auto row = [&](int32_t i) { return i < 0 || i >= count ? zeros_.data() : from + static_cast<size_t>(i) * stride; };
        for (int32_t k = 1; k <= reach; k++) {
            before_[k] = row(y - k);
            after_[k] = row(y + k);
        }
        passes_.weigh(row(y), before_.data(), after_.data(), weights_.data(), reach, width, to);
    }

  private:
    void by_sums(const float* from, int32_t count, int32_t width, int32_t stride, float* to) {
        const double variance = sigma_ * sigma_ / PASSES;
        const int32_t reach = static_cast<int32_t>((std::sqrt(12.0 * variance + 1.0) - 1.0) / 2.0);
        const double r = reach, end = (2.0 * r + 1.0) * (r * (r + 1.0) - 3.0 * variance) / (6.0 * (variance - (r + 1.0) * (r + 1.0)));
        const double share = 1.0 / (2.0 * r + 1.0 + 2.0 * end);
        const int32_t margin = PASSES * (reach + 1);
        int32_t length = count + 2 * margin;
        wide_.assign(static_cast<size_t>(length) * width, 0.0);
        other_.resize(wide_.size());
        sums_.resize(wide_.size() + width);
        for (int32_t y = 0; y < count; y++)
            for (int32_t x = 0; x < width; x++)
                wide_[(static_cast<size_t>(margin) + y) * width + x] = from[static_cast<size_t>(y) * stride + x];
        for (int32_t pass = 0; pass < PASSES; pass++, length -= 2 * reach + 2) {
            passes_.box(wide_.data(), length, width, reach, end, share, sums_.data(), other_.data());
            wide_.swap(other_);
        }
        for (int32_t y = 0; y < count; y++)
            for (int32_t x = 0; x < width; x++)
                to[static_cast<size_t>(y) * stride + x] = static_cast<float>(wide_[static_cast<size_t>(y) * width + x]);
    }

    const FilterPasses& passes_;
    const double sigma_;
    std::vector<float> weights_, zeros_, turned_, blurred_;
    std::vector<const float*> before_, after_;
    std::vector<double> wide_, other_, sums_;
};

// The weight, 0 to 1, with which each texel belongs to one width of blur. Returns the columns and rows that have any.
struct Used {
    Range columns, rows;
};
Used weights_of_octave(const std::vector<double>& position, int32_t size, int32_t k, float* weight) {
    Used used{{size, -1}, {size, -1}};
    for (int32_t y = 0; y < size; y++) {
        float* const row = weight + static_cast<size_t>(y) * size;
        for (int32_t x = 0; x < size; x++)
            row[x] = static_cast<float>(std::max(1.0 - std::abs(position[static_cast<size_t>(y) * size + x] - k), 0.0));
        int32_t first = 0, last = size - 1;
        while (first < size && row[first] == 0.0f) first++;
        if (first == size) continue;
        while (row[last] == 0.0f) last--;
        used.columns = {std::min(used.columns.first, first), std::max(used.columns.last, last)};
        used.rows = {std::min(used.rows.first, y), y};
    }
    return used;
}

// The rows that are not 0 throughout.
Range rows_in_use(const float* values, int32_t size) {
    Range found{size, -1};
    for (int32_t y = 0; y < size; y++) {
        const float* row = values + static_cast<size_t>(y) * size;
        if (std::all_of(row, row + size, [](float v) { return v == 0.0f; })) continue;
        found.first = std::min(found.first, y);
        found.last = y;
    }
    return found;
}

// Columns (size, FOURIER_COLUMNS), the first ``columns`` of them, to rows (columns, size).
void turn(const float* from, size_t size, size_t columns, float* to) {
    constexpr size_t m = FOURIER_COLUMNS;
    for (size_t y0 = 0; y0 < size; y0 += m)
        for (size_t x = 0; x < columns; x++)
            for (size_t y = y0; y < std::min(y0 + m, size); y++) to[x * size + y] = from[y * m + x];
}

// How far each texel is blurred: 0 for ``least``, 1 for twice as much, in a piecewise linear logarithm. NOTHING where the
// object covers none.
constexpr double NOTHING = -2.0;
std::vector<double> octaves(const float* heights, int32_t size, float sigma_at_top, float least, double& most) {
    std::vector<double> position(static_cast<size_t>(size) * size, NOTHING);
    most = 0.0;
    for (size_t i = 0; i < position.size(); i++) {
        if (!(heights[i] < 1.0f)) continue;
        int exponent;
        const float fraction = std::frexp(std::max(heights[i] * sigma_at_top, least) / least, &exponent);
        position[i] = (exponent - 1) + static_cast<double>(2.0f * fraction - 1.0f);
        most = std::max(most, position[i]);
    }
    return position;
}

}  // namespace

double folded_to_one(const FilterPasses& passes, double* values, size_t count) {
    while (count > 1) {
        const size_t half = (count + 1) / 2;
        passes.fold(values, half, count);
        count = half;
    }
    return values[0];
}

double folded(const FilterPasses& passes, double* values, size_t count) {
    if (count > SHORT) return folded_to_one(passes, values, count);
    double sum = values[0];
    for (size_t i = 1; i < count; i++) sum += values[i];
    return sum;
}

void blur_sphere(const FilterPasses& passes, const float* image, int32_t height, int32_t width, int32_t channels, double sigma,
                 float* to) {
    RowBlur up(passes, sigma);
    const std::vector<float> weights = gaussian_weights(passes, sigma), ones(height, 1.0f);
    const int32_t reach = static_cast<int32_t>(weights.size()) - 1, line = width * channels, margin = reach * channels;
    std::vector<float> inside(height), row(static_cast<size_t>(line) + 2 * margin);
    std::vector<const float*> before(reach + 1), after(reach + 1);
    float* const middle = row.data() + margin;
    for (int32_t k = 1; k <= reach; k++) {
        before[k] = middle - k * channels;
        after[k] = middle + k * channels;
    }
    for (int32_t y = 0; y < height; y++) up.by_weights(ones.data(), height, 1, 1, y, &inside[y]);
    for (int32_t y = 0; y < height; y++) {
        up.by_weights(image, height, line, line, y, middle);
        for (int32_t i = 0; i < line; i++) middle[i] /= inside[y];
        for (int32_t i = 1; i <= margin; i++) {  // A blur may reach around more than once.
            middle[-i] = middle[((-i % line) + line) % line];
            middle[line + i - 1] = middle[(i - 1) % line];
        }
        passes.weigh(middle, before.data(), after.data(), weights.data(), reach, line, to + static_cast<size_t>(y) * line);
    }
}

void smooth_noise(const FilterPasses& passes, const NoiseSize& size, const float* numbers, const float* up, const float* around,
                  float* to) {
    const size_t width = size.width, lines = static_cast<size_t>(size.rows) * width;
    std::vector<float> across(size.channels * lines), row(width);
    for (int32_t i = 0; i < size.channels * size.rows; i++)
        passes.add_lines(numbers + static_cast<size_t>(i) * size.columns, around, size.columns, size.width, &across[i * width]);
    for (int32_t y = 0; y < size.height; y++) {
        float* out = to + y * width * size.channels;
        for (int32_t c = 0; c < size.channels; c++) {
            const bool alone = size.channels == 1;
            passes.add_lines(up + static_cast<size_t>(y) * size.rows, &across[c * lines], size.rows, size.width, alone ? out : row.data());
            for (size_t x = 0; !alone && x < width; x++) out[x * size.channels + c] = row[x];
        }
    }
}

void spread_shadow(const FilterPasses& passes, const float* heights, int32_t size, float sigma_at_top, double least,
                   const double (&aspect)[2], float* to) {
    const size_t texels = static_cast<size_t>(size) * size;
    double most;
    const std::vector<double> position = octaves(heights, size, sigma_at_top, static_cast<float>(least), most);
    std::vector<float> weight(texels), along_y(texels);
    std::fill(to, to + texels, 0.0f);
    for (int32_t k = 0; k <= static_cast<int32_t>(std::ceil(most)); k++) {
        const Used used = weights_of_octave(position, size, k, weight.data());
        const int32_t left = used.columns.first, across = used.columns.last - left + 1;
        if (across < 1) continue;
        const double sigma = least * static_cast<double>(int64_t{1} << k);
        std::fill(along_y.begin(), along_y.end(), 0.0f);
        RowBlur(passes, sigma / aspect[1])(&weight[left], size, across, size, used.rows, &along_y[left]);
        const Range rows = rows_in_use(along_y.data(), size);
        const int32_t count = rows.last - rows.first + 1;
        const size_t start = static_cast<size_t>(rows.first) * size;
        RowBlur(passes, sigma / aspect[0]).add_along(&along_y[start], count, size, used.columns, to + start);
    }
    for (size_t i = 0; i < texels; i++) to[i] = std::min(std::max(to[i], 0.0f), 1.0f);
}

void real_field(const FilterPasses& passes, const float* real, const float* imaginary, int32_t size, const float* cosines,
                const float* sines, float* to) {
    constexpr int32_t m = FOURIER_COLUMNS;
    const size_t n = size, texels = n * n;
    std::vector<float> turned_re(texels), turned_im(texels), memory(4 * n * m, 0.0f);
    float* const part[4] = {&memory[0], &memory[n * m], &memory[2 * n * m], &memory[3 * n * m]};
    std::vector<Waves> waves;
    for (size_t half = n / 2, at = 0; half >= 1; at += half, half /= 2) waves.push_back({cosines + at, sines + at});
    const auto pass = [&](const float* from_re, const float* from_im, float* to_re, float* to_im) {
        for (size_t start = 0; start < n; start += m) {
            const size_t columns = std::min(static_cast<size_t>(m), n - start);
            for (size_t y = 0; y < n; y++) {
                for (size_t x = 0; x < columns; x++) part[0][y * m + x] = from_re[y * n + start + x];
                for (size_t x = 0; x < columns; x++) part[1][y * m + x] = from_im[y * n + start + x];
            }
            const int at = passes.transform(part[0], part[1], part[2], part[3], size, waves.data()) ? 2 : 0;
            turn(part[at], size, columns, to_re + start * n);
            if (to_im != nullptr) turn(part[at + 1], size, columns, to_im + start * n);
        }
    };
    pass(real, imaginary, turned_re.data(), turned_im.data());
    pass(turned_re.data(), turned_im.data(), to, nullptr);
}

}  // namespace software
