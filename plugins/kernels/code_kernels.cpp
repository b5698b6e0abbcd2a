// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/code_kernels.hpp"

#include <algorithm>
#include <cstring>

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/code_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE const std::uint8_t* body(const void* code, std::size_t head) {
  return static_cast<const std::uint8_t*>(code) + head;
}
HWY_INLINE float float_at(const void* from) {
  float value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

constexpr std::size_t block_bytes = 64;

#if HWY_TARGET == HWY_SCALAR

struct plain_rows {
  static constexpr bool refined = false;
};

struct byte_rows : plain_rows {
  std::int32_t dot(const std::int8_t* q, const void* code, const void*, std::size_t bytes) const {
    const auto* c = body(code, sizeof(code_head));
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) sum += q[i] * c[i];
    return sum;
  }
};

struct nibble_rows : plain_rows {
  std::int32_t dot(const std::int8_t* q, const void* code, const void*, std::size_t bytes) const {
    const auto* c = body(code, sizeof(code_head));
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      const auto* at = q + i / block_bytes * 2 * block_bytes + i % block_bytes;
      sum += at[0] * (c[i] & 15) + at[block_bytes] * (c[i] >> 4);
    }
    return sum;
  }
};

struct joined_rows : plain_rows {
  static constexpr bool refined = true;
  std::int32_t dot(const std::int8_t* q, const void* code, const void* refinement,
                   std::size_t bytes) const {
    const auto* c = body(code, sizeof(code_head));
    const auto* l = body(refinement, sizeof(float));
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      const auto* at = q + i / block_bytes * 2 * block_bytes + i % block_bytes;
      sum +=
          at[0] * ((c[i] & 15) << 4 | (l[i] & 15)) + at[block_bytes] * ((c[i] & 240) | l[i] >> 4);
    }
    return sum;
  }
};

struct plane_rows : plain_rows {
  static constexpr bool refined = true;
  std::size_t planes;
  std::size_t plane_bytes;
  std::int32_t dot(const std::int8_t* q, const void* code, const void* refinement,
                   std::size_t dimension) const {
    const auto bit = [](const std::uint8_t* plane, std::size_t i) {
      return plane[i / 8] >> i % 8 & 1;
    };
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < dimension; ++i) {
      std::int32_t cell = bit(body(code, sizeof(code_head)), i);
      for (std::size_t p = 0; p < planes; ++p)
        cell = 2 * cell + bit(body(refinement, sizeof(float)) + p * plane_bytes, i);
      sum += q[i] * cell;
    }
    return sum;
  }
};

struct sign_rows : plain_rows {
  std::int32_t dot(const std::int8_t* q, const void* code, const void*,
                   std::size_t dimension) const {
    return plane_rows{{}, 0, 0}.dot(q, code, nullptr, dimension);
  }
};

template <class Rows>
HWY_INLINE void estimate(const Rows& of, const code_query& line, const std::int8_t* query,
                         std::size_t bytes, const void* const* codes,
                         const void* const* refinements, std::size_t count, float* ranks) {
  for (std::size_t i = 0; i < count; ++i) {
    const void* refinement = Rows::refined ? refinements[i] : nullptr;
    const float norm = float_at(codes[i]);
    const float factor = float_at(Rows::refined ? refinement : body(codes[i], sizeof(float)));
    const auto dot = static_cast<float>(of.dot(query, codes[i], refinement, bytes));
    ranks[i] = line.base + line.norm_weight * norm + factor * (line.scale * dot - line.offset);
  }
}

#else

using tag8 = hn::ScalableTag<std::uint8_t>;
using tag16 = hn::ScalableTag<std::int16_t>;
using tag32 = hn::ScalableTag<std::int32_t>;
using vec8 = hn::Vec<tag8>;
using vec16 = hn::Vec<tag16>;
using vec32 = hn::Vec<tag32>;

HWY_INLINE vec16 wide_low(vec8 v) {
  return hn::BitCast(tag16(), hn::InterleaveLower(tag8(), v, hn::Zero(tag8())));
}
HWY_INLINE vec16 wide_high(vec8 v) {
  return hn::BitCast(tag16(), hn::InterleaveUpper(tag8(), v, hn::Zero(tag8())));
}
HWY_INLINE vec16 signed_low(vec8 v) {
  return hn::ShiftRight<8>(hn::BitCast(tag16(), hn::InterleaveLower(tag8(), v, v)));
}
HWY_INLINE vec16 signed_high(vec8 v) {
  return hn::ShiftRight<8>(hn::BitCast(tag16(), hn::InterleaveUpper(tag8(), v, v)));
}

