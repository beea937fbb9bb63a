// The steps of renderers/rooms.py, renderers/shadow.py and renderers/stage.py that touch every texel; the same bits as the
// NumPy functions that the comments name.
#pragma once
#include <cstddef>
#include <cstdint>

#include "filter_passes.h"

namespace software {

// A picture (height, width, 3), whose texels lie ``step`` floats apart, and the light of its lamps likewise.
struct Room {
    const float *image, *lamps;
    int32_t height, width, step, lamp_step;
};

// The sums of ``cosines`` (height, width) times the picture, all channels together, and times the lamps.
struct RoomLight {
    double walls, lamps;
};
RoomLight light_of(const FilterPasses& passes, const Room& room, const float* cosines);

// The picture times ``dim`` (height) plus the lamps times ``gain``, no more than ``brightest``: (height, width, 3).
void light_room(const Room& room, const float* dim, float gain, float brightest, float* to);

// A picture (height, width, 3) and the degrees of its rows and columns.
struct Sphere {
    float* image;
    int32_t height, width;
    const float *latitudes, *longitudes;
};
// Puts a colour over a rectangle: longitude and latitude of its middle, half its width and height, in degrees.
void paint_box(const Sphere& sphere, const float* color, const double (&place)[4]);

// Puts a colour over the texels of a picture (texels, 3) by their weights.
void paint_texels(float* image, size_t texels, const float* color, const float* weights);

// Multiplies the texels of a picture (texels, 3).
void scale_texels(float* image, size_t texels, const float* factors);

// A picture (height, width, 3) of rows of one colour each, times ``across`` (width).
void spread_gradient(const float* gradient, int32_t height, int32_t width, const float* across, float* to);

// Such rows, clouds of one brightness before them.
void paint_clouds(const float* gradient, int32_t height, int32_t width, const float* clouds, float brightness, float* to);

// Such rows as leaves, mottled and tinted, with spots of sky between them.
struct Leaves {
    const float *gradient, *mottled, *tint, *spots, *sky;
};
void paint_leaves(const Leaves& leaves, int32_t height, int32_t width, float* to);

// ground_visibility: bytes (texels, 2) of what shadows, within a window, leave of the sun and of the sky.
void combine_shadows(const float* sun, const float* sky, const float* window, size_t texels, uint8_t* to);

// Means of blocks of 8 x 8 texels of a picture (height, width, 3), whose sides are multiples of 8.
void block_means(const float* image, int32_t height, int32_t width, float* to);

// The products of rows (9, count) and the channels (count, 3).
void project(const FilterPasses& passes, const double* rows, const float* channels, size_t count, double* to);

}  // namespace software
