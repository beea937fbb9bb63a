// An object, or what surrounds it, as one block of bytes that can be copied to another memory: a GPU's. Whoever has copied
// it adds the block's new address to the pointers in it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "object.h"
#include "surroundings.h"

namespace software {

class Flat {
  public:
    std::vector<uint8_t> bytes;
    std::vector<int64_t> pointers;  // where in ``bytes`` a pointer lies that counts from the block's start

    // Copies ``count`` elements with padding after them; returns where they lie.
    template <typename T>
    size_t add(const T* values, size_t count) {
        return add_bytes(values, count * sizeof(T), PADDING * sizeof(T));
    }
    // Makes the pointer at ``at`` show to ``target`` within the block.
    void point(size_t at, size_t target);

  private:
    size_t add_bytes(const void* values, size_t size, size_t padding);
};

// The mesh lies at the start.
Flat flattened(const Object& object);

// The light lies at the start, the stage at ``STAGE_AT``.
constexpr size_t STAGE_AT = (sizeof(Light) + 63) / 64 * 64;
Flat flattened(const Surroundings& around);

}  // namespace software