// Part of a query as the products want it, loaded once for four rows.
struct query_part {
#if HWY_TARGET == HWY_AVX3_DL
  vec8 all;
  explicit HWY_INLINE query_part(const std::int8_t* from)
      : all(hn::LoadU(tag8(), reinterpret_cast<const std::uint8_t*>(from))) {}
#else
  vec8 all;
  vec16 low, high;
  explicit HWY_INLINE query_part(const std::int8_t* from)
      : all(hn::LoadU(tag8(), reinterpret_cast<const std::uint8_t*>(from))),
        low(signed_low(all)),
        high(signed_high(all)) {}
#endif
};

// A register of its own for what is used twice, as reading a row again costs more where it lies
// across cache lines.
HWY_INLINE vec8 load(const std::uint8_t* from) {
  vec8 row = hn::LoadU(tag8(), from);
#if HWY_TARGET == HWY_AVX3_DL
  asm("" : "+v"(row.raw));
#endif
  return row;
}
HWY_INLINE vec8 low_half(vec8 v) { return hn::And(v, hn::Set(tag8(), std::uint8_t{15})); }
HWY_INLINE vec8 shifted_down(vec8 v) {
  const hn::ScalableTag<std::uint16_t> t;
  return hn::BitCast(tag8(), hn::ShiftRight<4>(hn::BitCast(t, v)));
}
HWY_INLINE vec8 shifted_up(vec8 v) {
  const hn::ScalableTag<std::uint16_t> t;
  return hn::BitCast(tag8(), hn::ShiftLeft<4>(hn::BitCast(t, v)));
}

// Sums of products in 32 bits: 65,535 products of a byte and a signed byte fit.
struct sums {
  vec32 first;
  vec32 second;

  static HWY_INLINE sums none() { return {hn::Zero(tag32()), hn::Zero(tag32())}; }

  // Any bytes of the row.
  HWY_INLINE void add(const query_part& q, vec8 row) {
#if HWY_TARGET == HWY_AVX3_DL
    // Written out: Highway tests for the instruction but does not name it to the compiler.
    asm("vpdpbusd %2, %1, %0" : "+v"(first.raw) : "v"(row.raw), "v"(q.all.raw));
#else
    first = hn::ReorderWidenMulAccumulate(tag32(), q.low, wide_low(row), first, second);
    first = hn::ReorderWidenMulAccumulate(tag32(), q.high, wide_high(row), first, second);
#endif
  }
  // Bytes of the row below 16, of which two products fit into 16 bits.
  HWY_INLINE void add_small(const query_part& q, vec8 row) {
#if HWY_TARGET == HWY_AVX2
    const auto pairs = _mm256_maddubs_epi16(row.raw, q.all.raw);
    first = hn::Add(first, vec32{_mm256_madd_epi16(pairs, _mm256_set1_epi16(1))});
#elif HWY_TARGET == HWY_AVX3
    const auto pairs = _mm512_maddubs_epi16(row.raw, q.all.raw);
    first = hn::Add(first, vec32{_mm512_madd_epi16(pairs, _mm512_set1_epi16(1))});
#else
    add(q, row);
#endif
  }
  HWY_INLINE vec32 total() const { return hn::Add(first, second); }
};

// What lies at byte `at` of four rows is multiplied with its part of the query and added to sums of
// the rows. There are two for each, which do not wait for one another: either they take turns, or a
// step needs both.
struct plain_rows {
  static constexpr bool refined = false;
  static constexpr bool takes_turns = true;
  static HWY_INLINE vec32 total(const sums& even, const sums& odd) {
    return hn::Add(even.total(), odd.total());
  }
};

struct byte_rows : plain_rows {
  HWY_INLINE void step(const std::int8_t* query, const std::uint8_t* const* codes,
                       const std::uint8_t* const*, std::size_t at, sums* to) const {
    const query_part q(query + at);
    to[0].add(q, load(codes[0] + at));
    to[1].add(q, load(codes[1] + at));
    to[2].add(q, load(codes[2] + at));
    to[3].add(q, load(codes[3] + at));
  }
};

