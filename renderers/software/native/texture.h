// Reading textures: wrap modes, bilinear within a mip level, linear between two. Texels are decoded before they are
// mixed, so that colours are averaged as light.
#pragma once
#include "lanes.h"
#include "scene.h"

namespace KERNEL {

using software::Texture;

// Four texels about a place, and how far it lies between them.
struct Taps {
    Int i00, i10, i01, i11;
    Float fx, fy;
};

inline Float bilinear(Float a, Float b, Float c, Float d, const Taps& t) {
    return mix(mix(a, b, t.fx), mix(c, d, t.fx), t.fy);
}

// Texture coordinates brought into [0, 1]; whatever they were, NaN too.
inline Float into_picture(Float u, int32_t wrap) {
    if (wrap == software::REPEAT) {
        u = fraction(u);
    } else if (wrap == software::MIRROR) {
        u = u - Float(2.0f) * floor(u * Float(0.5f));
        u = select(u > Float(1.0f), Float(2.0f) - u, u);
    }
    return max(min(u, Float(1.0f)), Float(0.0f));
}

// The two texels beside x in a line of ``size`` of them, x in [-0.5, size - 0.5].
inline void neighbours(Float x, Int size, int32_t wrap, Int& low, Int& high, Float& part) {
    const Float whole = floor(x);
    part = x - whole;
    low = truncated(whole);
    high = low + Int(1);
    const Int last = size - Int(1);
    if (wrap == software::REPEAT) {
        low = select(low < Int(0), last, low);
        high = select(high > last, Int(0), high);
    } else {
        low = max(low, Int(0));
    }
    low = min(low, last);
    high = min(high, last);
}

inline Taps taps_at(const Texture& t, Int level, Float u, Float v) {
    const Int width = lookup(t.width, level), height = lookup(t.height, level), offset = lookup(t.offset, level);
    Taps r;
    Int x0, x1, y0, y1;
    neighbours(u * converted(width) - Float(0.5f), width, t.wrap_u, x0, x1, r.fx);
    neighbours(v * converted(height) - Float(0.5f), height, t.wrap_v, y0, y1, r.fy);
    const Int top = offset + y0 * width, bottom = offset + y1 * width;
    r.i00 = top + x0;
    r.i10 = top + x1;
    r.i01 = bottom + x0;
    r.i11 = bottom + x1;
    return r;
}

// How a texture is read for a pixel: at two places along the longer axis of the pixel's footprint, or at one.
struct Footprint {
    Float du, dv;     // from the middle to each of two places
    Float two, one;   // levels of detail for reading at two places, and at one
};

// By how many levels textures are read sharper than where a texel is as large as the footprint: bilinear mixing blurs by
// about as much. Measured: 1 is nearest to a picture of sixteen times as many samples.
constexpr float SHARPER = 1.0f;

inline Footprint footprint(const Texture& t, Float ux, Float vx, Float uy, Float vy) {
    const Float w(static_cast<float>(t.width[0])), h(static_cast<float>(t.height[0]));
    const Float a = ux * w, b = vx * h, c = uy * w, d = vy * h;
    const Float x = a * a + b * b, y = c * c + d * d;
    const Mask across = x > y;
    const Float longer = max(x, y), shorter = min(x, y);
    Footprint f;
    f.du = select(across, ux, uy) * Float(0.25f);
    f.dv = select(across, vx, vy) * Float(0.25f);
    f.two = Float(0.5f) * log2(clamp(max(longer * Float(0.25f), shorter), 1e-12f, 1e30f)) - Float(SHARPER);
    f.one = Float(0.5f) * log2(clamp(longer, 1e-12f, 1e30f)) - Float(SHARPER);
    return f;
}

// The two mip levels on both sides of a level of detail, and the part of the second.
inline void levels_about(const Texture& t, Float lod, Int& low, Int& high, Float& part) {
    const Float l = clamp(lod, 0.0f, static_cast<float>(t.levels - 1)), whole = floor(l);
    part = l - whole;
    low = truncated(whole);
    high = min(low + Int(1), Int(t.levels - 1));
}

inline Vec3 unpacked_light(Int word) {
    const Float x = converted(word & Int(2047)), y = converted((word >> 11) & Int(2047)), z = converted(word >> 22);
    return {x * x, y * y, z * z};
}
inline Vec3 unpacked_data(Int word) {
    return {converted(word & Int(255)), converted((word >> 8) & Int(255)), converted((word >> 16) & Int(255))};
}

template <Vec3 (*unpacked)(Int)>
inline Vec3 read_level(const Texture& t, const Taps& p) {
    const Vec3 a = unpacked(gather(t.texels, p.i00)), b = unpacked(gather(t.texels, p.i10));
    const Vec3 c = unpacked(gather(t.texels, p.i01)), d = unpacked(gather(t.texels, p.i11));
    return {bilinear(a.x, b.x, c.x, d.x, p), bilinear(a.y, b.y, c.y, d.y, p), bilinear(a.z, b.z, c.z, d.z, p)};
}

template <Vec3 (*unpacked)(Int)>
inline Vec3 read_levels(const Texture& t, Float u, Float v, Float lod) {
    Int low, high;
    Float part;
    levels_about(t, lod, low, high, part);
    const Vec3 near = read_level<unpacked>(t, taps_at(t, low, u, v));
    if (!any(part > Float(0.0f))) return near;
    return mix(near, read_level<unpacked>(t, taps_at(t, high, u, v)), part);
}

// Linear colour at texture coordinates that are in the picture.
inline Vec3 read_light(const Texture& t, Float u, Float v, Float lod) {
    const Vec3 c = read_levels<unpacked_light>(t, u, v, lod);
    return {c.x * Float(1.0f / (2047.0f * 2047.0f)), c.y * Float(1.0f / (2047.0f * 2047.0f)), c.z * Float(1.0f / (1023.0f * 1023.0f))};
}

// Bytes, 0 to 1.
inline Vec3 read_data(const Texture& t, Float u, Float v, Float lod) {
    return read_levels<unpacked_data>(t, u, v, lod) * Float(1.0f / 255.0f);
}

// Opacity, 0 to 1.
inline Float read_alpha(const Texture& t, Float u, Float v, Float lod) {
    if (t.alpha == nullptr) return Float(1.0f);
    Int low, high;
    Float part;
    levels_about(t, lod, low, high, part);
    auto level = [&](Int l) {
        const Taps p = taps_at(t, l, u, v);
        auto at = [&](Int i) { return converted(gather_byte(t.alpha, i)); };
        return bilinear(at(p.i00), at(p.i10), at(p.i01), at(p.i11), p);
    };
    const Float near = level(low);
    return mix(near, level(high), part) * Float(1.0f / 255.0f);
}

}  // namespace KERNEL
