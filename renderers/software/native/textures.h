// Pictures as the passes read them: mip levels, averaged as light, in a word a texel.
#pragma once
#include <cstdint>
#include <vector>

#include "scene.h"

namespace software {

// Owns a texture's texels.
struct StoredTexture {
    Texture view;
    std::vector<int32_t> texels;
    std::vector<uint8_t> alpha;
};

// Linear light of an 8-bit sRGB code, IEC 61966-2-1.
const float* linear_of_code();

// From RGBA bytes (height, width, 4), row 0 on top.
StoredTexture store_texture(const uint8_t* rgba, int32_t height, int32_t width, bool is_color, int32_t wrap_u, int32_t wrap_v);

// The picture (height, width, channels) smaller by a whole factor, so that neither side is over ``most``, as RGBA bytes.
// Colour is averaged as light; the same bytes as renderers.textures.shrink.
struct Bytes {
    std::vector<uint8_t> rgba;
    int32_t height, width;
};
Bytes shrunk(const uint8_t* pixels, int32_t height, int32_t width, int32_t channels, int32_t most, bool is_color);

// Floats (height, width, channels) and all their mip levels, one after another.
struct Levels {
    std::vector<float> values;
    int32_t count = 0;
    int32_t offset[MAX_LEVELS], width[MAX_LEVELS], height[MAX_LEVELS];  // offsets in texels
};
Levels mip_levels(std::vector<float> values, int32_t height, int32_t width, int32_t channels);

// Two channels of bytes; a word holds a texel and its right neighbour, beyond the edge the first or the last of its row.
void pack_pairs(const float* values, int32_t height, int32_t width, bool around, int32_t* words);

}  // namespace software