HWY_INLINE const std::int8_t* block_query(const std::int8_t* query, std::size_t at) {
  return query + (at & ~(block_bytes - 1)) + at;
}

struct nibble_rows : plain_rows {
  static constexpr bool takes_turns = false;
  HWY_INLINE void step(const std::int8_t* query, const std::uint8_t* const* codes,
                       const std::uint8_t* const*, std::size_t at, sums* lower, sums* upper) const {
    const query_part low(block_query(query, at));
    const query_part high(block_query(query, at) + block_bytes);
    for (std::size_t i = 0; i < 4; ++i) one(low, high, load(codes[i] + at), lower[i], upper[i]);
  }
  static HWY_INLINE void one(const query_part& low, const query_part& high, vec8 row, sums& lower,
                             sums& upper) {
    lower.add_small(low, low_half(row));
#if HWY_TARGET == HWY_AVX3_DL
    // Sixteen times what it is: one shift at the end instead of one for every row.
    upper.add(high, hn::AndNot(hn::Set(tag8(), std::uint8_t{15}), row));
#else
    upper.add_small(high, low_half(shifted_down(row)));
#endif
  }
  static HWY_INLINE vec32 total(const sums& lower, const sums& upper) {
#if HWY_TARGET == HWY_AVX3_DL
    return hn::Add(lower.total(), hn::ShiftRight<4>(upper.total()));
#else
    return plain_rows::total(lower, upper);
#endif
  }
};

struct joined_rows : plain_rows {
  static constexpr bool refined = true;
  static constexpr bool takes_turns = false;
  HWY_INLINE void step(const std::int8_t* query, const std::uint8_t* const* codes,
                       const std::uint8_t* const* refinements, std::size_t at, sums* lower,
                       sums* upper) const {
    const query_part low(block_query(query, at));
    const query_part high(block_query(query, at) + block_bytes);
    for (std::size_t i = 0; i < 4; ++i)
      one(low, high, load(codes[i] + at), load(refinements[i] + at), lower[i], upper[i]);
  }
  static HWY_INLINE void one(const query_part& low, const query_part& high, vec8 code,
                             vec8 refinement, sums& lower, sums& upper) {
    const vec8 below = hn::Set(tag8(), std::uint8_t{15});
    lower.add(low, hn::Or(hn::AndNot(below, shifted_up(code)), hn::And(below, refinement)));
    upper.add(high, hn::Or(hn::AndNot(below, code), hn::And(below, shifted_down(refinement))));
  }
};

// `value` where the bit is set; 8 components a byte.
HWY_INLINE vec8 spread(const std::uint8_t* bits, std::uint8_t value) {
  return hn::IfThenElseZero(hn::LoadMaskBits(tag8(), bits), hn::Set(tag8(), value));
}

struct sign_rows : plain_rows {
  HWY_INLINE void step(const std::int8_t* query, const std::uint8_t* const* codes,
                       const std::uint8_t* const*, std::size_t at, sums* to) const {
    const query_part q(query + at);
    to[0].add_small(q, spread(codes[0] + at / 8, 1));
    to[1].add_small(q, spread(codes[1] + at / 8, 1));
    to[2].add_small(q, spread(codes[2] + at / 8, 1));
    to[3].add_small(q, spread(codes[3] + at / 8, 1));
  }
};

// Signs in codes, and `planes` more bits in refinements, the highest first.
struct plane_rows : plain_rows {
  static constexpr bool refined = true;
  std::size_t planes;
  std::size_t plane_bytes;

  HWY_INLINE void step(const std::int8_t* query, const std::uint8_t* const* codes,
                       const std::uint8_t* const* refinements, std::size_t at, sums* to) const {
    const query_part q(query + at);
    to[0].add_small(q, cells(codes[0] + at / 8, refinements[0] + at / 8));
    to[1].add_small(q, cells(codes[1] + at / 8, refinements[1] + at / 8));
    to[2].add_small(q, cells(codes[2] + at / 8, refinements[2] + at / 8));
    to[3].add_small(q, cells(codes[3] + at / 8, refinements[3] + at / 8));
  }
  HWY_INLINE vec8 cells(const std::uint8_t* sign, const std::uint8_t* finer) const {
    vec8 all = spread(sign, static_cast<std::uint8_t>(1 << planes));
    for (std::size_t p = 0; p < planes; ++p)
      all = hn::Or(
          all, spread(finer + p * plane_bytes, static_cast<std::uint8_t>(1 << (planes - 1 - p))));
    return all;
  }
};

