// How much the colours on both sides of a mask's outline differ.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels.h"

namespace kernels {

namespace {

// A crossing of the outline: between the pixels ``before`` and ``before`` + 1 of a row, or of a column.
struct Crossing {
    bool along_row;
    int32_t line, before;
};

// Calls ``found`` with the index of each of ``count`` pixels that differs from the one ``step`` further on.
template <typename Found>
void find_changes(const bool* mask, size_t count, size_t step, Found found) {
    const char* bytes = reinterpret_cast<const char*>(mask);
    for (size_t i = 0; i < count;) {
        const size_t end = std::min(i + 8, count);
        if (end - i == 8 && std::memcmp(bytes + i, bytes + i + step, 8) == 0) {
            i = end;
            continue;
        }
        for (; i < end; i++)
            if (mask[i] != mask[i + step]) found(static_cast<int32_t>(i));
    }
}

// First those along rows, row by row; then those along columns, column by column.
std::vector<Crossing> crossings(const bool* mask, int32_t height, int32_t width) {
    std::vector<Crossing> found;
    found.reserve(4096);
    for (int32_t y = 0; y < height; y++)
        find_changes(mask + size_t(y) * width, width - 1, 1, [&](int32_t x) { found.push_back({true, y, x}); });
    const ptrdiff_t rows = found.size();
    for (int32_t y = 0; y + 1 < height; y++)
        find_changes(mask + size_t(y) * width, width, width, [&](int32_t x) { found.push_back({false, x, y}); });
    std::stable_sort(found.begin() + rows, found.end(), [](const Crossing& a, const Crossing& b) { return a.line < b.line; });
    return found;
}

// The place on the line of a crossing that is on ``side`` and ``away`` from it, but not across a thin leg to its other side.
// ``line`` points to the line's first pixel; its ``count`` pixels are ``step`` apart.
int64_t place_beside(const bool* line, ptrdiff_t step, int64_t count, int64_t before, bool side, int64_t away) {
    const bool ahead = line[(before + 1) * step] == side;
    const int64_t edge = ahead ? before + 1 : before;
    const int64_t there = std::clamp<int64_t>(edge + (ahead ? away : -away), 0, count - 1);
    return line[there * step] == side ? there : edge;
}

float median(std::vector<float>& values) {
    const auto middle = values.begin() + values.size() / 2;
    std::nth_element(values.begin(), middle, values.end(), comes_before);
    if (values.size() % 2) return *middle;
    return (*std::max_element(values.begin(), middle) + *middle) / 2.0f;
}

}  // namespace

float rim_difference(const ColorImage& image, const bool* mask, int32_t height, int32_t width, int32_t away_down, int32_t away_right,
                     int32_t most_places, const ColorTables& tables) {
    const std::vector<Crossing> found = crossings(mask, height, width);
    if (found.empty()) return 0.0f;
    const size_t step = std::max<size_t>(found.size() / most_places, 1);
    std::vector<uint8_t> pixels;  // inside, outside, inside ...
    for (size_t i = 0; i < found.size(); i += step) {
        const Crossing& c = found[i];
        for (bool side : {true, false}) {
            const int64_t y = c.along_row ? c.line : place_beside(mask + c.line, width, height, c.before, side, away_down);
            const int64_t x = c.along_row ? place_beside(mask + size_t(c.line) * width, 1, width, c.before, side, away_right) : c.line;
            const int64_t row = static_cast<int64_t>((y + 0.5) * image.height / height);
            const int64_t column = static_cast<int64_t>((x + 0.5) * image.width / width);
            const uint8_t* color = image.rgb + (row * image.width + column) * 3;
            pixels.insert(pixels.end(), color, color + 3);
        }
    }
    const size_t places = pixels.size() / 6;
    std::vector<float> lab(pixels.size()), differences(places);
    cielab(pixels.data(), 2 * places, tables, lab.data());
    for (size_t i = 0; i < places; i++) {
        const float *a = lab.data() + 6 * i, *b = a + 3;
        const float dl = a[0] - b[0], da = a[1] - b[1], db = a[2] - b[2];
        differences[i] = std::sqrt(dl * dl + da * da + db * db);
    }
    return median(differences);
}

}  // namespace kernels
