// CIELAB of sRGB pixels, through tables.
#include <algorithm>

#include "kernels.h"

namespace kernels {

void cielab(const uint8_t* pixels, size_t count, const ColorTables& tables, float* out) {
    const float *matrix = tables.xyz_from_rgb, *linear = tables.linear, *f = tables.f, scale = static_cast<float>(tables.steps);
    float whites[3];
    for (int k = 0; k < 3; k++) whites[k] = matrix[3 * k] + matrix[3 * k + 1] + matrix[3 * k + 2];
    for (size_t i = 0; i < count; i++, pixels += 3, out += 3) {
        if (i && std::equal(pixels, pixels + 3, pixels - 3)) {  // most of a picture is background
            std::copy(out - 3, out, out);
            continue;
        }
        const float red = linear[pixels[0]], green = linear[pixels[1]], blue = linear[pixels[2]];
        float value[3];
        for (int k = 0; k < 3; k++) {
            const float* row = matrix + 3 * k;
            const float place = (red * row[0] + green * row[1] + blue * row[2]) / whites[k] * scale;
            const int32_t below = !(place > 0.0f) ? 0 : place < scale ? static_cast<int32_t>(place) : tables.steps - 1;
            value[k] = f[below] + (place - static_cast<float>(below)) * (f[below + 1] - f[below]);
        }
        out[0] = 116.0f * value[1] - 16.0f;
        out[1] = 500.0f * (value[0] - value[1]);
        out[2] = 200.0f * (value[1] - value[2]);
    }
}

}  // namespace kernels
