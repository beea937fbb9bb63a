// Pass 4, the surfaces: glTF metallic-roughness under the stage's light. Reads triangles, materials and light at the places
// of fragments; writes their linear colour, tone-mapped, and their opacity. The formulas are those of the OpenGL backend's
// surface.glsl and surface.frag.
#pragma once
#include "dense.h"
#include "environment.h"
#include "lanes.h"
#include "scene.h"
#include "texture.h"

namespace KERNEL {

using software::Light;
using software::Picture;

// Where fragments lie on their triangles.
struct Hit {
    Int at[3];          // first attribute of each corner
    Float part[3];      // barycentric
    Float by_x[2], by_y[2];  // how the second and third change from pixel to pixel
    Vec3 edge_1, edge_2;
    Vec3 position, view;  // unit frame; towards the eye, unit length
    Mask front;
};

inline Vec3 corner_vector(const float* attributes, Int at) {
    return {gather(attributes, at), gather(attributes + 1, at), gather(attributes + 2, at)};
}

// Ray and triangle: T. Moeller and B. Trumbore, 1997, relative to the first corner; linear in the ray, and so its slopes.
inline Hit hit_triangle(const Picture& picture, Float px, Float py, Int triangle) {
    const software::Mesh& mesh = *picture.mesh;
    const software::Eye& eye = picture.eye;
    Hit h;
    h.at[0] = gather(mesh.a, triangle) << 3;
    h.at[1] = gather(mesh.b, triangle) << 3;
    h.at[2] = gather(mesh.c, triangle) << 3;
    const Vec3 p0 = corner_vector(mesh.attributes, h.at[0]);
    h.edge_1 = corner_vector(mesh.attributes, h.at[1]) - p0;
    h.edge_2 = corner_vector(mesh.attributes, h.at[2]) - p0;
    const Vec3 right = vec3(eye.right), down = vec3(eye.down);
    const Vec3 ray = vec3(eye.forward) + right * (px - Float(eye.center[0])) + down * (py - Float(eye.center[1]));
    const Vec3 from = vec3(eye.position) - p0;
    const Vec3 across_1 = cross(h.edge_2, from), across_2 = cross(from, h.edge_1), face = cross(h.edge_2, h.edge_1);
    const Float whole = dot(ray, face);
    const Float inverse = Float(1.0f) / select(whole == Float(0.0f), Float(1e-30f), whole);
    const Float least(least_part(picture)), most = Float(1.0f) - least;
    h.part[1] = max(min(dot(ray, across_1) * inverse, most), least);
    h.part[2] = max(min(dot(ray, across_2) * inverse, most), least);
    h.part[0] = max(Float(1.0f) - h.part[1] - h.part[2], least);
    const Float face_x = dot(right, face), face_y = dot(down, face);
    h.by_x[0] = (dot(right, across_1) - h.part[1] * face_x) * inverse;
    h.by_x[1] = (dot(right, across_2) - h.part[2] * face_x) * inverse;
    h.by_y[0] = (dot(down, across_1) - h.part[1] * face_y) * inverse;
    h.by_y[1] = (dot(down, across_2) - h.part[2] * face_y) * inverse;
    h.front = whole > Float(0.0f);
    h.position = p0 + h.edge_1 * h.part[1] + h.edge_2 * h.part[2];
    h.view = normalized(vec3(eye.position) - h.position);
    return h;
}

inline Float interpolated(const float* values, const Hit& h) {
    return gather(values, h.at[0]) * h.part[0] + gather(values, h.at[1]) * h.part[1] + gather(values, h.at[2]) * h.part[2];
}

// Texture coordinates, and how they change from pixel to pixel and along the triangle's edges.
struct Coordinates {
    Float u, v, ux, vx, uy, vy, u1, v1, u2, v2;
};

inline Coordinates coordinates_at(const Picture& picture, const Hit& h) {
    const float *us = picture.mesh->attributes + 6, *vs = picture.mesh->attributes + 7;
    const Float u0 = gather(us, h.at[0]), v0 = gather(vs, h.at[0]);
    Coordinates c;
    c.u1 = gather(us, h.at[1]) - u0;
    c.v1 = gather(vs, h.at[1]) - v0;
    c.u2 = gather(us, h.at[2]) - u0;
    c.v2 = gather(vs, h.at[2]) - v0;
    c.u = u0 + c.u1 * h.part[1] + c.u2 * h.part[2];
    c.v = v0 + c.v1 * h.part[1] + c.v2 * h.part[2];
    c.ux = c.u1 * h.by_x[0] + c.u2 * h.by_x[1];
    c.vx = c.v1 * h.by_x[0] + c.v2 * h.by_x[1];
    c.uy = c.u1 * h.by_y[0] + c.u2 * h.by_y[1];
    c.vy = c.v1 * h.by_y[0] + c.v2 * h.by_y[1];
    return c;
}

// A texture at coordinates, read once: bytes, which vary little.
inline Vec3 textured_data(const Texture& t, const Coordinates& c) {
    const Footprint f = footprint(t, c.ux, c.vx, c.uy, c.vy);
    return read_data(t, into_picture(c.u, t.wrap_u), into_picture(c.v, t.wrap_v), f.one);
}

// The same for colour, read twice if the texture is not magnified. A decision for all lanes at once must not change any
// single lane: the mean of a value and itself is the value.
inline Vec3 textured_light(const Texture& t, const Coordinates& c) {
    const Footprint f = footprint(t, c.ux, c.vx, c.uy, c.vy);
    const Mask small = f.one > Float(0.0f);
    const Float du = select(small, f.du, Float(0.0f)), dv = select(small, f.dv, Float(0.0f));
    const Float lod = select(small, f.two, Float(0.0f));
    const Vec3 a = read_light(t, into_picture(c.u - du, t.wrap_u), into_picture(c.v - dv, t.wrap_v), lod);
    if (!any(small)) return a;
    const Vec3 b = read_light(t, into_picture(c.u + du, t.wrap_u), into_picture(c.v + dv, t.wrap_v), lod);
    return (a + b) * Float(0.5f);
}

// The tangent frame from how position and texture coordinates change over the triangle: dP/du and -dP/dv (v runs down the
// picture, +Y up). The sign of the area on the texture keeps both right on mirrored textures.
inline Vec3 textured_normal(const software::Material& m, const Hit& h, const Coordinates& c, Vec3 n) {
    const Float side = select(c.u1 * c.v2 - c.u2 * c.v1 < Float(0.0f), Float(-1.0f), Float(1.0f));
    Vec3 tangent = (h.edge_1 * c.v2 - h.edge_2 * c.v1) * side;
    Vec3 bitangent = (h.edge_1 * c.u2 - h.edge_2 * c.u1) * side;
    tangent = tangent - n * dot(n, tangent);
    bitangent = bitangent - n * dot(n, bitangent);
    const Vec3 t = textured_data(m.normal, c);
    const Float scale(m.normal_scale);
    const Float x = (t.x * Float(2.0f) - Float(1.0f)) * scale, y = (t.y * Float(2.0f) - Float(1.0f)) * scale;
    const Float tt = dot(tangent, tangent), bb = dot(bitangent, bitangent);
    const Mask usable = (tt >= Float(1e-30f)) & (bb >= Float(1e-30f));
    const Float one(1.0f);
    const Vec3 mapped = tangent * (x * (one / sqrt(select(usable, tt, one)))) +
                        bitangent * (y * (one / sqrt(select(usable, bb, one)))) + n * (t.z * Float(2.0f) - one);
    return select(usable, normalized(mapped), n);
}

// Radiance of a white Lambertian surface under the environment: a polynomial in its normal; see stage.py.
inline Vec3 diffuse_light(const Light& light, Vec3 n) {
    const float* c = light.irradiance;
    const Float xy = n.x * n.y, yz = n.y * n.z, zz = Float(3.0f) * n.z * n.z - Float(1.0f), xz = n.x * n.z;
    const Float xx = n.x * n.x - n.y * n.y;
    auto channel = [&](int i) {
        return max(Float(c[i]) + Float(c[3 + i]) * n.y + Float(c[6 + i]) * n.z + Float(c[9 + i]) * n.x + Float(c[12 + i]) * xy +
                       Float(c[15 + i]) * yz + Float(c[18 + i]) * zz + Float(c[21 + i]) * xz + Float(c[24 + i]) * xx,
                   Float(0.0f));
    };
    return {channel(0), channel(1), channel(2)};
}

// Split-sum reflectance of a rough dielectric or metal, as factor and offset of its colour seen head on: B. Karis,
// "Physically Based Shading on Mobile", 2014.
inline void environment_reflectance(Float roughness, Float n_dot_v, Float& factor, Float& offset) {
    const Float rx = Float(1.0f) - roughness, ry = Float(0.0425f) - Float(0.0275f) * roughness;
    const Float rz = Float(1.04f) - Float(0.572f) * roughness, rw = Float(0.022f) * roughness - Float(0.04f);
    const Float a = min(rx * rx, exp2(Float(-9.28f) * n_dot_v)) * rx + ry;
    factor = Float(-1.04f) * a + rz;
    offset = Float(1.04f) * a + rw;
}

// GGX with the visibility and Fresnel terms folded into one: "Optimizing PBR for Mobile", ARM, SIGGRAPH 2015.
inline Float sun_gloss(Vec3 sun, Vec3 n, Vec3 view, Float roughness) {
    const Vec3 halfway = normalized(view + sun);
    const Float n_dot_h = max(dot(n, halfway), Float(0.0f)), l_dot_h = max(dot(sun, halfway), Float(0.1f));
    const Float a2 = roughness * roughness * (roughness * roughness);
    const Float d = n_dot_h * n_dot_h * (a2 - Float(1.0f)) + Float(1.0f);
    return min(a2 / (Float(4.0f) * d * d * l_dot_h * l_dot_h * (roughness + Float(0.5f))), Float(8.0f));
}

// How much of the sun reaches a place: the surface is lifted towards the sun by about a texel, for it must not shade itself.
inline Float sun_visibility(const Light& light, Vec3 position, Vec3 n) {
    const int32_t size = light.sun_map_size;
    const Float towards = dot(n, vec3(light.sun_direction));
    const Vec3 p = position + n * select(towards < Float(0.0f), Float(-light.sun_map_offset), Float(light.sun_map_offset));
    const float* m = light.sun_map_matrix;
    const Float s = Float(m[0]) * p.x + Float(m[1]) * p.y + Float(m[2]) * p.z + Float(m[3]);
    const Float t = Float(m[4]) * p.x + Float(m[5]) * p.y + Float(m[6]) * p.z + Float(m[7]);
    const Float height = Float(m[8]) * p.x + Float(m[9]) * p.y + Float(m[10]) * p.z + Float(m[11]);
    const float last = static_cast<float>(size - 1);
    const Float x = clamp(s - Float(0.5f), 0.0f, last), y = clamp(t - Float(0.5f), 0.0f, last);
    const Float wx = floor(x), wy = floor(y), fx = x - wx, fy = y - wy;
    const Int x0 = truncated(wx), y0 = truncated(wy);
    const Int x1 = min(x0 + Int(1), Int(size - 1)), y1 = min(y0 + Int(1), Int(size - 1));
    const Int row0 = y0 * Int(size), row1 = y1 * Int(size);
    auto lit = [&](Int i) { return select(height >= gather(light.sun_map, i), Float(1.0f), Float(0.0f)); };
    return mix(mix(lit(row0 + x0), lit(row0 + x1), fx), mix(lit(row1 + x0), lit(row1 + x1), fx), fy);
}

constexpr float ROUGH = 0.6f;  // from here on a dielectric's reflection is too blurred to need the environment's picture

// The light that a surface reflects, without emission.
inline Vec3 lit(const Picture& picture, const software::Material& m, const Hit& h, const Coordinates& c, Vec3 base) {
    const Light& light = *picture.light;
    const float* attributes = picture.mesh->attributes;
    const Float zero(0.0f), one(1.0f);
    const Vec3 smooth = normalized({interpolated(attributes + 3, h), interpolated(attributes + 4, h), interpolated(attributes + 5, h)});
    Vec3 n = smooth;
    if (m.normal.levels) n = textured_normal(m, h, c, n);
    n = select(h.front, n, n * Float(-1.0f));
    Float roughness(m.roughness), metallic(m.metallic), occlusion(1.0f);
    if (m.surface.levels) {
        const Vec3 surface = textured_data(m.surface, c);
        roughness = roughness * surface.y;
        metallic = metallic * surface.z;
        if (m.occlusion_in_surface) occlusion = one + Float(m.occlusion_strength) * (surface.x - one);
    }
    if (m.occlusion.levels) occlusion = one + Float(m.occlusion_strength) * (textured_data(m.occlusion, c).x - one);
    roughness = clamp(roughness, 0.08f, 1.0f);
    const Vec3 f0 = mix({Float(0.04f), Float(0.04f), Float(0.04f)}, base, metallic), albedo = base * (one - metallic);
    const Float taken = Float(light.ground_darkens) * exp2(Float(-4.0f) * max(h.position.z - Float(light.ground_height), zero));
    occlusion = occlusion * (one - taken * (Float(0.5f) - Float(0.5f) * n.z));
    const Float n_dot_view = dot(n, h.view);
    const Vec3 mirrored = n * (Float(2.0f) * n_dot_view) - h.view;
    const Vec3 reflected = m.roughness >= ROUGH && !m.surface.levels && m.metallic < 0.5f
                               ? diffuse_light(light, mirrored)
                               : environment_radiance(light.environment, mirrored, Float(light.environment_lods) * sqrt(roughness));
    Float factor, offset;
    environment_reflectance(roughness, max(n_dot_view, zero), factor, offset);
    offset = offset * min(Float(50.0f) * f0.y, one);  // nothing real reflects less than 2 %
    const Vec3 mirror = f0 * factor + Vec3{offset, offset, offset};
    Vec3 color = albedo * diffuse_light(light, n) * occlusion +
                 reflected * mirror * (occlusion * (one - taken * max(zero - mirrored.z, zero)));
    const Vec3 sun = vec3(light.sun_direction);
    Float falls = max(dot(n, sun), zero);
    if (light.sun_map != nullptr && any(falls > zero)) falls = falls * sun_visibility(light, h.position, smooth);
    return color + (albedo + f0 * sun_gloss(sun, n, h.view, roughness)) * vec3(light.sun_radiance) * falls;
}

struct Shaded {
    Vec3 color;  // linear, tone-mapped, not multiplied by alpha
    Float alpha;
};

inline Shaded shade(const Picture& picture, const software::Material& m, Float px, Float py, Int triangle) {
    const Hit h = hit_triangle(picture, px, py, triangle);
    Vec3 base = vec3(m.base_color);
    Float alpha(m.base_color[3]);
    if (m.colored) {
        Hit colors = h;  // four a vertex, and not eight
        for (Int& at : colors.at) at = at >> 1;
        const float* values = picture.mesh->colors;
        base = {interpolated(values, colors), interpolated(values + 1, colors), interpolated(values + 2, colors)};
        alpha = interpolated(values + 3, colors);
    }
    Coordinates c = {};
    if (m.base.levels | m.surface.levels | m.normal.levels | m.occlusion.levels | m.emission.levels)
        c = coordinates_at(picture, h);
    if (m.base.levels) {
        base = base * textured_light(m.base, c);
        if (m.alpha_mode == software::BLENDED && m.base.alpha != nullptr)
            alpha = alpha * read_alpha(m.base, into_picture(c.u, m.base.wrap_u), into_picture(c.v, m.base.wrap_v),
                                       footprint(m.base, c.ux, c.vx, c.uy, c.vy).one);
    }
    Vec3 color = m.unlit ? base : lit(picture, m, h, c, base);
    Vec3 shine = vec3(m.emissive);
    if (m.emission.levels) shine = shine * textured_light(m.emission, c);
    return {tone_map(color + shine), alpha};
}

}  // namespace KERNEL
