// Pictures that a GPU draws together: where everything lies in the memory that they work in, and what is copied there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "camera.h"
#include "object.h"

namespace software {

// What is drawn: pictures (``color``), distances or heights (``distances``), or both.
struct Task {
    int32_t count, width, height, samples;
    bool color, distances, staged;
};

// Where the parts lie, in bytes from the start of the memory. The head is what must be copied there before the kernels run.
struct Layout {
    size_t views, queue, order, head_end, items, floats, keys, surface, sky, rgb, distances, total;
    int32_t room;  // triangles that the queue holds
};
Layout layout_of(const Object& object, const Task& task);

// Addresses of the device.
struct Addresses {
    uint64_t mesh, light, stage, memory;
};

// Poses (count, 4, 4) and intrinsics (count, 3, 3): cameras as CameraNumbers holds them. Returns the head.
std::vector<uint8_t> head_of_pictures(const Object& object, const Task& task, const double* poses, const double* intrinsics,
                                      const Addresses& addresses);

// Likewise for one map of heights. ``matrix`` (3, 4): unit frame to texels and height.
std::vector<uint8_t> head_of_map(const Object& object, const Task& task, const float* matrix, const Addresses& addresses);

}  // namespace software
