#include "surroundings.h"

#include <algorithm>

namespace software {

Pattern::Pattern(const uint8_t* texels, int32_t size) {
    const size_t count = static_cast<size_t>(size) * size * 2;
    std::vector<float> values(texels, texels + count);
    levels = mip_levels(std::move(values), size, size, 2);
    words.resize(levels.values.size() / 2 + PADDING);
    for (int32_t i = 0; i < levels.count; i++)
        pack_pairs(levels.values.data() + 2 * static_cast<size_t>(levels.offset[i]), levels.height[i], levels.width[i], true,
                   words.data() + levels.offset[i]);
    std::vector<float>().swap(levels.values);
}

Surroundings::Surroundings(const float* environment, int32_t height, int32_t width)
    : environment_(mip_levels(std::vector<float>(environment, environment + static_cast<size_t>(height) * width * 3), height, width, 3)) {
    Environment& e = light.environment;
    e.texels = environment_.values.data();
    e.levels = environment_.count;
    std::copy(environment_.offset, environment_.offset + e.levels, e.offset);
    std::copy(environment_.width, environment_.width + e.levels, e.width);
    std::copy(environment_.height, environment_.height + e.levels, e.height);
}

void Surroundings::set_sun_map(const float* heights, int32_t size, const float* matrix, float offset) {
    sun_map_.assign(heights, heights + static_cast<size_t>(size) * size);
    light.sun_map = sun_map_.data();
    light.sun_map_size = size;
    std::copy(matrix, matrix + 12, light.sun_map_matrix);
    light.sun_map_offset = offset;
}

void Surroundings::set_ground(const Ground& ground, std::shared_ptr<const Pattern> pattern, const uint8_t* shadow, int32_t size) {
    stage.ground = ground;
    Ground& g = stage.ground;
    g.there = 1;
    pattern_ = std::move(pattern);
    g.pattern = pattern_->words.data();
    g.pattern_levels = pattern_->levels.count;
    std::copy(pattern_->levels.offset, pattern_->levels.offset + g.pattern_levels, g.pattern_offset);
    std::copy(pattern_->levels.width, pattern_->levels.width + g.pattern_levels, g.pattern_width);
    const std::vector<float> values(shadow, shadow + static_cast<size_t>(size) * size * 2);
    shadow_.resize(static_cast<size_t>(size) * size + PADDING);
    pack_pairs(values.data(), size, size, false, shadow_.data());
    g.shadow = shadow_.data();
    g.shadow_size = size;
    int32_t left = size, top = size, right = -1, bottom = -1;
    for (int32_t i = 0; i < size * size; i++) {
        if (shadow[2 * i] == 255 && shadow[2 * i + 1] == 255) continue;
        left = std::min(left, i % size);
        right = std::max(right, i % size);
        top = std::min(top, i / size);
        bottom = i / size;
    }
    const int32_t shaded[4] = {left, top, right, bottom};
    std::copy(shaded, shaded + 4, g.shaded);
}

}  // namespace software
