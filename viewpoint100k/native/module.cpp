// The Python module: arrays in, arrays out. The interpreter's lock is released while the loops run.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <optional>
#include <string>

#include "arrays.h"
#include "kernels.h"
#include "rounding.h"

namespace nb = nanobind;
using namespace kernels;
using software::ExactRounding;
using software::In;
using software::new_array;

namespace {

using Pixels = In<uint8_t, nb::shape<-1, 3>>;
using Lab = In<float, nb::shape<-1, -1, 3>>;
using Mask = In<bool, nb::shape<-1, -1>>;
using Depth = In<float, nb::shape<-1, -1>>;
using Intrinsics = In<double, nb::shape<3, 3>>;
using Pose = In<double, nb::shape<4, 4>>;

Edge edge_named(const std::string& name) {
    if (name == "mirror") return Edge::mirror;
    if (name == "wrap") return Edge::wrap;
    if (name == "zero") return Edge::zero;
    throw nb::value_error("an edge is mirror, wrap or zero");
}

// How an array is run through along one of its axes.
struct Axis {
    std::vector<size_t> shape;
    size_t outer = 1, count = 1, inner = 1;
    Edge edge;

    template <typename T>
    Axis(const In<T>& values, int64_t axis, const std::string& edge) : edge(edge_named(edge)) {
        const int64_t axes = values.ndim();
        if (axis < -axes || axis >= axes) throw nb::value_error("the array has no such axis");
        if (!values.size()) throw nb::value_error("there are no values");
        axis = (axis + axes) % axes;
        for (int64_t i = 0; i < axes; i++) {
            shape.push_back(values.shape(i));
            (i < axis ? outer : i > axis ? inner : count) *= shape.back();
        }
    }
};

template <typename T>
nb::ndarray<nb::numpy, T> weighted(In<T> values, In<T, nb::shape<-1>> weights, int64_t axis, const std::string& edge) {
    if (!weights.size()) throw nb::value_error("there are no weights");
    const Axis a(values, axis, edge);
    auto out = new_array<T>(a.shape);
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    blur_by_weights(values.data(), a.outer, a.count, a.inner, weights.data(), weights.size() - 1, a.edge, out.data());
    return out;
}

template <typename T>
nb::ndarray<nb::numpy, T> averaged(In<T> values, int32_t reach, double end, int32_t passes, int64_t axis, const std::string& edge) {
    constexpr int32_t most = 1 << 20;
    if (reach < 0 || passes < 0 || reach > most || passes > most)
        throw nb::value_error("the reach of a box and the passes are 0 to 1048576");
    const Axis a(values, axis, edge);
    auto out = new_array<T>(a.shape);
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    blur_by_sums(values.data(), a.outer, a.count, a.inner, {static_cast<size_t>(reach), end, static_cast<size_t>(passes)}, a.edge, out.data());
    return out;
}

using Linear = In<float, nb::shape<256>>;
using Table = In<float, nb::shape<-1>>;
using Matrix = In<float, nb::shape<3, 3>>;

ColorTables tables_of(const Linear& linear, const Table& f, const Matrix& xyz_from_rgb) {
    if (f.size() < 2 || f.size() > 1 << 24) throw nb::value_error("a table has 2 to 16777216 entries");
    return {linear.data(), f.data(), static_cast<int32_t>(f.size()) - 1, xyz_from_rgb.data()};
}

nb::ndarray<nb::numpy, float> lab_of(Pixels pixels, Linear linear, Table f, Matrix xyz_from_rgb) {
    const ColorTables tables = tables_of(linear, f, xyz_from_rgb);
    auto out = new_array<float>({pixels.shape(0), 3});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    cielab(pixels.data(), pixels.shape(0), tables, out.data());
    return out;
}

// A picture, once its arrays are of one size.
Picture picture_of(const Lab& lab, const Mask& mask, const std::optional<Mask>& beyond, const Lab& like) {
    const size_t h = like.shape(0), w = like.shape(1);
    const auto fits = [&](const auto& array) { return array.shape(0) == h && array.shape(1) == w; };
    if (!h || !w || h > software::MOST_PIXELS || w > software::MOST_PIXELS || !fits(lab) || !fits(mask) || (beyond && !fits(*beyond)))
        throw nb::value_error("pictures and their masks must have one size, of 1 to 16384 pixels along each side");
    return {lab.data(), mask.data(), beyond ? beyond->data() : nullptr};
}

float difference(Lab seen, Mask seen_mask, std::optional<Mask> seen_beyond, Lab other, Mask other_mask, std::optional<Mask> other_beyond,
                 std::optional<Mask> unknown, std::optional<In<float, nb::shape<-1, 1, 3>>> plain, In<int32_t, nb::shape<-1, 2>> shifts,
                 int32_t lightness_steps, int32_t bleeding, int32_t smallest_mark) {
    const Picture one = picture_of(seen, seen_mask, seen_beyond, seen), two = picture_of(other, other_mask, other_beyond, seen);
    const int32_t h = static_cast<int32_t>(seen.shape(0)), w = static_cast<int32_t>(seen.shape(1));
    if (unknown.has_value() != plain.has_value() || (plain && plain->shape(0) != seen.shape(0)))
        throw nb::value_error("unknown pixels and the plain look of each row belong together");
    if (unknown) picture_of(seen, *unknown, std::nullopt, seen);
    if (!shifts.shape(0) || smallest_mark < 1) throw nb::value_error("a shift and a mark of one pixel are the least");
    std::vector<Shift> listed;
    for (size_t i = 0; i < shifts.shape(0); i++) {
        const Shift shift{shifts.data()[2 * i], shifts.data()[2 * i + 1]};
        if (std::abs(int64_t(shift.down)) > software::MOST_PIXELS || std::abs(int64_t(shift.right)) > software::MOST_PIXELS)
            throw nb::value_error("a shift is 16384 pixels at most");
        listed.push_back(shift);
    }
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    return mark_difference(one, two, unknown ? unknown->data() : nullptr, plain ? plain->data() : nullptr, h, w, listed,
                           {lightness_steps, bleeding, smallest_mark});
}

nb::ndarray<nb::numpy, float> all_changes(Lab one, Lab two, Mask one_mask, Mask two_mask) {
    const Picture a = picture_of(one, one_mask, std::nullopt, one), b = picture_of(two, two_mask, std::nullopt, one);
    std::vector<float> found;
    {
        nb::gil_scoped_release unlocked;
        const ExactRounding exact;
        found = changes(a, b, static_cast<int32_t>(one.shape(0)), static_cast<int32_t>(one.shape(1)));
    }
    auto out = new_array<float>({found.size()});
    std::copy(found.begin(), found.end(), out.data());
    return out;
}

nb::ndarray<nb::numpy, float> medians(const std::vector<Lab>& labs, const std::vector<Mask>& masks) {
    if (labs.empty() || labs.size() != masks.size()) throw nb::value_error("there must be a picture, and a mask of each");
    std::vector<Picture> pictures;
    for (size_t i = 0; i < labs.size(); i++) pictures.push_back(picture_of(labs[i], masks[i], std::nullopt, labs[0]));
    const size_t h = labs[0].shape(0), w = labs[0].shape(1);
    auto out = new_array<float>({h, 1, 3});
    nb::gil_scoped_release unlocked;
    median_rows(pictures, static_cast<int32_t>(h), static_cast<int32_t>(w), out.data());
    return out;
}

DepthView view_of(const Depth& depth, const Intrinsics& intrinsics, const Pose& pose) {
    const size_t h = depth.shape(0), w = depth.shape(1);
    if (!h || !w || h > software::MOST_PIXELS || w > software::MOST_PIXELS)
        throw nb::value_error("a depth map has 1 to 16384 pixels along each side");
    return {depth.data(), intrinsics.data(), pose.data(), static_cast<int32_t>(h), static_cast<int32_t>(w)};
}

nb::ndarray<nb::numpy, bool> seen(Depth depth, Intrinsics intrinsics, Pose pose, Depth depth_2, Intrinsics intrinsics_2, Pose pose_2,
                                  int32_t step, double tolerance, double steepest) {
    const DepthView one = view_of(depth, intrinsics, pose), two = view_of(depth_2, intrinsics_2, pose_2);
    if (step < 1) throw nb::value_error("a step is one pixel or more");
    const size_t s = step;
    auto out = new_array<bool>({(depth.shape(0) + s - 1) / s, (depth.shape(1) + s - 1) / s});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    seen_from(one, two, step, tolerance, steepest, out.data());
    return out;
}

float contrast(In<uint8_t, nb::shape<-1, -1, 3>> image, Mask mask, int32_t away_down, int32_t away_right, int32_t most_places,
               Linear linear, Table f, Matrix xyz_from_rgb) {
    const size_t h = mask.shape(0), w = mask.shape(1);
    if (!h || !w || h > software::MOST_PIXELS || w > software::MOST_PIXELS || !image.shape(0) || !image.shape(1))
        throw nb::value_error("an image is not empty, and its mask has 1 to 16384 pixels along each side");
    if (away_down < 0 || away_right < 0 || most_places < 1) throw nb::value_error("a distance is not negative; one place is the least");
    const ColorTables tables = tables_of(linear, f, xyz_from_rgb);
    const ColorImage colors{image.data(), static_cast<int64_t>(image.shape(0)), static_cast<int64_t>(image.shape(1))};
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    return rim_difference(colors, mask.data(), static_cast<int32_t>(h), static_cast<int32_t>(w), away_down, away_right, most_places, tables);
}

}  // namespace

NB_MODULE(_compiled, m) {
    m.doc() = "Loops over pixels, in C++. Each is what the NumPy function of its name is. See viewpoint100k/native.";
    m.def("blur_by_weights", &weighted<float>, nb::arg().noconvert(), nb::arg().noconvert(), nb::arg(), nb::arg());
    m.def("blur_by_weights", &weighted<double>, nb::arg().noconvert(), nb::arg().noconvert(), nb::arg(), nb::arg());
    m.def("blur_by_sums", &averaged<float>, nb::arg().noconvert(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg());
    m.def("blur_by_sums", &averaged<double>, nb::arg().noconvert(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg());
    m.def("cielab", &lab_of);
    m.def("mark_difference", &difference, nb::arg(), nb::arg(), nb::arg().none(), nb::arg(), nb::arg(), nb::arg().none(),
          nb::arg().none(), nb::arg().none(), nb::arg(), nb::arg(), nb::arg(), nb::arg());
    m.def("changes", &all_changes);
    m.def("median_rows", &medians);
    m.def("seen_from", &seen);
    m.def("rim_difference", &contrast);
}
