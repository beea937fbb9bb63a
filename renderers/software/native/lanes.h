// The lane type of this build, and functions of it. They use only + - x / sqrt, comparisons and conversions, so that every
// width gives the same bytes; other functions are polynomials.
#pragma once
#include <cstdint>

#if LANES == 16
#include "lanes/avx512.h"
#elif LANES == 8
#include "lanes/avx2.h"
#elif LANES == 4
#include "lanes/sse42.h"
#else
#include "lanes/plain.h"
#endif

namespace KERNEL {

inline bool any(Mask m) { return bits(m) != 0; }
inline bool all(Mask m) { return bits(m) == (WIDTH == 32 ? ~0u : (1u << WIDTH) - 1u); }

// Of a mask's bits, of which some are set.
#if LANES == 1
inline int lowest_lane(uint32_t) { return 0; }
#else
inline int lowest_lane(uint32_t bits) { return __builtin_ctz(bits); }
#endif

inline Float abs(Float a) { return from_bits(as_bits(a) & Int(0x7fffffff)); }
inline Float clamp(Float x, float low, float high) { return min(max(x, Float(low)), Float(high)); }
inline Float mix(Float a, Float b, Float t) { return a + (b - a) * t; }
inline Float fraction(Float a) { return a - floor(a); }

// 0, 1, 2 ... one a lane.
inline Int lane_numbers() {
    alignas(64) static const int32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return load(numbers);
}

struct Vec3 {
    Float x, y, z;
};
inline Vec3 vec3(const float* p) { return {Float(p[0]), Float(p[1]), Float(p[2])}; }
inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(Vec3 a, Vec3 b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline Vec3 operator*(Vec3 a, Float s) { return {a.x * s, a.y * s, a.z * s}; }
inline Float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(Vec3 a, Vec3 b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline Vec3 normalized(Vec3 a) { return a * (Float(1.0f) / sqrt(dot(a, a) + Float(1e-30f))); }
inline Vec3 select(Mask m, Vec3 a, Vec3 b) { return {select(m, a.x, b.x), select(m, a.y, b.y), select(m, a.z, b.z)}; }
inline Vec3 mix(Vec3 a, Vec3 b, Float t) { return a + (b - a) * t; }

// 2 to a power, to 1e-7 of it; powers from -126 to 126.
inline Float exp2(Float power) {
    const Float p = clamp(power, -126.0f, 126.0f), whole = floor(p), t = p - whole;
    const Float m = Float(0.99999989f) +
                    t * (Float(0.69315475f) +
                         t * (Float(0.24013971f) + t * (Float(0.05586624f) + t * (Float(0.00894283f) + t * Float(0.00189646f)))));
    return m * from_bits((truncated(whole) + Int(127)) << 23);
}

// Logarithm to base 2 of positive normal numbers, to 1e-4.
inline Float log2(Float x) {
    const Int i = as_bits(x);
    const Float exponent = converted((i >> 23) - Int(127));
    const Float m = from_bits((i & Int(0x7fffff)) | Int(0x3f800000));
    return exponent + (Float(-2.51285071f) +
                       m * (Float(4.07007965f) + m * (Float(-2.12066349f) + m * (Float(0.64513706f) + m * Float(-0.08161492f)))));
}

// Where a unit vector lies on a latitude-longitude picture, 0 to 1 across from -X and down from +Z; to 2e-6 of a turn.
inline void latitude_longitude(Vec3 d, Float& u, Float& v) {
    const Float ax = abs(d.x), ay = abs(d.y);
    const Float t = min(ax, ay) / max(max(ax, ay), Float(1e-20f)), s = t * t;
    Float turn = t * (Float(0.15913367f) +
                      s * (Float(-0.05256962f) + s * (Float(0.02867318f) + s * (Float(-0.01355297f) + s * Float(0.00331757f)))));
    turn = select(ay > ax, Float(0.25f) - turn, turn);
    turn = select(d.x < Float(0.0f), Float(0.5f) - turn, turn);
    u = Float(0.5f) + select(d.y < Float(0.0f), Float(0.0f) - turn, turn);
    const Float z = min(abs(d.z), Float(1.0f));
    const Float angle = sqrt(Float(1.0f) - z) *
                        (Float(0.49999847f) + z * (Float(-0.06820763f) + z * (Float(0.02725952f) + z * (Float(-0.0119742f) + z * Float(0.00309807f)))));
    v = select(d.z < Float(0.0f), Float(1.0f) - angle, angle);
}

inline Float smoothstep(float low, float high, Float x) {
    const Float t = clamp((x - Float(low)) / Float(high - low), 0.0f, 1.0f);
    return t * t * (Float(3.0f) - Float(2.0f) * t);
}

// Identity up to the knee, so that ordinary colours do not change; above it highlights are compressed and never clip.
inline Float tone_map(Float radiance) {
    const Float knee(0.8f), over = max(radiance - knee, Float(0.0f));
    if (!any(over > Float(0.0f))) return min(radiance, knee);
    return min(radiance, knee) + over / (Float(1.0f) + over * Float(5.0f));
}
inline Vec3 tone_map(Vec3 c) { return {tone_map(c.x), tone_map(c.y), tone_map(c.z)}; }

}  // namespace KERNEL
