// The Python module: arrays in, arrays out. The interpreter's lock is released while anything is prepared or drawn.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "arrays.h"
#include "builds.h"
#include "draw.h"
#include "primitives.h"
#include "rounding.h"
#include "surroundings.h"

namespace nb = nanobind;
using namespace software;

namespace {

using Pairs = In<float, nb::shape<-1, 2>>;
using Colors = In<float, nb::shape<-1, 4>>;
using Bytes3or4 = In<uint8_t, nb::shape<-1, -1, -1>>;
using Bytes2 = In<uint8_t, nb::shape<-1, -1, 2>>;
using Floats3 = In<float, nb::shape<-1, -1, 3>>;
using Pose = In<double, nb::shape<4, 4>>;
using Intrinsics = In<double, nb::shape<3, 3>>;
using Vector = In<double, nb::shape<3>>;

void add_primitive(Object& object, Points positions, Points normals, Triangles triangles, std::optional<Pairs> uvs,
                   std::optional<Colors> colors, In<float, nb::shape<4>> base_color) {
    PrimitiveArrays p = arrays_of(positions, triangles);
    p.normals = normals.data();
    p.uvs = uvs ? uvs->data() : nullptr;
    p.colors = colors ? colors->data() : nullptr;
    if (normals.shape(0) != p.vertex_count || (uvs && uvs->shape(0) != p.vertex_count) || (colors && colors->shape(0) != p.vertex_count))
        throw nb::value_error("positions, normals, texture coordinates and colours must be as many");
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    object.add_primitive(p, base_color.data());
}

// The bytes of a picture, no larger than ``most`` along each side.
Bytes smaller(const Bytes3or4& pixels, int32_t most, bool is_color) {
    const size_t h = pixels.shape(0), w = pixels.shape(1), channels = pixels.shape(2);
    if (!h || !w || h > 8 * MOST_PIXELS || w > 8 * MOST_PIXELS || (channels != 3 && channels != 4) || most < 1 || most > MOST_PIXELS)
        throw nb::value_error("a texture is (height, width, 3 or 4), neither empty nor over 131072 pixels along a side");
    nb::gil_scoped_release unlocked;
    return shrunk(pixels.data(), static_cast<int32_t>(h), static_cast<int32_t>(w), static_cast<int32_t>(channels), most, is_color);
}

int32_t add_texture(Object& object, Bytes3or4 pixels, int32_t most, bool is_color, int32_t wrap_u, int32_t wrap_v) {
    const Bytes bytes = smaller(pixels, most, is_color);
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    return object.add_texture(bytes, is_color, wrap_u, wrap_v);
}

nb::ndarray<nb::numpy, uint8_t> shrink(Bytes3or4 pixels, int32_t most, bool is_color) {
    const Bytes bytes = smaller(pixels, most, is_color);
    auto out = new_array<uint8_t>({static_cast<size_t>(bytes.height), static_cast<size_t>(bytes.width), 4});
    std::copy(bytes.rgba.begin(), bytes.rgba.end(), out.data());
    return out;
}

void begin_batch(Object& object, float metallic, float roughness, float normal_scale, float occlusion_strength,
                 std::tuple<float, float, float> emissive, int32_t alpha_mode, float alpha_cutoff, bool unlit,
                 bool occlusion_in_surface, const std::vector<int32_t>& textures) {
    if (textures.size() != 5) throw nb::value_error("five texture numbers are needed");
    Material m{};
    m.metallic = metallic;
    m.roughness = roughness;
    m.normal_scale = normal_scale;
    m.occlusion_strength = occlusion_strength;
    std::tie(m.emissive[0], m.emissive[1], m.emissive[2]) = emissive;
    m.alpha_mode = alpha_mode;
    m.alpha_cutoff = alpha_cutoff;
    m.unlit = unlit;
    m.occlusion_in_surface = occlusion_in_surface;
    int32_t numbers[5];
    std::copy(textures.begin(), textures.end(), numbers);
    object.begin_batch(m, numbers);
}

CameraNumbers camera_of(const Pose& pose, const Intrinsics& intrinsics, int32_t width, int32_t height) {
    if (width < 1 || height < 1 || width > MOST_PIXELS || height > MOST_PIXELS)
        throw nb::value_error("a picture has 1 to 16384 pixels along each side");
    return {pose.data(), intrinsics.data(), width, height};
}

nb::ndarray<nb::numpy, uint8_t> color(const Object& object, const Surroundings& around, Pose pose, Intrinsics intrinsics,
                                      int32_t width, int32_t height, const std::string& build, int32_t threads) {
    const CameraNumbers camera = camera_of(pose, intrinsics, width, height);
    const Kernel& kernel = build_named(build);
    auto rgb = new_array<uint8_t>({static_cast<size_t>(height), static_cast<size_t>(width), 3});
    nb::gil_scoped_release unlocked;
    draw_color(kernel, object, around, camera, threads, rgb.data(), nullptr);
    return rgb;
}

nb::ndarray<nb::numpy, float> depth(const Object& object, Pose pose, Intrinsics intrinsics, int32_t width, int32_t height,
                                    const std::string& build, int32_t threads) {
    const CameraNumbers camera = camera_of(pose, intrinsics, width, height);
    const Kernel& kernel = build_named(build);
    auto out = new_array<float>({static_cast<size_t>(height), static_cast<size_t>(width)});
    nb::gil_scoped_release unlocked;
    draw_depth(kernel, object, camera, threads, out.data());
    return out;
}

std::tuple<nb::ndarray<nb::numpy, uint8_t>, nb::ndarray<nb::numpy, float>> color_and_depth(
    const Object& object, const Surroundings& around, Pose pose, Intrinsics intrinsics, int32_t width, int32_t height,
    const std::string& build, int32_t threads) {
    const CameraNumbers camera = camera_of(pose, intrinsics, width, height);
    const Kernel& kernel = build_named(build);
    const size_t w = width, h = height;
    auto rgb = new_array<uint8_t>({h, w, 3});
    auto out = new_array<float>({2 * h, 2 * w});
    {
        nb::gil_scoped_release unlocked;
        draw_color(kernel, object, around, camera, threads, rgb.data(), out.data());
    }
    return {rgb, out};
}

nb::ndarray<nb::numpy, int32_t> surfaces(const Object& object, Pose pose, Intrinsics intrinsics, int32_t width, int32_t height,
                                         const std::string& build, int32_t threads) {
    const CameraNumbers camera = camera_of(pose, intrinsics, width, height);
    const Kernel& kernel = build_named(build);
    auto out = new_array<int32_t>({static_cast<size_t>(height), static_cast<size_t>(width), SAMPLES});
    nb::gil_scoped_release unlocked;
    draw_surfaces(kernel, object, camera, threads, out.data());
    return out;
}

nb::ndarray<nb::numpy, float> heights(const Object& object, Matrix34 matrix, int32_t size, const std::string& build) {
    if (size < 1 || size > MOST_PIXELS) throw nb::value_error("a map has 1 to 16384 texels along each side");
    const Kernel& kernel = build_named(build);
    auto out = new_array<float>({static_cast<size_t>(size), static_cast<size_t>(size)});
    nb::gil_scoped_release unlocked;
    draw_heights(kernel, object, matrix.data(), size, out.data());
    return out;
}

// The side of a square map.
int32_t side_of_map(size_t height, size_t width) {
    if (height != width || !height || height > MOST_PIXELS) throw nb::value_error("a map is square, and has 1 to 16384 texels along each side");
    return static_cast<int32_t>(height);
}

std::shared_ptr<Surroundings> new_surroundings(Floats3 environment, In<float, nb::shape<9, 3>> irradiance, Vector sun_direction,
                                               Vector sun_radiance, float ground_height, float ground_darkens, float environment_lods,
                                               std::optional<float> background_lod) {
    for (size_t n : {environment.shape(0), environment.shape(1)})
        if (!n || n > MOST_PIXELS) throw nb::value_error("an environment has 1 to 16384 texels along each side");
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    auto s = std::make_shared<Surroundings>(environment.data(), static_cast<int32_t>(environment.shape(0)),
                                            static_cast<int32_t>(environment.shape(1)));
    std::copy(irradiance.data(), irradiance.data() + 27, s->light.irradiance);
    for (int i = 0; i < 3; i++) {
        s->light.sun_direction[i] = static_cast<float>(sun_direction.data()[i]);
        s->light.sun_radiance[i] = static_cast<float>(sun_radiance.data()[i]);
    }
    s->light.ground_height = ground_height;
    s->light.ground_darkens = ground_darkens;
    s->light.environment_lods = environment_lods;
    s->stage.there = background_lod.has_value();
    s->stage.background_lod = background_lod.value_or(0.0f);
    return s;
}

void set_sun_map(Surroundings& s, In<float, nb::shape<-1, -1>> map, Matrix34 matrix, float offset) {
    s.set_sun_map(map.data(), side_of_map(map.shape(0), map.shape(1)), matrix.data(), offset);
}

std::shared_ptr<Pattern> new_pattern(Bytes2 texels) {
    const size_t size = texels.shape(0);
    if (texels.shape(1) != size || size < 1 || size > MOST_PIXELS || (size & (size - 1)))
        throw nb::value_error("a pattern is square, and its side is a power of two");
    nb::gil_scoped_release unlocked;
    const ExactRounding exact;
    return std::make_shared<Pattern>(texels.data(), static_cast<int32_t>(size));
}

void set_ground(Surroundings& s, std::shared_ptr<Pattern> pattern, float height, Vector color_0, Vector color_1,
                In<double, nb::shape<2, 2>> pattern_matrix, float pattern_texels, Vector sun_radiance, Vector irradiance,
                std::tuple<float, float> fade, Bytes2 shadow, std::tuple<float, float, float, float> shadow_box) {
    const int32_t shadow_size = side_of_map(shadow.shape(0), shadow.shape(1));
    Ground g{};
    g.height = height;
    for (int i = 0; i < 3; i++) {
        g.color_0[i] = static_cast<float>(color_0.data()[i]);
        g.color_1[i] = static_cast<float>(color_1.data()[i]);
        g.sun_radiance[i] = static_cast<float>(sun_radiance.data()[i]);
        g.irradiance[i] = static_cast<float>(irradiance.data()[i]);
    }
    for (int i = 0; i < 4; i++) g.pattern_matrix[i] = static_cast<float>(pattern_matrix.data()[i]);
    g.pattern_texels = pattern_texels;
    std::tie(g.fade[0], g.fade[1]) = fade;
    std::tie(g.shadow_box[0], g.shadow_box[1], g.shadow_box[2], g.shadow_box[3]) = shadow_box;
    s.set_ground(g, std::move(pattern), shadow.data(), shadow_size);
}

std::vector<std::string> builds() {
    std::vector<std::string> names;
    for (const Kernel* kernel : usable_builds()) names.emplace_back(kernel->name);
    return names;
}

Object* new_object(Vector center, double radius, Vector low, Vector high) {
    Box box;
    std::copy(low.data(), low.data() + 3, box.low);
    std::copy(high.data(), high.data() + 3, box.high);
    return new Object(center.data(), radius, box);
}

}  // namespace

