// The steps of renderers/rooms.py, renderers/stage.py and renderers/gpu_mesh.py that touch every texel or triangle; the same
// bits as the NumPy functions that the comments name.
#pragma once
#include <cstddef>
#include <cstdint>

#include "filter_passes.h"
#include "object.h"

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

// Puts a colour over a picture (height, width, 3) with the weight along[y] across[x].
void paint_box(float* image, int32_t height, int32_t width, const float* color, const float* along, const float* across);

// Means of blocks of 8 x 8 texels of a picture (height, width, 3), whose sides are multiples of 8.
void block_means(const float* image, int32_t height, int32_t width, float* to);

// Twice the area of a primitive's triangles, whose edges are rounded to float.
double twice_area(const FilterPasses& passes, const PrimitiveArrays& primitive);

}  // namespace software
