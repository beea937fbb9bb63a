// The steps of renderers/projection.py and renderers/gpu_mesh.py that touch every triangle; the same bits as the NumPy
// functions of their names.
#pragma once
#include "filter_passes.h"
#include "object.h"

namespace software {

// Least and greatest coordinates of the vertices that triangles use and that are finite. Returns whether there are any.
bool used_extent(const PrimitiveArrays& primitive, float (&low)[3], float (&high)[3]);

// Twice the area of a primitive's triangles, whose edges are rounded to float.
double twice_area(const FilterPasses& passes, const PrimitiveArrays& primitive);

}  // namespace software
