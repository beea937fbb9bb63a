// Runs the passes over a picture with the given number of threads; each thread has its own rows.
#pragma once
#include <cstdint>
#include <vector>

#include "camera.h"
#include "object.h"
#include "scene.h"
#include "surroundings.h"

namespace software {

// Writes the picture (height, width, 3); with ``depth`` (2 height, 2 width) also the distance along the optical axis at the
// middles of each pixel's quarters, world units, infinite where the object is not.
void draw_color(const Kernel& kernel, const Object& object, const Surroundings& around, const CameraNumbers& camera,
                int32_t threads, uint8_t* rgb, float* depth);

// Writes the distance along the optical axis at pixels' centres (height, width).
void draw_depth(const Kernel& kernel, const Object& object, const CameraNumbers& camera, int32_t threads, float* depth);

// Writes what the raster pass leaves: the nearest solid triangle at each sample (height, width, SAMPLES), -1 where none is.
void draw_surfaces(const Kernel& kernel, const Object& object, const CameraNumbers& camera, int32_t threads, int32_t* surfaces);

// Writes the greatest height over each texel (size, size), 0 where nothing is. ``matrix`` (3, 4): unit frame to texels and
// height.
void draw_heights(const Kernel& kernel, const Object& object, const float* matrix, int32_t size, float* heights);

}  // namespace software
