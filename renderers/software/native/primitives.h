// A primitive's arrays as the module takes them.
#pragma once
#include "arrays.h"
#include "object.h"

namespace software {

using Points = In<float, nanobind::shape<-1, 3>>;
using Triangles = In<uint32_t, nanobind::shape<-1, 3>>;

inline PrimitiveArrays arrays_of(const Points& positions, const Triangles& triangles) {
    PrimitiveArrays p{};
    p.positions = positions.data();
    p.vertex_count = positions.shape(0);
    p.triangles = triangles.data();
    p.triangle_count = triangles.shape(0);
    return p;
}

}  // namespace software
