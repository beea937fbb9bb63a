// How different an object looks in two pictures, once the first is shifted to fit the second.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "kernels.h"

namespace kernels {

namespace {

using Marks = std::vector<uint8_t>;  // 1 or 0 a pixel, (height, width)

// Places 0, 1 ... of a line of ``count`` pixels that is repeated for ever, from ``first`` on.
std::vector<int32_t> repeated(int32_t first, int32_t places, int32_t count) {
    std::vector<int32_t> found(places);
    int32_t place = (first % count + count) % count;
    for (int32_t& one : found) {
        one = place;
        if (++place == count) place = 0;
    }
    return found;
}

// Lightness in whole steps, (height + 2 down, width + 2 right): as if the picture were repeated all around.
std::vector<int16_t> lightness(const float* lab, int32_t height, int32_t width, int32_t steps, Shift around) {
    const std::vector<int32_t> rows = repeated(-around.down, height + 2 * around.down, height);
    const std::vector<int32_t> columns = repeated(-around.right, width + 2 * around.right, width);
    std::vector<int16_t> line(width), codes(rows.size() * columns.size());
    int16_t* to = codes.data();
    for (int32_t row : rows) {
        const float* from = lab + size_t(row) * width * 3;
        for (int32_t x = 0; x < width; x++) {
            const float value = from[3 * x] * static_cast<float>(steps);
            line[x] = static_cast<int16_t>(static_cast<int32_t>((value + 12582912.0f) - 12582912.0f));  // to the nearest, even
        }
        for (int32_t column : columns) *to++ = line[column];
    }
    return codes;
}

int64_t row_error(const int16_t* ours, const int16_t* theirs, int32_t width) {
    int32_t sum = 0;
    for (int32_t x = 0; x < width; x++) {
        const int16_t a = ours[x], b = theirs[x], high = a > b ? a : b, low = a > b ? b : a;
        sum += static_cast<int16_t>(high - low);
    }
    return sum;
}

// The first of the shifts with the least difference in lightness.
Shift best_shift(const float* seen, const float* other, int32_t height, int32_t width, const std::vector<Shift>& shifts, int32_t steps) {
    Shift most{0, 0};
    for (Shift s : shifts) most = {std::max(most.down, std::abs(s.down)), std::max(most.right, std::abs(s.right))};
    const std::vector<int16_t> ours = lightness(seen, height, width, steps, most), theirs = lightness(other, height, width, steps, {0, 0});
    const int32_t wide = width + 2 * most.right;
    Shift best{0, 0};
    int64_t least = INT64_MAX;
    for (Shift s : shifts) {
        int64_t error = 0;
        for (int32_t y = 0; y < height && error < least; y++)
            error += row_error(ours.data() + size_t(y + most.down - s.down) * wide + most.right - s.right, theirs.data() + size_t(y) * width, width);
        if (error < least) least = error, best = s;
    }
    return best;
}

// One value a pixel moved by a shift, as np.roll does.
Marks rolled(const bool* mask, int32_t height, int32_t width, Shift shift) {
    const std::vector<int32_t> columns = repeated(-shift.right, width, width);
    Marks out(size_t(height) * width);
    uint8_t* to = out.data();
    for (int32_t row : repeated(-shift.down, height, height))
        for (int32_t column : columns) *to++ = mask[size_t(row) * width + column];
    return out;
}

// The marks with the four neighbours of each; ``beyond`` is the value outside the picture.
Marks spread(const Marks& marks, int32_t height, int32_t width, uint8_t beyond) {
    Marks out(marks);
    const Marks outside(width, beyond);
    for (int32_t y = 0; y < height; y++) {
        const uint8_t* row = marks.data() + size_t(y) * width;
        const uint8_t *above = y ? row - width : outside.data(), *below = y + 1 < height ? row + width : outside.data();
        uint8_t* to = out.data() + size_t(y) * width;
        for (int32_t x = 0; x < width; x++) to[x] |= above[x] | below[x];
        for (int32_t x = 1; x < width; x++) to[x] |= row[x - 1];
        for (int32_t x = 0; x + 1 < width; x++) to[x] |= row[x + 1];
        to[0] |= beyond;
        to[width - 1] |= beyond;
    }
    return out;
}

// The pixels that count: those of either object, and of all their neighbours too; where no picture ends.
Marks inner(const Picture& seen, const Picture& other, int32_t height, int32_t width, Shift shift) {
    Marks outside = rolled(seen.mask, height, width, shift);
    for (size_t i = 0; i < outside.size(); i++) outside[i] = !(outside[i] | other.mask[i]);
    if (other.beyond)
        for (size_t i = 0; i < outside.size(); i++) outside[i] |= other.beyond[i];
    if (seen.beyond) {
        const Marks moved = rolled(seen.beyond, height, width, shift);
        for (size_t i = 0; i < outside.size(); i++) outside[i] |= moved[i];
    }
    Marks marks = spread(outside, height, width, 1);
    for (uint8_t& mark : marks) mark = !mark;
    return marks;
}

// A picture's three values, each (height + 2, width + 2): shifted as np.roll does, then its edges repeated.
struct Planes {
    int32_t wide;
    std::vector<float> values[3];

