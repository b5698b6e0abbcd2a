// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/sign_codes.hpp"

#include <cmath>
#include <cstring>

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/sign_codes.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

query_fit prepare_bytes(const float* r, std::size_t dimension, void* query) {
  std::memset(query, 0, sign_query_bytes(dimension));
  return grid_kernels_here().fit_query(r, dimension, static_cast<std::int8_t*>(query));
}

void estimate_bytes(const code_query& line, const void* query, std::size_t dimension,
                    const void* const* codes, std::size_t count, float* ranks) {
  code_kernels_here().estimate_signs(line, static_cast<const std::int8_t*>(query), dimension, codes,
                                     count, ranks);
}

#if HWY_TARGET == HWY_AVX3_DL

// Shorter vectors fill too little of a register of 512 bits.
constexpr std::size_t short_dimension_max = 320;
constexpr std::size_t plane_count = 4;

constexpr std::size_t plane_bytes(std::size_t dimension) { return (dimension + 511) / 512 * 64; }

float squares_of(const float* r, std::size_t padded, float scale) {
  const hn::ScalableTag<float> t;
  auto sum = hn::Zero(t);
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t)) {
    const auto v = hn::Mul(hn::LoadU(t, r + i), hn::Set(t, scale));
    sum = hn::MulAdd(v, v, sum);
  }
  return hn::GetLane(hn::SumOfLanes(t, sum));
}

float longest_of(const float* r, std::size_t padded) {
  const hn::ScalableTag<float> t;
  auto most = hn::Zero(t);
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t))
    most = hn::Max(most, hn::Abs(hn::LoadU(t, r + i)));
  return hn::GetLane(hn::MaxOfLanes(t, most));
}

// Numbers from -7 to 7 in planes of bits, as two's complement.
query_fit prepare(const float* r, std::size_t dimension, void* query) {
  if (dimension <= short_dimension_max) return prepare_bytes(r, dimension, query);
  const hn::ScalableTag<float> t;
  const std::size_t padded = (dimension + 15) / 16 * 16;
  auto* planes = static_cast<std::uint8_t*>(query);
  std::memset(planes, 0, plane_count * plane_bytes(dimension));
  constexpr float smallest = 1e-30F;
  const float most = longest_of(r, padded);
  if (!(most > smallest)) return {};
  // Scaled first, so that squares stay within floats.
  const float square = squares_of(r, padded, 1 / most);
  // Near the best step for components with a normal distribution.
  constexpr float step_share = 0.36F;
  constexpr float largest = 7;
  const float step = step_share * std::sqrt(square / static_cast<float>(dimension));
  const auto scale = hn::Set(t, 1 / (step * most));
  const hn::RebindToSigned<decltype(t)> integer;
  auto along = hn::Zero(t);
  auto sums = hn::Zero(integer);
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t)) {
    const auto place = hn::Mul(hn::LoadU(t, r + i), scale);
    const auto q =
        hn::NearestInt(hn::Min(hn::Max(place, hn::Set(t, -largest)), hn::Set(t, largest)));
    sums = hn::Add(sums, q);
    along = hn::MulAdd(place, hn::ConvertTo(t, q), along);
    for (std::size_t p = 0; p < plane_count; ++p)
      hn::StoreMaskBits(integer, hn::TestBit(q, hn::Set(integer, 1 << p)),
                        planes + p * plane_bytes(dimension) + i / 8);
  }
  // What was cut off would make estimates lean to zero: |r|^2 / <r, q> instead of the step.
  const float product = hn::GetLane(hn::SumOfLanes(t, along)) * step;
  return {product > 0 ? square / product * most : 0.0F, hn::GetLane(hn::SumOfLanes(integer, sums))};
}

struct plane_sums {
  __m512i p0, p1, p2, p3;

  static HWY_INLINE plane_sums none() {
    const auto zero = _mm512_setzero_si512();
    return {zero, zero, zero, zero};
  }
  HWY_INLINE void add(const std::uint8_t* row, __m512i q0, __m512i q1, __m512i q2, __m512i q3) {
    const auto bits = _mm512_loadu_si512(row);
    p0 = _mm512_add_epi64(p0, _mm512_popcnt_epi64(_mm512_and_si512(bits, q0)));
    p1 = _mm512_add_epi64(p1, _mm512_popcnt_epi64(_mm512_and_si512(bits, q1)));
    p2 = _mm512_add_epi64(p2, _mm512_popcnt_epi64(_mm512_and_si512(bits, q2)));
    p3 = _mm512_add_epi64(p3, _mm512_popcnt_epi64(_mm512_and_si512(bits, q3)));
  }
  // The highest plane counts negative.
  HWY_INLINE __m512i total() const {
    const auto low = _mm512_add_epi64(p0, _mm512_slli_epi64(p1, 1));
    const auto high = _mm512_sub_epi64(p2, _mm512_slli_epi64(p3, 1));
    return _mm512_add_epi64(low, _mm512_slli_epi64(high, 2));
  }
};