NB_MODULE(_native, m) {
    m.doc() = "The passes of the software renderer, in C++. See renderers/software/native.";
    m.def("shrink", &shrink, nb::arg("pixels"), nb::arg("most"), nb::arg("is_color"), "As renderers.textures.shrink.");
    m.def("builds", &builds, "Names of the builds that this processor can run, the widest first.");
    nb::class_<Object>(m, "Object", nb::is_weak_referenceable())
        .def(nb::new_(&new_object), nb::arg("center"), nb::arg("radius"), nb::arg("low"), nb::arg("high"))
        .def("add_texture", &add_texture, nb::arg("pixels"), nb::arg("most"), nb::arg("is_color"), nb::arg("wrap_u"), nb::arg("wrap_v"))
        .def("begin_batch", &begin_batch, nb::arg("metallic"), nb::arg("roughness"), nb::arg("normal_scale"),
             nb::arg("occlusion_strength"), nb::arg("emissive"), nb::arg("alpha_mode"), nb::arg("alpha_cutoff"),
             nb::arg("unlit"), nb::arg("occlusion_in_surface"), nb::arg("textures"))
        .def("add_primitive", &add_primitive, nb::arg("positions"), nb::arg("normals"), nb::arg("triangles"),
             nb::arg("uvs").none(), nb::arg("colors").none(), nb::arg("base_color"))
        .def("finish", &Object::finish)
        .def("coarse", &Object::coarse, nb::rv_policy::take_ownership, nb::call_guard<nb::gil_scoped_release>())
        .def_prop_ro("nbytes", &Object::bytes)
        .def_prop_ro("vertex_count", [](const Object& object) { return object.mesh().vertex_count; })
        .def_prop_ro("is_dense", [](const Object& object) { return object.mesh().triangle_count > DENSE_TRIANGLES; })
        .def_prop_ro("triangle_count", [](const Object& object) { return object.mesh().triangle_count; })
        .def_prop_ro("blends", &Object::blends);
    nb::class_<Pattern>(m, "Pattern").def(nb::new_(&new_pattern), nb::arg("texels"));
    nb::class_<Surroundings>(m, "Surroundings", nb::is_weak_referenceable())
        .def(nb::new_(&new_surroundings), nb::arg("environment"), nb::arg("irradiance"), nb::arg("sun_direction"),
             nb::arg("sun_radiance"), nb::arg("ground_height"), nb::arg("ground_darkens"), nb::arg("environment_lods"),
             nb::arg("background_lod").none())
        .def("set_sun_map", &set_sun_map, nb::arg("heights"), nb::arg("matrix"), nb::arg("offset"))
        .def("set_ground", &set_ground, nb::arg("pattern"), nb::arg("height"), nb::arg("color_0"), nb::arg("color_1"),
             nb::arg("pattern_matrix"), nb::arg("pattern_texels"), nb::arg("sun_radiance"), nb::arg("irradiance"),
             nb::arg("fade"), nb::arg("shadow"), nb::arg("shadow_box"))
        .def_prop_ro("staged", [](const Surroundings& s) { return s.stage.there != 0; });
    bind_device(m);
    bind_stage(m);
    m.def("color", &color, nb::arg("object"), nb::arg("around"), nb::arg("pose"), nb::arg("intrinsics"), nb::arg("width"),
          nb::arg("height"), nb::arg("build"), nb::arg("threads"), "(height, width, 3) sRGB.");
    m.def("depth", &depth, nb::arg("object"), nb::arg("pose"), nb::arg("intrinsics"), nb::arg("width"), nb::arg("height"),
          nb::arg("build"), nb::arg("threads"), "(height, width) along the optical axis, world units.");
    m.def("color_and_depth", &color_and_depth, nb::arg("object"), nb::arg("around"), nb::arg("pose"), nb::arg("intrinsics"),
          nb::arg("width"), nb::arg("height"), nb::arg("build"), nb::arg("threads"), "Both; depth (2 height, 2 width).");
    m.def("surfaces", &surfaces, nb::arg("object"), nb::arg("pose"), nb::arg("intrinsics"), nb::arg("width"), nb::arg("height"),
          nb::arg("build"), nb::arg("threads"), "(height, width, 4): the nearest triangle at each sample, -1 where none is.");
    m.def("heights", &heights, nb::arg("object"), nb::arg("matrix"), nb::arg("size"), nb::arg("build"));
}
