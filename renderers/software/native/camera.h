// What of a picture follows from its camera: the projection, the eye, the part of the picture that can hold the object, and
// the order of the blended triangles. Worked out in doubles, on the CPU, for every target.
#pragma once
#include <cstdint>

#include "object.h"
#include "scene.h"

namespace software {

// A pinhole camera: camera_to_world (4, 4) of OpenCV axes, intrinsics (3, 3), both row by row; the picture's size.
struct CameraNumbers {
    const double* camera_to_world;
    const double* intrinsics;
    int32_t width, height;
};

// Sets the projection, the eye and the bounds, in the object's unit frame.
void set_camera(Picture& picture, const Object& object, const CameraNumbers& camera);

// Sets the row length of the samples, and widens the bounds to whole groups of lanes.
void set_stride(Picture& picture);

// Writes the blended triangles (as many as object.blended()), farthest first: by material, and in each by triangle.
void sort_blended(const Object& object, const Eye& eye, int32_t* order);

}  // namespace software
