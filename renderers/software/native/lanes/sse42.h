// Four lanes: SSE4.2. The same operations as the other files of this folder.
#pragma once
#include <immintrin.h>

namespace KERNEL {

constexpr int WIDTH = 4;

struct Mask {
    __m128 v;
};
struct Int {
    __m128i v;
    Int() = default;
    Int(__m128i x) : v(x) {}
    Int(int32_t x) : v(_mm_set1_epi32(x)) {}
};
struct Float {
    __m128 v;
    Float() = default;
    Float(__m128 x) : v(x) {}
    Float(float x) : v(_mm_set1_ps(x)) {}
};

inline Mask operator&(Mask a, Mask b) { return {_mm_and_ps(a.v, b.v)}; }
inline Mask operator|(Mask a, Mask b) { return {_mm_or_ps(a.v, b.v)}; }
inline Mask operator!(Mask a) { return {_mm_xor_ps(a.v, _mm_castsi128_ps(_mm_set1_epi32(-1)))}; }
inline uint32_t bits(Mask a) { return static_cast<uint32_t>(_mm_movemask_ps(a.v)); }
inline Mask first_lanes(int n) {
    return {_mm_castsi128_ps(_mm_cmpgt_epi32(_mm_set1_epi32(n), _mm_setr_epi32(0, 1, 2, 3)))};
}

inline Float operator+(Float a, Float b) { return _mm_add_ps(a.v, b.v); }
inline Float operator-(Float a, Float b) { return _mm_sub_ps(a.v, b.v); }
inline Float operator*(Float a, Float b) { return _mm_mul_ps(a.v, b.v); }
inline Float operator/(Float a, Float b) { return _mm_div_ps(a.v, b.v); }
inline Mask operator<(Float a, Float b) { return {_mm_cmplt_ps(a.v, b.v)}; }
inline Mask operator>(Float a, Float b) { return {_mm_cmpgt_ps(a.v, b.v)}; }
inline Mask operator<=(Float a, Float b) { return {_mm_cmple_ps(a.v, b.v)}; }
inline Mask operator>=(Float a, Float b) { return {_mm_cmpge_ps(a.v, b.v)}; }
inline Mask operator==(Float a, Float b) { return {_mm_cmpeq_ps(a.v, b.v)}; }
inline Float min(Float a, Float b) { return _mm_min_ps(a.v, b.v); }
inline Float max(Float a, Float b) { return _mm_max_ps(a.v, b.v); }
inline Float sqrt(Float a) { return _mm_sqrt_ps(a.v); }
inline Float floor(Float a) { return _mm_floor_ps(a.v); }
inline Float select(Mask m, Float a, Float b) { return _mm_blendv_ps(b.v, a.v, m.v); }

inline Int operator+(Int a, Int b) { return _mm_add_epi32(a.v, b.v); }
inline Int operator-(Int a, Int b) { return _mm_sub_epi32(a.v, b.v); }
inline Int operator*(Int a, Int b) { return _mm_mullo_epi32(a.v, b.v); }
inline Int operator&(Int a, Int b) { return _mm_and_si128(a.v, b.v); }
inline Int operator|(Int a, Int b) { return _mm_or_si128(a.v, b.v); }
inline Int operator<<(Int a, int n) { return _mm_slli_epi32(a.v, n); }
inline Int operator>>(Int a, int n) { return _mm_srli_epi32(a.v, n); }
inline Mask operator>(Int a, Int b) { return {_mm_castsi128_ps(_mm_cmpgt_epi32(a.v, b.v))}; }
inline Mask operator<(Int a, Int b) { return b > a; }
inline Mask operator==(Int a, Int b) { return {_mm_castsi128_ps(_mm_cmpeq_epi32(a.v, b.v))}; }
inline Int min(Int a, Int b) { return _mm_min_epi32(a.v, b.v); }
inline Int max(Int a, Int b) { return _mm_max_epi32(a.v, b.v); }
inline Int select(Mask m, Int a, Int b) { return _mm_blendv_epi8(b.v, a.v, _mm_castps_si128(m.v)); }

inline Int truncated(Float a) { return _mm_cvttps_epi32(a.v); }
inline Float converted(Int a) { return _mm_cvtepi32_ps(a.v); }
inline Int as_bits(Float a) { return _mm_castps_si128(a.v); }
inline Float from_bits(Int a) { return _mm_castsi128_ps(a.v); }

inline Float load(const float* p) { return _mm_loadu_ps(p); }
inline Int load(const int32_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline void store(float* p, Float a) { _mm_storeu_ps(p, a.v); }
inline void store(int32_t* p, Int a) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), a.v); }
// These two also touch the lanes that the mask leaves out, which no other thread may write meanwhile.
inline void store(float* p, Float a, Mask m) { store(p, select(m, a, load(p))); }
inline void store(int32_t* p, Int a, Mask m) { store(p, select(m, a, load(p))); }

template <typename T>
inline Int picked(const T* p, Int i) {
    return _mm_setr_epi32(static_cast<int32_t>(p[_mm_extract_epi32(i.v, 0)]), static_cast<int32_t>(p[_mm_extract_epi32(i.v, 1)]),
                          static_cast<int32_t>(p[_mm_extract_epi32(i.v, 2)]), static_cast<int32_t>(p[_mm_extract_epi32(i.v, 3)]));
}
inline Float gather(const float* p, Int i) {
    return _mm_setr_ps(p[_mm_extract_epi32(i.v, 0)], p[_mm_extract_epi32(i.v, 1)], p[_mm_extract_epi32(i.v, 2)],
                       p[_mm_extract_epi32(i.v, 3)]);
}
inline Int gather(const int32_t* p, Int i) { return picked(p, i); }
inline Float lookup(const float* table, Int i) { return gather(table, i); }
inline Int lookup(const int32_t* table, Int i) { return gather(table, i); }
inline int32_t first_of(Int a) { return _mm_cvtsi128_si32(a.v); }
inline Int gather_byte(const uint8_t* p, Int i) { return picked(p, i); }

}  // namespace KERNEL
