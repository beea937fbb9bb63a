// Sixteen lanes: AVX-512 (F, DQ, BW, VL). The same operations as the other files of this folder.
#pragma once
#include <immintrin.h>

namespace KERNEL {

constexpr int WIDTH = 16;

struct Mask {
    __mmask16 v;
};
struct Int {
    __m512i v;
    Int() = default;
    Int(__m512i x) : v(x) {}
    Int(int32_t x) : v(_mm512_set1_epi32(x)) {}
};
struct Float {
    __m512 v;
    Float() = default;
    Float(__m512 x) : v(x) {}
    Float(float x) : v(_mm512_set1_ps(x)) {}
};

inline Mask operator&(Mask a, Mask b) { return {static_cast<__mmask16>(a.v & b.v)}; }
inline Mask operator|(Mask a, Mask b) { return {static_cast<__mmask16>(a.v | b.v)}; }
inline Mask operator!(Mask a) { return {static_cast<__mmask16>(~a.v)}; }
inline uint32_t bits(Mask a) { return a.v; }
inline Mask first_lanes(int n) { return {static_cast<__mmask16>((1u << n) - 1u)}; }

inline Float operator+(Float a, Float b) { return _mm512_add_ps(a.v, b.v); }
inline Float operator-(Float a, Float b) { return _mm512_sub_ps(a.v, b.v); }
inline Float operator*(Float a, Float b) { return _mm512_mul_ps(a.v, b.v); }
inline Float operator/(Float a, Float b) { return _mm512_div_ps(a.v, b.v); }
inline Mask operator<(Float a, Float b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
inline Mask operator>(Float a, Float b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ)}; }
inline Mask operator<=(Float a, Float b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
inline Mask operator>=(Float a, Float b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GE_OQ)}; }
inline Mask operator==(Float a, Float b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
inline Float min(Float a, Float b) { return _mm512_min_ps(a.v, b.v); }
inline Float max(Float a, Float b) { return _mm512_max_ps(a.v, b.v); }
inline Float sqrt(Float a) { return _mm512_sqrt_ps(a.v); }
inline Float floor(Float a) { return _mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
inline Float select(Mask m, Float a, Float b) { return _mm512_mask_blend_ps(m.v, b.v, a.v); }

inline Int operator+(Int a, Int b) { return _mm512_add_epi32(a.v, b.v); }
inline Int operator-(Int a, Int b) { return _mm512_sub_epi32(a.v, b.v); }
inline Int operator*(Int a, Int b) { return _mm512_mullo_epi32(a.v, b.v); }
inline Int operator&(Int a, Int b) { return _mm512_and_si512(a.v, b.v); }
inline Int operator|(Int a, Int b) { return _mm512_or_si512(a.v, b.v); }
inline Int operator<<(Int a, int n) { return _mm512_slli_epi32(a.v, n); }
inline Int operator>>(Int a, int n) { return _mm512_srli_epi32(a.v, n); }
inline Mask operator<(Int a, Int b) { return {_mm512_cmplt_epi32_mask(a.v, b.v)}; }
inline Mask operator>(Int a, Int b) { return {_mm512_cmpgt_epi32_mask(a.v, b.v)}; }
inline Mask operator==(Int a, Int b) { return {_mm512_cmpeq_epi32_mask(a.v, b.v)}; }
inline Int min(Int a, Int b) { return _mm512_min_epi32(a.v, b.v); }
inline Int max(Int a, Int b) { return _mm512_max_epi32(a.v, b.v); }
inline Int select(Mask m, Int a, Int b) { return _mm512_mask_blend_epi32(m.v, b.v, a.v); }

inline Int truncated(Float a) { return _mm512_cvttps_epi32(a.v); }
inline Float converted(Int a) { return _mm512_cvtepi32_ps(a.v); }
inline Int as_bits(Float a) { return _mm512_castps_si512(a.v); }
inline Float from_bits(Int a) { return _mm512_castsi512_ps(a.v); }

inline Float load(const float* p) { return _mm512_loadu_ps(p); }
inline Int load(const int32_t* p) { return _mm512_loadu_si512(p); }
inline void store(float* p, Float a) { _mm512_storeu_ps(p, a.v); }
inline void store(int32_t* p, Int a) { _mm512_storeu_si512(p, a.v); }
inline void store(float* p, Float a, Mask m) { _mm512_mask_storeu_ps(p, m.v, a.v); }
inline void store(int32_t* p, Int a, Mask m) { _mm512_mask_storeu_epi32(p, m.v, a.v); }
inline Float gather(const float* p, Int i) { return _mm512_i32gather_ps(i.v, p, 4); }
inline Int gather(const int32_t* p, Int i) { return _mm512_i32gather_epi32(i.v, p, 4); }
inline Int lookup(const int32_t* table, Int i) { return _mm512_permutexvar_epi32(i.v, _mm512_loadu_si512(table)); }
inline Float lookup(const float* table, Int i) { return _mm512_permutexvar_ps(i.v, _mm512_loadu_ps(table)); }
inline int32_t first_of(Int a) { return _mm512_cvtsi512_si32(a.v); }
inline Int gather_byte(const uint8_t* p, Int i) { return Int(_mm512_i32gather_epi32(i.v, p, 1)) & Int(255); }

}  // namespace KERNEL