using tag4 = hn::Full128<std::int32_t>;
using tag4f = hn::Full128<float>;

// The four totals, in order.
HWY_INLINE hn::Vec<tag4> four_totals(vec32 s0, vec32 s1, vec32 s2, vec32 s3) {
  const tag32 t;
  const hn::ScalableTag<std::int64_t> wide;
  const auto s01 =
      hn::BitCast(wide, hn::Add(hn::InterleaveLower(t, s0, s1), hn::InterleaveUpper(t, s0, s1)));
  const auto s23 =
      hn::BitCast(wide, hn::Add(hn::InterleaveLower(t, s2, s3), hn::InterleaveUpper(t, s2, s3)));
  const auto all = hn::Add(hn::BitCast(t, hn::InterleaveLower(wide, s01, s23)),
                           hn::BitCast(t, hn::InterleaveUpper(wide, s01, s23)));
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  const hn::Half<tag32> half;
  const auto folded = hn::Add(hn::LowerHalf(half, all), hn::UpperHalf(half, all));
  return hn::Add(hn::LowerHalf(tag4(), folded), hn::UpperHalf(tag4(), folded));
#elif HWY_TARGET == HWY_AVX2
  return hn::Add(hn::LowerHalf(tag4(), all), hn::UpperHalf(tag4(), all));
#else
  return all;
#endif
}

// Norms and factors of two codes.
HWY_INLINE hn::Vec<tag4f> load_two_heads(const void* first, const void* second) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128
  const auto low = _mm_castsi128_ps(_mm_loadl_epi64(static_cast<const __m128i_u*>(first)));
  return hn::Vec<tag4f>{_mm_loadh_pi(low, static_cast<const __m64*>(second))};
#else
  const hn::Half<tag4f> half;
  return hn::Combine(tag4f(), hn::LoadU(half, static_cast<const float*>(second)),
                     hn::LoadU(half, static_cast<const float*>(first)));
#endif
}

HWY_INLINE void load_heads(const void* const* codes, hn::Vec<tag4f>& norms,
                           hn::Vec<tag4f>& factors) {
  const auto first = load_two_heads(codes[0], codes[1]);
  const auto second = load_two_heads(codes[2], codes[3]);
  norms = hn::ConcatEven(tag4f(), second, first);
  factors = hn::ConcatOdd(tag4f(), second, first);
}

HWY_INLINE hn::Vec<tag4f> load_four(const void* const* from) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128
  return hn::Vec<tag4f>{
      _mm_set_ps(float_at(from[3]), float_at(from[2]), float_at(from[1]), float_at(from[0]))};
#else
  const float all[] = {float_at(from[0]), float_at(from[1]), float_at(from[2]), float_at(from[3])};
  return hn::LoadU(tag4f(), all);
#endif
}

template <class Rows>
HWY_INLINE hn::Vec<tag4> four_dots(const Rows& of, const std::int8_t* query, std::size_t bytes,
                                   const void* const* codes, const void* const* refinements) {
  const std::uint8_t* const rows[] = {
      body(codes[0], sizeof(code_head)), body(codes[1], sizeof(code_head)),
      body(codes[2], sizeof(code_head)), body(codes[3], sizeof(code_head))};
  const std::uint8_t* finer[4] = {};
  if constexpr (Rows::refined)
    for (std::size_t i = 0; i < 4; ++i) finer[i] = body(refinements[i], sizeof(float));
  const std::size_t lanes = hn::Lanes(tag8());
  sums even[] = {sums::none(), sums::none(), sums::none(), sums::none()};
  sums odd[] = {sums::none(), sums::none(), sums::none(), sums::none()};
  std::size_t at = 0;
  if constexpr (Rows::takes_turns) {
    for (; at + lanes < bytes; at += 2 * lanes) {
      of.step(query, rows, finer, at, even);
      of.step(query, rows, finer, at + lanes, odd);
    }
    if (at < bytes) of.step(query, rows, finer, at, even);
  } else {
    for (; at < bytes; at += lanes) of.step(query, rows, finer, at, even, odd);
  }
  return four_totals(Rows::total(even[0], odd[0]), Rows::total(even[1], odd[1]),
                     Rows::total(even[2], odd[2]), Rows::total(even[3], odd[3]));
}

