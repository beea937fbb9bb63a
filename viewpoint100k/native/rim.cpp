// Pixels slightly inside and slightly outside the outline of a mask.
#include <algorithm>
#include <cstring>

#include "kernels.h"

namespace kernels {

namespace {

// A line of the mask, along a row or a column.
struct Line {
    const bool* first;
    ptrdiff_t step;
    int64_t count;

    bool operator[](int64_t i) const { return first[i * step]; }

    // The pixel beside a crossing that is ``side``, or one ``away`` from there; not across a thin leg to its other side.
    int64_t place(int64_t before, bool side, int64_t away) const {
        const bool ahead = (*this)[before + 1] == side;
        const int64_t edge = ahead ? before + 1 : before;
        const int64_t there = std::clamp<int64_t>(edge + (ahead ? away : -away), 0, count - 1);
        return (*this)[there] == side ? there : edge;
    }
};

// Calls ``found`` with the index of each pixel that differs from the one ``step`` further on. ``count`` pixels have one.
template <typename Found>
void crossings(const bool* mask, size_t count, size_t step, Found found) {
    const char* bytes = reinterpret_cast<const char*>(mask);
    for (size_t i = 0; i < count;) {
        uint64_t here, further;
        if (i + 8 <= count) {
            std::memcpy(&here, bytes + i, 8);
            std::memcpy(&further, bytes + i + step, 8);
            if (here == further) {
                i += 8;
                continue;
            }
        }
        const size_t end = std::min(i + 8, count);
        for (; i < end; i++)
            if (mask[i] != mask[i + step]) found(i);
    }
}

}  // namespace

Rim rim(const bool* mask, int32_t height, int32_t width, int32_t away_down, int32_t away_right) {
    Rim found;
    for (int32_t y = 0; y < height; y++) {
        const Line line{mask + size_t(y) * width, 1, width};
        crossings(line.first, width - 1, 1, [&](size_t x) {
            found.inside_rows.push_back(y);
            found.inside_columns.push_back(line.place(x, true, away_right));
            found.outside_rows.push_back(y);
            found.outside_columns.push_back(line.place(x, false, away_right));
        });
    }
    std::vector<std::vector<int32_t>> rows(width);  // of the crossings along each column
    for (int32_t y = 0; y + 1 < height; y++)
        crossings(mask + size_t(y) * width, width, width, [&](size_t x) { rows[x].push_back(y); });
    for (int32_t x = 0; x < width; x++) {
        const Line line{mask + x, width, height};
        for (int32_t before : rows[x]) {
            found.inside_rows.push_back(line.place(before, true, away_down));
            found.inside_columns.push_back(x);
            found.outside_rows.push_back(line.place(before, false, away_down));
            found.outside_columns.push_back(x);
        }
    }
    return found;
}

}  // namespace kernels
