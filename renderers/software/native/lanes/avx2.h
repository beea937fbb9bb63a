// Eight lanes: AVX2, without FMA. The same operations as the other files of this folder.
#pragma once
#include <immintrin.h>

namespace KERNEL {

constexpr int WIDTH = 8;

struct Mask {
    __m256 v;
};
struct Int {
    __m256i v;
    Int() = default;
    Int(__m256i x) : v(x) {}
    Int(int32_t x) : v(_mm256_set1_epi32(x)) {}
};
struct Float {
    __m256 v;
    Float() = default;
    Float(__m256 x) : v(x) {}
    Float(float x) : v(_mm256_set1_ps(x)) {}
};

inline Mask operator&(Mask a, Mask b) { return {_mm256_and_ps(a.v, b.v)}; }
inline Mask operator|(Mask a, Mask b) { return {_mm256_or_ps(a.v, b.v)}; }
inline Mask operator!(Mask a) { return {_mm256_xor_ps(a.v, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))}; }
inline uint32_t bits(Mask a) { return static_cast<uint32_t>(_mm256_movemask_ps(a.v)); }
inline Mask first_lanes(int n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane))};
}

inline Float operator+(Float a, Float b) { return _mm256_add_ps(a.v, b.v); }
inline Float operator-(Float a, Float b) { return _mm256_sub_ps(a.v, b.v); }
inline Float operator*(Float a, Float b) { return _mm256_mul_ps(a.v, b.v); }
inline Float operator/(Float a, Float b) { return _mm256_div_ps(a.v, b.v); }
inline Mask operator<(Float a, Float b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }
inline Mask operator>(Float a, Float b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_GT_OQ)}; }
inline Mask operator<=(Float a, Float b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)}; }
inline Mask operator>=(Float a, Float b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_GE_OQ)}; }
inline Mask operator==(Float a, Float b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)}; }
inline Float min(Float a, Float b) { return _mm256_min_ps(a.v, b.v); }
inline Float max(Float a, Float b) { return _mm256_max_ps(a.v, b.v); }
inline Float sqrt(Float a) { return _mm256_sqrt_ps(a.v); }
inline Float floor(Float a) { return _mm256_floor_ps(a.v); }
inline Float select(Mask m, Float a, Float b) { return _mm256_blendv_ps(b.v, a.v, m.v); }

inline Int operator+(Int a, Int b) { return _mm256_add_epi32(a.v, b.v); }
inline Int operator-(Int a, Int b) { return _mm256_sub_epi32(a.v, b.v); }
inline Int operator*(Int a, Int b) { return _mm256_mullo_epi32(a.v, b.v); }
inline Int operator&(Int a, Int b) { return _mm256_and_si256(a.v, b.v); }
inline Int operator|(Int a, Int b) { return _mm256_or_si256(a.v, b.v); }
inline Int operator<<(Int a, int n) { return _mm256_slli_epi32(a.v, n); }
inline Int operator>>(Int a, int n) { return _mm256_srli_epi32(a.v, n); }
inline Mask operator>(Int a, Int b) { return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(a.v, b.v))}; }
inline Mask operator<(Int a, Int b) { return b > a; }
inline Mask operator==(Int a, Int b) { return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(a.v, b.v))}; }
inline Int min(Int a, Int b) { return _mm256_min_epi32(a.v, b.v); }
inline Int max(Int a, Int b) { return _mm256_max_epi32(a.v, b.v); }
inline Int select(Mask m, Int a, Int b) { return _mm256_blendv_epi8(b.v, a.v, _mm256_castps_si256(m.v)); }

inline Int truncated(Float a) { return _mm256_cvttps_epi32(a.v); }
inline Float converted(Int a) { return _mm256_cvtepi32_ps(a.v); }
inline Int as_bits(Float a) { return _mm256_castps_si256(a.v); }
inline Float from_bits(Int a) { return _mm256_castsi256_ps(a.v); }

inline Float load(const float* p) { return _mm256_loadu_ps(p); }
inline Int load(const int32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline void store(float* p, Float a) { _mm256_storeu_ps(p, a.v); }
inline void store(int32_t* p, Int a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.v); }
inline void store(float* p, Float a, Mask m) { _mm256_maskstore_ps(p, _mm256_castps_si256(m.v), a.v); }
inline void store(int32_t* p, Int a, Mask m) { _mm256_maskstore_epi32(p, _mm256_castps_si256(m.v), a.v); }
inline Float gather(const float* p, Int i) { return _mm256_i32gather_ps(p, i.v, 4); }
inline Int gather(const int32_t* p, Int i) { return _mm256_i32gather_epi32(p, i.v, 4); }
inline Float lookup(const float* table, Int i) {
    const __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), i.v);
    const __m256 high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8), i.v);
    return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(i.v, 28)));
}
inline Int lookup(const int32_t* table, Int i) { return as_bits(lookup(reinterpret_cast<const float*>(table), i)); }
inline int32_t first_of(Int a) { return _mm256_cvtsi256_si32(a.v); }
inline Int gather_byte(const uint8_t* p, Int i) {
    return Int(_mm256_i32gather_epi32(reinterpret_cast<const int*>(p), i.v, 1)) & Int(255);
}

}  // namespace KERNEL
