// The part of the Python module that serves a GPU: blocks of bytes to be copied there. Nothing here needs CUDA.
#include <nanobind/stl/tuple.h>

#include <algorithm>

#include "arrays.h"
#include "flat.h"
#include "rounding.h"
#include "views.h"

namespace nb = nanobind;

namespace software {
namespace {

using Bytes1 = nb::ndarray<nb::numpy, uint8_t>;
using Offsets = nb::ndarray<nb::numpy, int64_t>;

template <typename T>
nb::ndarray<nb::numpy, T> array_of(const std::vector<T>& values) {
    auto out = new_array<T>({values.size()});
    std::copy(values.begin(), values.end(), out.data());
    return out;
}

template <typename T>
std::tuple<Bytes1, Offsets> flat(const T& whole) {
    Flat made;
    {
        nb::gil_scoped_release unlocked;
        made = flattened(whole);
    }
    return {array_of(made.bytes), array_of(made.pointers)};
}

Task new_task(int32_t count, int32_t width, int32_t height, int32_t samples, bool color, bool distances, bool staged) {
    if (count < 1 || width < 1 || height < 1 || width > MOST_PIXELS || height > MOST_PIXELS)
        throw nb::value_error("a picture has 1 to 16384 pixels along each side, and there is at least one");
    if (samples != 1 && samples != SAMPLES) throw nb::value_error("a pixel has one sample or four");
    if (color && samples != SAMPLES) throw nb::value_error("a picture has four samples a pixel");
    return {count, width, height, samples, color, distances, staged};
}

nb::dict layout(const Object& object, const Task& task) {
    const Layout l = layout_of(object, task);
    nb::dict out;
    out["views"] = l.views;
    out["queue"] = l.queue;
    out["rgb"] = l.rgb;
    out["distances"] = l.distances;
    out["total"] = l.total;
    return out;
}

Bytes1 head(const Object& object, const Task& task, In<double, nb::shape<-1, 4, 4>> poses, In<double, nb::shape<-1, 3, 3>> intrinsics,
            uint64_t mesh, uint64_t light, uint64_t stage, uint64_t memory) {
    if (poses.shape(0) != static_cast<size_t>(task.count) || intrinsics.shape(0) != poses.shape(0))
        throw nb::value_error("there must be as many poses and intrinsics as pictures");
    const ExactRounding exact;
    return array_of(head_of_pictures(object, task, poses.data(), intrinsics.data(), {mesh, light, stage, memory}));
}

Bytes1 map_head(const Object& object, const Task& task, Matrix34 matrix, uint64_t mesh, uint64_t memory) {
    if (task.count != 1 || task.samples != 1 || task.color) throw nb::value_error("a map is one, of one sample a texel");
    return array_of(head_of_map(object, task, matrix.data(), {mesh, 0, 0, memory}));
}

}  // namespace

void bind_device(nb::module_& m) {
    m.attr("STAGE_AT") = STAGE_AT;
    nb::class_<Task>(m, "Task")
        .def(nb::new_([](int32_t count, int32_t width, int32_t height, int32_t samples, bool color, bool distances, bool staged) {
                 return new Task(new_task(count, width, height, samples, color, distances, staged));
             }),
             nb::arg("count"), nb::arg("width"), nb::arg("height"), nb::arg("samples"), nb::arg("color"), nb::arg("distances"),
             nb::arg("staged"));
    m.def("flat_object", &flat<Object>, nb::arg("object"), "Its bytes, and where in them pointers lie.");
    m.def("flat_surroundings", &flat<Surroundings>, nb::arg("around"), "Likewise; the light first, the stage at STAGE_AT.");
    m.def("layout", &layout, nb::arg("object"), nb::arg("task"), "Where the parts lie in a device's memory, in bytes.");
    m.def("head", &head, nb::arg("object"), nb::arg("task"), nb::arg("poses"), nb::arg("intrinsics"), nb::arg("mesh"),
          nb::arg("light"), nb::arg("stage"), nb::arg("memory"), "What is copied to the start of the device's memory.");
    m.def("map_head", &map_head, nb::arg("object"), nb::arg("task"), nb::arg("matrix"), nb::arg("mesh"), nb::arg("memory"),
          "Likewise for a map of heights.");
}

}  // namespace software