    Planes(const float* lab, int32_t height, int32_t width, Shift shift) : wide(width + 2) {
        const std::vector<int32_t> rows = with_edges(repeated(-shift.down, height, height));
        const std::vector<int32_t> columns = with_edges(repeated(-shift.right, width, width));
        for (auto& plane : values) plane.resize(rows.size() * columns.size());
        size_t i = 0;
        for (int32_t row : rows)
            for (int32_t column : columns) {
                const float* color = lab + (size_t(row) * width + column) * 3;
                for (auto& plane : values) plane[i] = *color++;
                i++;
            }
    }
    static std::vector<int32_t> with_edges(std::vector<int32_t> line) {
        line.insert(line.begin(), line.front());
        line.push_back(line.back());
        return line;
    }
    const float* at(int k, int32_t y, int32_t x) const { return values[k].data() + size_t(y + 1) * wide + x + 1; }
};

// Squares of the delta E of a row's pixels to the most similar of the 3 x 3 of ``seen`` around each.
void nearest_squares(const Planes& seen, const Planes& other, int32_t y, int32_t width, float* least) {
    std::fill(least, least + width, INFINITY);
    const float *l = other.at(0, y, 0), *a = other.at(1, y, 0), *b = other.at(2, y, 0);
    for (int32_t dy = -1; dy <= 1; dy++)
        for (int32_t dx = -1; dx <= 1; dx++) {
            const float *sl = seen.at(0, y + dy, dx), *sa = seen.at(1, y + dy, dx), *sb = seen.at(2, y + dy, dx);
            for (int32_t x = 0; x < width; x++) {
                const float dl = sl[x] - l[x], da = sa[x] - a[x], db = sb[x] - b[x];
                const float square = dl * dl + da * da + db * db;
                least[x] = square < least[x] ? square : least[x];
            }
        }
}

float length(const Planes& picture, int32_t y, int32_t x, const float* color) {
    const float dl = *picture.at(0, y, x) - color[0], da = *picture.at(1, y, x) - color[1], db = *picture.at(2, y, x) - color[2];
    return std::sqrt(dl * dl + da * da + db * db);
}

}  // namespace

float mark_difference(const Picture& seen, const Picture& other, const bool* unknown, const float* plain, int32_t height, int32_t width,
                      const std::vector<Shift>& shifts, const MarkSettings& settings) {
    const Shift shift = best_shift(seen.lab, other.lab, height, width, shifts, settings.lightness_steps);
    const Planes ours(seen.lab, height, width, shift), theirs(other.lab, height, width, {0, 0});
    const Marks counted = inner(seen, other, height, width, shift), ours_mask = rolled(seen.mask, height, width, shift);
    Marks hidden(counted.size(), 0);
    if (unknown) {
        hidden.assign(unknown, unknown + hidden.size());
        for (int32_t i = 0; i < settings.bleeding; i++) hidden = spread(hidden, height, width, 0);
    }
    std::vector<float> squares(width), found;
    for (int32_t y = 0; y < height; y++) {
        const size_t row = size_t(y) * width;
        if (std::find(counted.begin() + row, counted.begin() + row + width, 1) == counted.begin() + row + width) continue;
        nearest_squares(ours, theirs, y, width, squares.data());
        for (int32_t x = 0; x < width; x++) {
            if (!counted[row + x]) continue;
            float difference = std::sqrt(squares[x]);
            if (hidden[row + x]) difference = ours_mask[row + x] ? std::min(difference, length(ours, y, x, plain + 3 * y)) : 0.0f;
            found.push_back(difference);
        }
    }
    if (found.size() < size_t(settings.smallest_mark)) return 0.0f;
    const auto mark = found.end() - settings.smallest_mark;
    std::nth_element(found.begin(), mark, found.end());
    return *mark;
}

std::vector<float> changes(const Picture& one, const Picture& two, int32_t height, int32_t width) {
    std::vector<float> found;
    for (size_t i = 0; i < size_t(height) * width; i++) {
        if (!one.mask[i] && !two.mask[i]) continue;
        const float *a = one.lab + 3 * i, *b = two.lab + 3 * i;
        const float dl = a[0] - b[0], da = a[1] - b[1], db = a[2] - b[2];
        found.push_back(std::sqrt(dl * dl + da * da + db * db));
    }
    return found;
}

void median_rows(const std::vector<Picture>& pictures, int32_t height, int32_t width, float* out) {
    std::vector<float> values[3];
    for (int32_t y = 0; y < height; y++, out += 3) {
        for (auto& channel : values) channel.clear();
        for (const Picture& picture : pictures)
            for (size_t i = size_t(y) * width; i < size_t(y + 1) * width; i++)
                if (picture.mask[i])
                    for (int k = 0; k < 3; k++) values[k].push_back(picture.lab[3 * i + k]);
        for (int k = 0; k < 3; k++) {
            const auto middle = values[k].begin() + (std::max<ptrdiff_t>(values[k].size(), 1) - 1) / 2;
            if (!values[k].empty()) std::nth_element(values[k].begin(), middle, values[k].end(), comes_before);
            out[k] = values[k].empty() ? 0.0f : *middle;
        }
    }
}

}  // namespace kernels