HWY_INLINE __m128i four_totals(__m512i s0, __m512i s1, __m512i s2, __m512i s3) {
  // Sums fit into 32 bits, so that those of two rows share a lane.
  constexpr __mmask16 upper_halves = 0xAAAA;
  const auto s02 = _mm512_mask_blend_epi32(upper_halves, s0, _mm512_slli_epi64(s2, 32));
  const auto s13 = _mm512_mask_blend_epi32(upper_halves, s1, _mm512_slli_epi64(s3, 32));
  const auto pairs =
      _mm512_add_epi32(_mm512_unpacklo_epi64(s02, s13), _mm512_unpackhi_epi64(s02, s13));
  const auto half =
      _mm256_add_epi32(_mm512_castsi512_si256(pairs), _mm512_extracti64x4_epi64(pairs, 1));
  const auto all = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  return _mm_shuffle_epi32(all, 0xD8);
}

HWY_INLINE __m128 two_heads(const void* first, const void* second) {
  const auto low = _mm_castsi128_ps(_mm_loadl_epi64(static_cast<const __m128i_u*>(first)));
  return _mm_loadh_pi(low, static_cast<const __m64*>(second));
}

HWY_INLINE void estimate_four(const code_query& line, const std::uint8_t* planes, std::size_t plane,
                              const void* const* codes, float* ranks) {
  const auto row = [&](std::size_t i) HWY_ATTR {
    return static_cast<const std::uint8_t*>(codes[i]) + sizeof(code_head);
  };
  const std::uint8_t* const r0 = row(0);
  const std::uint8_t* const r1 = row(1);
  const std::uint8_t* const r2 = row(2);
  const std::uint8_t* const r3 = row(3);
  plane_sums s0 = plane_sums::none(), s1 = s0, s2 = s0, s3 = s0;
  for (std::size_t at = 0; at < plane; at += 64) {
    const auto q0 = _mm512_load_si512(planes + at);
    const auto q1 = _mm512_load_si512(planes + plane + at);
    const auto q2 = _mm512_load_si512(planes + 2 * plane + at);
    const auto q3 = _mm512_load_si512(planes + 3 * plane + at);
    s0.add(r0 + at, q0, q1, q2, q3);
    s1.add(r1 + at, q0, q1, q2, q3);
    s2.add(r2 + at, q0, q1, q2, q3);
    s3.add(r3 + at, q0, q1, q2, q3);
  }
  const auto dots = _mm_cvtepi32_ps(four_totals(s0.total(), s1.total(), s2.total(), s3.total()));
  const auto first = two_heads(codes[0], codes[1]);
  const auto second = two_heads(codes[2], codes[3]);
  const auto norms = _mm_shuffle_ps(first, second, _MM_SHUFFLE(2, 0, 2, 0));
  const auto factors = _mm_shuffle_ps(first, second, _MM_SHUFFLE(3, 1, 3, 1));
  const auto products = _mm_fmsub_ps(_mm_set1_ps(line.scale), dots, _mm_set1_ps(line.offset));
  const auto fixed = _mm_fmadd_ps(_mm_set1_ps(line.norm_weight), norms, _mm_set1_ps(line.base));
  _mm_storeu_ps(ranks, _mm_fmadd_ps(factors, products, fixed));
}

void estimate(const code_query& line, const void* query, std::size_t dimension,
              const void* const* codes, std::size_t count, float* ranks) {
  if (dimension <= short_dimension_max)
    return estimate_bytes(line, query, dimension, codes, count, ranks);
  const auto* planes = static_cast<const std::uint8_t*>(query);
  const std::size_t plane = plane_bytes(dimension);
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) estimate_four(line, planes, plane, codes + i, ranks + i);
  if (i == count) return;
  // The last one stands in for those that are missing.
  const void* some[4];
  for (std::size_t j = 0; j < 4; ++j) some[j] = codes[std::min(i + j, count - 1)];
  float last[4];
  estimate_four(line, planes, plane, some, last);
  for (std::size_t j = 0; i + j < count; ++j) ranks[i + j] = last[j];
}

#endif  // HWY_TARGET == HWY_AVX3_DL

}  // namespace

#if HWY_TARGET == HWY_AVX3_DL
sign_kernels choose_signs() { return {prepare, estimate}; }
#else
sign_kernels choose_signs() { return {prepare_bytes, estimate_bytes}; }
#endif

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {

HWY_EXPORT(choose_signs);

sign_kernels sign_kernels_here() noexcept { return HWY_DYNAMIC_DISPATCH(choose_signs)(); }

}  // namespace thespis::kernels
#endif
