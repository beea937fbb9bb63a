// Reading the environment: radiance by latitude and longitude, with mip levels. Reads the light; writes nothing.
#pragma once
#include "lanes.h"
#include "scene.h"

namespace KERNEL {

using software::Environment;

inline Vec3 environment_level(const Environment& e, Int level, Float u, Float v) {
    const Int width = lookup(e.width, level), height = lookup(e.height, level), offset = lookup(e.offset, level);
    const Float x = u * converted(width) - Float(0.5f), y = v * converted(height) - Float(0.5f);
    const Float wx = floor(x), wy = floor(y), fx = x - wx, fy = y - wy;
    Int x0 = truncated(wx), x1 = x0 + Int(1), y0 = truncated(wy), y1 = y0 + Int(1);
    const Int last = width - Int(1), bottom = height - Int(1);
    x0 = min(select(x0 < Int(0), last, x0), last);  // longitude goes round, latitude ends at the poles
    x1 = min(select(x1 > last, Int(0), x1), last);
    y0 = min(max(y0, Int(0)), bottom);
    y1 = min(y1, bottom);
    const Int row0 = offset + y0 * width, row1 = offset + y1 * width;
    const Int i[4] = {(row0 + x0) * Int(3), (row0 + x1) * Int(3), (row1 + x0) * Int(3), (row1 + x1) * Int(3)};
    auto channel = [&](int c) {
        const float* t = e.texels + c;
        return mix(mix(gather(t, i[0]), gather(t, i[1]), fx), mix(gather(t, i[2]), gather(t, i[3]), fx), fy);
    };
    return {channel(0), channel(1), channel(2)};
}

// Radiance from a direction of unit length, at a mip level that may lie between two.
inline Vec3 environment_radiance(const Environment& e, Vec3 direction, Float lod) {
    Float u, v;
    latitude_longitude(direction, u, v);
    u = max(min(u, Float(1.0f)), Float(0.0f));
    v = max(min(v, Float(1.0f)), Float(0.0f));
    const Float l = clamp(lod, 0.0f, static_cast<float>(e.levels - 1)), whole = floor(l), part = l - whole;
    const Int low = truncated(whole);
    const Vec3 near = environment_level(e, low, u, v);
    if (!any(part > Float(0.0f))) return near;
    return mix(near, environment_level(e, min(low + Int(1), Int(e.levels - 1)), u, v), part);
}

}  // namespace KERNEL
