// Pass 5 and 6, the stage: first the background at the corners of cells, once a picture; then, row by row, background,
// ground and shadow behind the object, and all of it as sRGB. Reads the stage, the eye and the rows' linear colours; writes
// the picture. The formulas are those of the OpenGL backend's composite.frag.
#pragma once
#include <cstring>

#include "environment.h"
#include "lanes.h"
#include "scene.h"

namespace KERNEL {

using software::Ground;
using software::Picture;
using software::Scratch;
using software::SKY_CELL;

inline Vec3 ray_through(const software::Eye& eye, Float x, Float y) {
    return vec3(eye.forward) + vec3(eye.right) * (x - Float(eye.center[0])) + vec3(eye.down) * (y - Float(eye.center[1]));
}

inline int32_t sky_columns(const Picture& picture) { return (picture.projection.width + SKY_CELL - 1) / SKY_CELL + 1; }

inline int32_t sky_rows(const Picture& picture) { return (picture.projection.height + SKY_CELL - 1) / SKY_CELL + 1; }

// The background changes so smoothly that it is looked up at the corners of cells alone. This is one row of them, from
// column ``first`` on, as many as there are lanes.
inline void sky_corners(const Picture& picture, int32_t row, int32_t first) {
    const int32_t columns = sky_columns(picture);
    float* line = picture.sky + static_cast<size_t>(row) * 3 * columns + first;
    const Float x = converted((Int(first) + lane_numbers()) * Int(SKY_CELL));
    const Vec3 ray = normalized(ray_through(picture.eye, x, Float(static_cast<float>(row * SKY_CELL))));
    const Vec3 c = environment_radiance(picture.light->environment, ray, Float(picture.stage->background_lod));
    const Mask there = first_lanes(columns - first < WIDTH ? columns - first : WIDTH);
    store(line, c.x, there);
    store(line + columns, c.y, there);
    store(line + 2 * columns, c.z, there);
}

inline void sky(const Picture& picture) {
    for (int32_t row = 0; row < sky_rows(picture); row++)
        for (int32_t i = 0; i < sky_columns(picture); i += WIDTH) sky_corners(picture, row, i);
}

// The corners of a row of cells, mixed for one row of pixels: (3, columns).
inline void sky_row(const Picture& picture, const Scratch& scratch, int32_t row) {
    const int32_t columns = sky_columns(picture), cell = row / SKY_CELL;
    const float part = (static_cast<float>(row - cell * SKY_CELL) + 0.5f) * (1.0f / SKY_CELL);
    const float* above = picture.sky + static_cast<size_t>(cell) * 3 * columns;
    for (int32_t i = 0; i < 3 * columns; i++) scratch.sky_row[i] = above[i] + (above[i + 3 * columns] - above[i]) * part;
}

inline Vec3 background_at(const Picture& picture, const Scratch& scratch, Int column) {
    const int32_t columns = sky_columns(picture);
    const Float place = (converted(column) + Float(0.5f)) * Float(1.0f / SKY_CELL), whole = floor(place), part = place - whole;
    const Int i = min(truncated(whole), Int(columns - 2));
    const int32_t first = first_of(i);  // neighbouring pixels lie in neighbouring cells
    const Int beyond = i - Int(first);
    auto channel = [&](int c) {
        const float* line = scratch.sky_row + c * columns + first;
        return mix(lookup(line, beyond), lookup(line + 1, beyond), part);
    };
    return {channel(0), channel(1), channel(2)};
}

struct Two {
    Float a, b;
};
inline Two mix(Two p, Two q, Float t) { return {mix(p.a, q.a, t), mix(p.b, q.b, t)}; }

// Two channels of a picture whose words hold a texel and its right neighbour.
inline Two read_pairs(const int32_t* words, Int top, Int bottom, Float fx, Float fy) {
    const Int w = gather(words, top), q = gather(words, bottom), byte(255);
    auto line = [&](Int word) {
        return Two{mix(converted(word & byte), converted((word >> 16) & byte), fx),
                   mix(converted((word >> 8) & byte), converted(word >> 24), fx)};
    };
    return mix(line(w), line(q), fy);
}

// A mip level of the ground's pattern, whose size is a power of two.
struct PatternLevel {
    Int size, offset;
};
inline PatternLevel pattern_level(const Ground& g, Int level) { return {lookup(g.pattern_width, level), lookup(g.pattern_offset, level)}; }

inline Two pattern_at(const Ground& g, const PatternLevel& level, Float u, Float v) {
    const Float size = converted(level.size), x = u * size - Float(0.5f), y = v * size - Float(0.5f);
    const Float wx = floor(x), wy = floor(y);
    const Int last = level.size - Int(1), x0 = (truncated(wx) & last) + level.offset, y0 = truncated(wy) & last, y1 = (y0 + Int(1)) & last;
    return read_pairs(g.pattern, y0 * level.size + x0, y1 * level.size + x0, x - wx, y - wy);
}

// The pattern at two places, added up.
inline Two pattern_at_both(const Ground& g, Float u0, Float v0, Float u1, Float v1, Float lod) {
    const Float whole = floor(lod), part = lod - whole;
    const Int low = truncated(whole);
    u0 = fraction(u0);
    v0 = fraction(v0);
    u1 = fraction(u1);
    v1 = fraction(v1);
    const PatternLevel near = pattern_level(g, low);
    Two one = pattern_at(g, near, u0, v0), other = pattern_at(g, near, u1, v1);
    if (any(part > Float(0.0f))) {
        const PatternLevel far = pattern_level(g, min(low + Int(1), Int(g.pattern_levels - 1)));
        one = mix(one, pattern_at(g, far, u0, v0), part);
        other = mix(other, pattern_at(g, far, u1, v1), part);
    }
    return {one.a + other.a, one.b + other.b};
}

// How much of the sun, and of the environment, reaches a place on the ground.
inline Two shadow_at(const Ground& g, Float x, Float y) {
    const float last = static_cast<float>(g.shadow_size - 1), size = static_cast<float>(g.shadow_size);
    const Float s = clamp((x - Float(g.shadow_box[0])) * Float(g.shadow_box[2] * size) - Float(0.5f), 0.0f, last);
    const Float t = clamp((y - Float(g.shadow_box[1])) * Float(g.shadow_box[3] * size) - Float(0.5f), 0.0f, last);
    const Mask outside = (s < Float(g.shaded[0] - 1.0f)) | (s >= Float(g.shaded[2] + 1.0f)) | (t < Float(g.shaded[1] - 1.0f)) |
                         (t >= Float(g.shaded[3] + 1.0f));
    if (all(outside)) return {Float(255.0f), Float(255.0f)};
    const Float ws = floor(s), wt = floor(t);
    const Int x0 = truncated(ws), y0 = truncated(wt), y1 = min(y0 + Int(1), Int(g.shadow_size - 1)), line(g.shadow_size);
    return read_pairs(g.shadow, y0 * line + x0, y1 * line + x0, s - ws, t - wt);
}

// A pixel's footprint on the ground is long and narrow. Two samples along it, each as wide as half its length or all its
// width, whichever is more.
inline Vec3 ground_radiance(const Picture& picture, Vec3 along, Float x, Float y) {
    const Ground& g = picture.stage->ground;
    const software::Eye& eye = picture.eye;
    const Vec3 ray = normalized(along);
    const Float fall = max(Float(0.0f) - ray.z, Float(1e-3f));
    const Float width = Float(eye.pixel_angle * (eye.position[2] - g.height)) / fall;
    const Float length = width / fall, size = max(Float(0.5f) * length, width);
    const Float hx = ray.x + Float(1e-6f), hy = ray.y + Float(1e-6f);
    const Float step = Float(0.25f) * length / sqrt(hx * hx + hy * hy + Float(1e-30f));
    const float* m = g.pattern_matrix;
    const Float du = (Float(m[0]) * hx + Float(m[1]) * hy) * step, dv = (Float(m[2]) * hx + Float(m[3]) * hy) * step;
    const Float u = Float(m[0]) * x + Float(m[1]) * y, v = Float(m[2]) * x + Float(m[3]) * y;
    // Two mip levels are mixed only about half way between them.
    const Float lod = clamp(log2(max(size * Float(g.pattern_texels), Float(1e-12f))), 0.0f, static_cast<float>(g.pattern_levels - 1));
    const Float level = floor(lod), mixed = level + clamp((lod - level - Float(0.3f)) * Float(2.5f), 0.0f, 1.0f);
    const Two sum = pattern_at_both(g, u - du, v - dv, u + du, v + dv, mixed);
    const Float choice = sum.a * Float(0.5f / 255.0f), brightness = sum.b * Float(1.0f / 255.0f);
    const Vec3 albedo = mix(vec3(g.color_0), vec3(g.color_1), choice) * brightness;
    const Two arrives = shadow_at(g, x, y);
    return albedo * (vec3(g.sun_radiance) * (arrives.a * Float(1.0f / 255.0f)) + vec3(g.irradiance) * (arrives.b * Float(1.0f / 255.0f)));
}

inline Vec3 stage_color(const Picture& picture, const Scratch& scratch, Int column, Float y) {
    const Ground& g = picture.stage->ground;
    if (!g.there || picture.eye.position[2] <= g.height) return tone_map(background_at(picture, scratch, column));
    const Vec3 ray = ray_through(picture.eye, converted(column) + Float(0.5f), y);
    const Mask falls = ray.z < Float(-1e-3f);
    if (!any(falls)) return tone_map(background_at(picture, scratch, column));
    const Float fall = min(ray.z, Float(-1e-3f));
    const Float t = Float(g.height - picture.eye.position[2]) / fall;
    const Float px = Float(picture.eye.position[0]) + ray.x * t, py = Float(picture.eye.position[1]) + ray.y * t;
    const Float squared = px * px + py * py;
    if (all(falls & (squared <= Float(0.999f * g.fade[0] * g.fade[0])))) return tone_map(ground_radiance(picture, ray, px, py));
    const Float far = select(falls, smoothstep(g.fade[0], g.fade[1], sqrt(squared)), Float(1.0f));
    const Mask near = far < Float(1.0f);
    const Vec3 background = background_at(picture, scratch, column);
    if (!any(near)) return tone_map(background);
    return tone_map(select(near, mix(ground_radiance(picture, ray, px, py), background, far), background));
}

// sRGB's curve (IEC 61966-2-1) through square roots: off by less than a thirtieth of an 8-bit step.
inline Float srgb(Float linear) {
    const Float c = clamp(linear, 0.0f, 1.0f), r2 = sqrt(c), r4 = sqrt(r2);
    const Float upper = r2 * (Float(1.13596053f) - Float(0.35111964f) * r4) + Float(0.19155221f) * r4 + Float(0.0876979f) * c -
                        Float(0.06405985f);
    return select(c < Float(0.0031308f), Float(12.92f) * c, upper);
}

inline Int byte_of(Float value) { return truncated(clamp(value * Float(255.0f) + Float(0.5f), 0.0f, 255.0f)); }

struct Codes {
    Int r, g, b;  // 0 to 255
};

// Pixels as they are stored: what covers them, linear and premultiplied, and behind it the stage, or plain grey.
inline Codes composed(const Picture& picture, const Scratch& scratch, Int columns, Float y, Vec3 color, Float covered) {
    const Float cover = min(covered, Float(1.0f)), behind = Float(1.0f) - cover;
    Float grain(0.0f);
    if (picture.stage->there) {
        if (any(behind > Float(0.0f))) color = color + stage_color(picture, scratch, columns, y) * behind;
        // A fixed grain of half a step hides the steps of soft gradients: J. Jimenez, "Interleaved gradient noise", 2014.
        const Float x = converted(columns) + Float(0.5f);
        grain = fraction(Float(52.9829189f) * fraction(x * Float(0.06711056f) + y * Float(0.00583715f))) - Float(0.5f);
        grain = grain * Float(1.0f / 255.0f);
    } else {
        const Float grey = behind * Float(software::BACKGROUND);
        color = color + Vec3{grey, grey, grey};
    }
    return {byte_of(srgb(color.x) + grain), byte_of(srgb(color.y) + grain), byte_of(srgb(color.z) + grain)};
}

inline void compose_row(const Picture& picture, const Scratch& scratch, int32_t row, int32_t first_row) {
    const int32_t width = picture.projection.width;
    const size_t line = static_cast<size_t>(row - first_row) * width;
    if (picture.stage->there) sky_row(picture, scratch, row);
    const Float y(static_cast<float>(row) + 0.5f);
    uint8_t* out = picture.rgb + static_cast<size_t>(row) * width * 3;
    for (int32_t column = 0; column < width; column += WIDTH) {
        const Vec3 color = {load(scratch.red + line + column), load(scratch.green + line + column), load(scratch.blue + line + column)};
        const Codes codes = composed(picture, scratch, Int(column) + lane_numbers(), y, color, load(scratch.cover + line + column));
        alignas(64) int32_t rgb[WIDTH];
        store(rgb, codes.r | (codes.g << 8) | (codes.b << 16));
        const int32_t count = width - column < WIDTH ? width - column : WIDTH;
        for (int32_t i = 0; i < count - 1; i++, out += 3) std::memcpy(out, rgb + i, 4);  // the next pixel overwrites the fourth byte
        for (int c = 0; c < 3; c++) *out++ = static_cast<uint8_t>(rgb[count - 1] >> (8 * c));
    }
}

}  // namespace KERNEL
