// Arrays of NumPy as the module takes and gives them.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <vector>

namespace software {

template <typename T, typename... Shape>
using In = nanobind::ndarray<const T, nanobind::numpy, nanobind::c_contig, nanobind::device::cpu, Shape...>;
using Matrix34 = In<float, nanobind::shape<3, 4>>;

constexpr int32_t MOST_PIXELS = 16384;  // along a side

// A new array that owns its memory.
template <typename T>
nanobind::ndarray<nanobind::numpy, T> new_array(const std::vector<size_t>& shape) {
    size_t count = 1;
    for (size_t n : shape) count *= n;
    T* data = new T[count];
    nanobind::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return nanobind::ndarray<nanobind::numpy, T>(data, shape.size(), shape.data(), owner);
}

// What serves another memory than the processor's; see device_module.cpp.
void bind_device(nanobind::module_& m);

// What serves the pictures that a stage is made of; see stage_module.cpp.
void bind_stage(nanobind::module_& m);

}  // namespace software