template <class Rows>
HWY_INLINE void estimate_four(const Rows& of, const code_query& line, const std::int8_t* query,
                              std::size_t bytes, const void* const* codes,
                              const void* const* refinements, float* ranks) {
  const auto dots = hn::ConvertTo(tag4f(), four_dots(of, query, bytes, codes, refinements));
  hn::Vec<tag4f> norms;
  hn::Vec<tag4f> factors;
  load_heads(codes, norms, factors);
  if constexpr (Rows::refined) factors = load_four(refinements);
  const auto products =
      hn::MulSub(hn::Set(tag4f(), line.scale), dots, hn::Set(tag4f(), line.offset));
  const auto fixed =
      hn::MulAdd(hn::Set(tag4f(), line.norm_weight), norms, hn::Set(tag4f(), line.base));
  hn::StoreU(hn::MulAdd(factors, products, fixed), tag4f(), ranks);
}

template <class Rows>
HWY_INLINE void estimate(const Rows& of, const code_query& line, const std::int8_t* query,
                         std::size_t bytes, const void* const* codes,
                         const void* const* refinements, std::size_t count, float* ranks) {
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4)
    estimate_four(of, line, query, bytes, codes + i, Rows::refined ? refinements + i : nullptr,
                  ranks + i);
  if (i == count) return;
  // The last one stands in for those that are missing.
  const void* some[4];
  const void* finer[4] = {};
  for (std::size_t j = 0; j < 4; ++j) {
    const std::size_t from = std::min(i + j, count - 1);
    some[j] = codes[from];
    if constexpr (Rows::refined) finer[j] = refinements[from];
  }
  float last[4];
  estimate_four(of, line, query, bytes, some, finer, last);
  for (std::size_t j = 0; i + j < count; ++j) ranks[i + j] = last[j];
}

#endif  // HWY_TARGET == HWY_SCALAR

void estimate_bytes(const code_query& line, const std::int8_t* query, std::size_t bytes,
                    const void* const* codes, std::size_t count, float* ranks) {
  estimate(byte_rows(), line, query, bytes, codes, nullptr, count, ranks);
}

void estimate_nibbles(const code_query& line, const std::int8_t* query, std::size_t bytes,
                      const void* const* codes, std::size_t count, float* ranks) {
  estimate(nibble_rows(), line, query, bytes, codes, nullptr, count, ranks);
}

void estimate_joined(const code_query& line, const std::int8_t* query, std::size_t bytes,
                     const void* const* codes, const void* const* refinements, std::size_t count,
                     float* ranks) {
  estimate(joined_rows(), line, query, bytes, codes, refinements, count, ranks);
}

void estimate_signs(const code_query& line, const std::int8_t* query, std::size_t dimension,
                    const void* const* codes, std::size_t count, float* ranks) {
  estimate(sign_rows(), line, query, dimension, codes, nullptr, count, ranks);
}

void estimate_planes(const code_query& line, const std::int8_t* query, std::size_t dimension,
                     std::size_t planes, const void* const* codes, const void* const* refinements,
                     std::size_t count, float* ranks) {
  const plane_rows rows{{}, planes, (dimension + 7) / 8};
  estimate(rows, line, query, dimension, codes, refinements, count, ranks);
}

}  // namespace

code_kernels choose_codes() {
  code_kernels chosen;
  chosen.estimate_bytes = estimate_bytes;
  chosen.estimate_nibbles = estimate_nibbles;
  chosen.estimate_joined = estimate_joined;
  chosen.estimate_signs = estimate_signs;
  chosen.estimate_planes = estimate_planes;
  return chosen;
}

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {

HWY_EXPORT(choose_codes);

code_kernels code_kernels_here() noexcept { return HWY_DYNAMIC_DISPATCH(choose_codes)(); }

}  // namespace thespis::kernels
#endif
