// One lane: C++ for any machine, a GPU too. The same operations as the other files of this folder.
#pragma once
#include <cstring>

namespace KERNEL {

constexpr int WIDTH = 1;

struct Mask {
    bool v;
};
struct Int {
    int32_t v;
    Int() = default;
    Int(int32_t x) : v(x) {}
};
struct Float {
    float v;
    Float() = default;
    Float(float x) : v(x) {}
};

inline Mask operator&(Mask a, Mask b) { return {a.v && b.v}; }
inline Mask operator|(Mask a, Mask b) { return {a.v || b.v}; }
inline Mask operator!(Mask a) { return {!a.v}; }
inline uint32_t bits(Mask a) { return a.v ? 1u : 0u; }
inline Mask first_lanes(int n) { return {n > 0}; }

inline Float operator+(Float a, Float b) { return a.v + b.v; }
inline Float operator-(Float a, Float b) { return a.v - b.v; }
inline Float operator*(Float a, Float b) { return a.v * b.v; }
inline Float operator/(Float a, Float b) { return a.v / b.v; }
inline Mask operator<(Float a, Float b) { return {a.v < b.v}; }
inline Mask operator>(Float a, Float b) { return {a.v > b.v}; }
inline Mask operator<=(Float a, Float b) { return {a.v <= b.v}; }
inline Mask operator>=(Float a, Float b) { return {a.v >= b.v}; }
inline Mask operator==(Float a, Float b) { return {a.v == b.v}; }
// As the SIMD instructions: of a NaN and a number, the second operand.
inline Float min(Float a, Float b) { return a.v < b.v ? a.v : b.v; }
inline Float max(Float a, Float b) { return a.v > b.v ? a.v : b.v; }
#if defined(__CUDACC__)
inline Float sqrt(Float a) { return __fsqrt_rn(a.v); }
#else
inline Float sqrt(Float a) { return __builtin_sqrtf(a.v); }
#endif
inline Float select(Mask m, Float a, Float b) { return m.v ? a.v : b.v; }

// Integers wrap as they do in registers.
inline Int wrapped(uint32_t x) { return static_cast<int32_t>(x); }
inline Int operator+(Int a, Int b) { return wrapped(static_cast<uint32_t>(a.v) + static_cast<uint32_t>(b.v)); }
inline Int operator-(Int a, Int b) { return wrapped(static_cast<uint32_t>(a.v) - static_cast<uint32_t>(b.v)); }
inline Int operator*(Int a, Int b) { return wrapped(static_cast<uint32_t>(a.v) * static_cast<uint32_t>(b.v)); }
inline Int operator&(Int a, Int b) { return a.v & b.v; }
inline Int operator|(Int a, Int b) { return a.v | b.v; }
inline Int operator<<(Int a, int n) { return wrapped(static_cast<uint32_t>(a.v) << n); }
inline Int operator>>(Int a, int n) { return wrapped(static_cast<uint32_t>(a.v) >> n); }
inline Mask operator<(Int a, Int b) { return {a.v < b.v}; }
inline Mask operator>(Int a, Int b) { return {a.v > b.v}; }
inline Mask operator==(Int a, Int b) { return {a.v == b.v}; }
inline Int min(Int a, Int b) { return a.v < b.v ? a.v : b.v; }
inline Int max(Int a, Int b) { return a.v > b.v ? a.v : b.v; }
inline Int select(Mask m, Int a, Int b) { return m.v ? a.v : b.v; }

// What does not fit, NaN included, becomes the least integer, as in registers.
inline Int truncated(Float a) {
    return a.v >= -2147483648.0f && a.v < 2147483648.0f ? static_cast<int32_t>(a.v) : INT32_MIN;
}
inline Float converted(Int a) { return static_cast<float>(a.v); }
inline Int as_bits(Float a) {
    int32_t x;
    std::memcpy(&x, &a.v, 4);
    return x;
}
inline Float from_bits(Int a) {
    float x;
    std::memcpy(&x, &a.v, 4);
    return x;
}
inline Float floor(Float a) {
    if (!(a.v > -8388608.0f && a.v < 8388608.0f)) return a;  // whole already, or not a number
    const float whole = static_cast<float>(static_cast<int32_t>(a.v));
    return whole > a.v ? whole - 1.0f : whole < a.v ? whole : a.v;  // -0 stays -0
}

inline Float load(const float* p) { return *p; }
inline Int load(const int32_t* p) { return *p; }
inline void store(float* p, Float a) { *p = a.v; }
inline void store(int32_t* p, Int a) { *p = a.v; }
inline void store(float* p, Float a, Mask m) {
    if (m.v) *p = a.v;
}
inline void store(int32_t* p, Int a, Mask m) {
    if (m.v) *p = a.v;
}
inline Float gather(const float* p, Int i) { return p[i.v]; }
inline Int gather(const int32_t* p, Int i) { return p[i.v]; }
inline Float lookup(const float* table, Int i) { return table[i.v]; }
inline Int lookup(const int32_t* table, Int i) { return table[i.v]; }
inline int32_t first_of(Int a) { return a.v; }
inline Int gather_byte(const uint8_t* p, Int i) { return p[i.v]; }

}  // namespace KERNEL
