// What the kernels of kernels.cu read and write: shared by them and by views.cpp, which fills it. Every pointer is an
// address of the device.
#pragma once
#include "scene.h"

namespace software {

// One picture of those that are drawn together.
struct View {
    Picture picture;
    const int32_t* order;  // blended triangles, farthest first
    int32_t order_count;
    float* sky_rows;       // (height, 3, sky columns): the sky's corners, mixed for each row of pixels
    float* distances;      // what is written of depth, (side height, side width); null: nothing
    float radius;          // of the object, world units; 0: a map of heights, written as they are
};

// Triangles that are too large for one thread, as pairs of a view and a triangle.
struct Queue {
    int32_t* items;
    int32_t room, count;
};

}  // namespace software
