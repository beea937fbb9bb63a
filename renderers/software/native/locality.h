// Vertices in the order in which triangles first use them, so that what a triangle needs lies side by side in memory.
#pragma once
#include <cstdint>
#include <vector>

#include "object.h"

namespace software {

// Whether the vertices that neighbouring triangles use lie far apart, so that the processor's cache hardly helps. The
// triangles' indices must be in range.
bool is_scattered(const PrimitiveArrays& p);

// Copies of a primitive's arrays with its vertices in that order; its triangles are the same ones, in the same order.
class OrderedPrimitive {
  public:
    // The triangles' indices must be in range.
    explicit OrderedPrimitive(const PrimitiveArrays& p);

    // Valid as long as this object.
    const PrimitiveArrays& arrays() const { return arrays_; }

  private:
    const float* ordered(const float* values, int width, std::vector<float>& out) const;

    std::vector<uint32_t> from_;  // by new number: the old one
    std::vector<uint32_t> triangles_;
    std::vector<float> positions_, normals_, uvs_, colors_;
    PrimitiveArrays arrays_;
};

}  // namespace software
