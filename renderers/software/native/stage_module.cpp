// The part of the Python module that serves the pictures that a stage is made of. The functions are named after the NumPy
// functions in renderers/ whose bits they give.
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <vector>

#include "arrays.h"
#include "builds.h"
#include "filters.h"
#include "ground.h"
#include "measures.h"
#include "primitives.h"
#include "rooms.h"
#include "rounding.h"

namespace nb = nanobind;

namespace software {
namespace {

using Plane = In<float, nb::shape<-1, -1>>;
using Image = In<float, nb::shape<-1, -1, -1>>;
using Line = In<float, nb::shape<-1>>;
using Texels = nb::ndarray<const float, nb::numpy, nb::shape<-1, -1, -1>, nb::device::cpu>;  // of any layout
// Painted over in place, so that no copy may stand for it: the bindings convert nothing.
using Painted = nb::ndarray<float, nb::numpy, nb::shape<-1, -1, 3>, nb::c_contig, nb::device::cpu>;
using Floats = nb::ndarray<nb::numpy, float>;

void require(bool fits) {
    if (!fits) throw nb::value_error("the arrays do not fit each other");
}

int32_t side(size_t n) {
    if (n < 1 || n > MOST_PIXELS) throw nb::value_error("a picture has 1 to 16384 texels along each side");
    return static_cast<int32_t>(n);
}

Floats blur(Image image, double sigma, const std::string& build) {
    if (!(sigma > 0.0 && sigma <= WIDEST_WEIGHTS)) throw nb::value_error("sigma is more than 0 and at most 6 texels");
    const int32_t height = side(image.shape(0)), width = side(image.shape(1)), channels = side(image.shape(2));
    const FilterPasses& passes = filters_named(build);
    auto out = new_array<float>({image.shape(0), image.shape(1), image.shape(2)});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    blur_sphere(passes, image.data(), height, width, channels, sigma, out.data());
    return out;
}

Floats noise(Image numbers, Plane up, Plane around, const std::string& build) {
    require(up.shape(1) == numbers.shape(1) && around.shape(0) == numbers.shape(2));
    const NoiseSize size{side(numbers.shape(0)), side(numbers.shape(1)), side(numbers.shape(2)), side(up.shape(0)), side(around.shape(1))};
    const FilterPasses& passes = filters_named(build);
    auto out = new_array<float>({up.shape(0), around.shape(1), numbers.shape(0)});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    smooth_noise(passes, size, numbers.data(), up.data(), around.data(), out.data());
    return out;
}

Floats spread(Plane heights, double sigma_at_top, double least, std::tuple<double, double> aspect, const std::string& build) {
    const double sides[2] = {std::get<0>(aspect), std::get<1>(aspect)}, widest = 1024.0;
    require(heights.shape(0) == heights.shape(1));
    if (!(least > 0.0 && sigma_at_top >= 0.0 && sigma_at_top <= widest && least <= widest && sides[0] > 1e-3 && sides[1] > 1e-3))
        throw nb::value_error("sigmas and sides are positive, and sigmas are at most 1024 texels");
    const FilterPasses& passes = filters_named(build);
    const int32_t size = side(heights.shape(0));
    auto out = new_array<float>({heights.shape(0), heights.shape(1)});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    spread_shadow(passes, heights.data(), size, static_cast<float>(sigma_at_top), least, sides, out.data());
    return out;
}

nb::ndarray<nb::numpy, uint8_t> shadows(Plane sun, Plane sky, Plane window) {
    for (const Plane* plane : {&sky, &window}) require(plane->shape(0) == sun.shape(0) && plane->shape(1) == sun.shape(1));
    auto out = new_array<uint8_t>({sun.shape(0), sun.shape(1), 2});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    combine_shadows(sun.data(), sky.data(), window.data(), sun.size(), out.data());
    return out;
}

Floats amplitudes(In<double, nb::shape<-1>> places, In<double, nb::shape<-1>> values, int32_t half, std::tuple<double, double> stretch) {
    require(places.shape(0) == values.shape(0) && places.shape(0) >= 2);
    const size_t n = static_cast<size_t>(side(half)) + 1;
    const double stretched[2] = {std::get<0>(stretch), std::get<1>(stretch)};
    auto out = new_array<float>({n, n});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    wave_amplitudes({places.data(), values.data(), places.shape(0)}, half, stretched, out.data());
    return out;
}

Floats noise_of_waves(Plane real, Plane imaginary, Plane amplitudes, Line cosines, Line sines, const std::string& build) {
    const size_t n = real.shape(0);
    require(real.shape(1) == n && imaginary.shape(0) == n && imaginary.shape(1) == n);
    require(!(n & (n - 1)) && cosines.shape(0) == n - 1 && sines.shape(0) == n - 1);
    require(amplitudes.shape(0) == n / 2 + 1 && amplitudes.shape(1) == n / 2 + 1);
    const FilterPasses& passes = filters_named(build);
    const int32_t size = side(n);
    auto out = new_array<float>({n, n});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    noise_from_waves(passes, real.data(), imaginary.data(), amplitudes.data(), size, cosines.data(), sines.data(), out.data());
    return out;
}

nb::ndarray<nb::numpy, uint8_t> bytes_of_pattern(Plane choice, Plane brightness) {
    require(choice.shape(0) == brightness.shape(0) && choice.shape(1) == brightness.shape(1));
    auto out = new_array<uint8_t>({choice.shape(0), choice.shape(1), 2});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    pattern_bytes(choice.data(), brightness.data(), choice.size(), out.data());
    return out;
}

// A picture of 3 channels and its lamps of 1, each in rows without gaps between them.
Room room_of(const Texels& image, const Texels& lamps) {
    const size_t height = image.shape(0), width = image.shape(1);
    require(image.shape(2) == 3 && lamps.shape(0) == height && lamps.shape(1) == width && lamps.shape(2) == 1);
    for (const Texels* part : {&image, &lamps})
        require(part->stride(1) > 0 && part->stride(0) == static_cast<int64_t>(width) * part->stride(1));
    require(image.stride(2) == 1);
    return {image.data(), lamps.data(), side(height), side(width), static_cast<int32_t>(image.stride(1)), static_cast<int32_t>(lamps.stride(1))};
}

std::tuple<double, double> light_sums(Texels image, Texels lamps, Plane cosines, const std::string& build) {
    const Room room = room_of(image, lamps);
    require(cosines.shape(0) == image.shape(0) && cosines.shape(1) == image.shape(1));
    const FilterPasses& passes = filters_named(build);
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    const RoomLight light = light_of(passes, room, cosines.data());
    return {light.walls, light.lamps};
}

Floats lit(Texels image, Texels lamps, Line dim, float gain, float brightest) {
    const Room room = room_of(image, lamps);
    require(dim.shape(0) == image.shape(0));
    auto out = new_array<float>({image.shape(0), image.shape(1), 3});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    light_room(room, dim.data(), gain, brightest, out.data());
    return out;
}

using Color = In<float, nb::shape<3>>;
using Gradient = In<float, nb::shape<-1, 1, 3>>;
using Factors = In<float, nb::shape<-1, -1, 1>>;

void box(Painted image, Color color, std::tuple<double, double, double, double> place, Line latitudes, Line longitudes) {
    require(latitudes.shape(0) == image.shape(0) && longitudes.shape(0) == image.shape(1));
    const Sphere sphere{image.data(), side(image.shape(0)), side(image.shape(1)), latitudes.data(), longitudes.data()};
    const auto [longitude, latitude, half_width, half_height] = place;
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    paint_box(sphere, color.data(), {longitude, latitude, half_width, half_height});
}

void paint(Painted image, Color color, Plane weights) {
    require(weights.shape(0) == image.shape(0) && weights.shape(1) == image.shape(1));
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    paint_texels(image.data(), weights.size(), color.data(), weights.data());
}

void scale(Painted image, Factors factors) {
    require(factors.shape(0) == image.shape(0) && factors.shape(1) == image.shape(1));
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    scale_texels(image.data(), factors.size(), factors.data());
}

Floats columns(Gradient gradient, Line across) {
    const int32_t height = side(gradient.shape(0)), width = side(across.shape(0));
    auto out = new_array<float>({gradient.shape(0), across.shape(0), 3});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    spread_gradient(gradient.data(), height, width, across.data(), out.data());
    return out;
}

Floats clouds(Gradient gradient, Factors weights, float brightness) {
    require(weights.shape(0) == gradient.shape(0));
    const int32_t height = side(gradient.shape(0)), width = side(weights.shape(1));
    auto out = new_array<float>({gradient.shape(0), weights.shape(1), 3});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    paint_clouds(gradient.data(), height, width, weights.data(), brightness, out.data());
    return out;
}

Floats leaves(Gradient gradient, Factors mottled, In<float, nb::shape<-1, -1, 3>> tint, Factors spots, Color sky) {
    const int32_t height = side(gradient.shape(0)), width = side(mottled.shape(1));
    require(mottled.shape(0) == gradient.shape(0) && tint.size() == 3 * mottled.size() && spots.size() == mottled.size());
    auto out = new_array<float>({gradient.shape(0), mottled.shape(1), 3});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    paint_leaves({gradient.data(), mottled.data(), tint.data(), spots.data(), sky.data()}, height, width, out.data());
    return out;
}

nb::ndarray<nb::numpy, double> products(In<double, nb::shape<9, -1>> rows, In<float, nb::shape<-1, 3>> channels, const std::string& build) {
    require(rows.shape(1) == channels.shape(0) && rows.shape(1) > 0);
    const FilterPasses& passes = filters_named(build);
    auto out = new_array<double>({9, 3});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    project(passes, rows.data(), channels.data(), rows.shape(1), out.data());
    return out;
}

Floats coarse(In<float, nb::shape<-1, -1, 3>> image) {
    const int32_t height = side(image.shape(0)), width = side(image.shape(1));
    require(height % 8 == 0 && width % 8 == 0);
    auto out = new_array<float>({image.shape(0) / 8, image.shape(1) / 8, 3});
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    block_means(image.data(), height, width, out.data());
    return out;
}

nb::object extent(Points positions, Triangles triangles) {
    float low[3], high[3];
    const auto found = [&] {
        nb::gil_scoped_release unlocked;
        return used_extent(arrays_of(positions, triangles), low, high);
    };
    if (!found()) return nb::none();
    auto out = new_array<float>({2, 3});
    std::copy(low, low + 3, out.data());
    std::copy(high, high + 3, out.data() + 3);
    return nb::cast(out);
}

double area(Points positions, Triangles triangles, const std::string& build) {
    const FilterPasses& passes = filters_named(build);
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    return twice_area(passes, arrays_of(positions, triangles));
}

}  // namespace

void bind_stage(nb::module_& m) {
    m.def("blur_sphere", &blur, nb::arg("image"), nb::arg("sigma"), nb::arg("build") = "");
    m.def("smooth_noise", &noise, nb::arg("numbers"), nb::arg("up"), nb::arg("around"), nb::arg("build") = "");
    m.def("spread_shadow", &spread, nb::arg("heights"), nb::arg("sigma_at_top"), nb::arg("least"), nb::arg("aspect"), nb::arg("build") = "");
    m.def("combine_shadows", &shadows, nb::arg("sun"), nb::arg("sky"), nb::arg("window"));
    m.def("wave_amplitudes", &amplitudes, nb::arg("places"), nb::arg("values"), nb::arg("half"), nb::arg("stretch"));
    m.def("noise_from_waves", &noise_of_waves, nb::arg("real"), nb::arg("imaginary"), nb::arg("amplitudes"), nb::arg("cosines"),
          nb::arg("sines"), nb::arg("build") = "");
    m.def("pattern_bytes", &bytes_of_pattern, nb::arg("choice"), nb::arg("brightness"));
    m.def("light_sums", &light_sums, nb::arg("image"), nb::arg("lamps"), nb::arg("cosines"), nb::arg("build") = "");
    m.def("light_room", &lit, nb::arg("image"), nb::arg("lamps"), nb::arg("dim"), nb::arg("gain"), nb::arg("brightest"));
    m.def("paint_box", &box, nb::arg("image").noconvert(), nb::arg("color"), nb::arg("place"), nb::arg("latitudes"), nb::arg("longitudes"));
    m.def("paint_texels", &paint, nb::arg("image").noconvert(), nb::arg("color"), nb::arg("weights"));
    m.def("scale_texels", &scale, nb::arg("image").noconvert(), nb::arg("factors"));
    m.def("spread_gradient", &columns, nb::arg("gradient"), nb::arg("across"));
    m.def("paint_clouds", &clouds, nb::arg("gradient"), nb::arg("clouds"), nb::arg("brightness"));
    m.def("paint_leaves", &leaves, nb::arg("gradient"), nb::arg("mottled"), nb::arg("tint"), nb::arg("spots"), nb::arg("sky"));
    m.def("project", &products, nb::arg("rows"), nb::arg("channels"), nb::arg("build") = "");
    m.def("used_extent", &extent, nb::arg("positions"), nb::arg("triangles"));
    m.def("block_means", &coarse, nb::arg("image"));
    m.def("twice_area", &area, nb::arg("positions"), nb::arg("triangles"), nb::arg("build") = "");
}

}  // namespace software
