// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/byte_distance.hpp"

#include <cstring>

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/byte_distance.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

struct l2_plain {
  static std::int64_t term(std::int64_t a, std::int64_t b) { return (a - b) * (a - b); }
};
struct dot_plain {
  static std::int64_t term(std::int64_t a, std::int64_t b) { return a * b; }
};
struct l1_plain {
  static std::int64_t term(std::int64_t a, std::int64_t b) { return a < b ? b - a : a - b; }
};
using l2_unsigned = l2_plain;
using l2_signed = l2_plain;
using dot_unsigned = dot_plain;
using dot_signed = dot_plain;
using l1_unsigned = l1_plain;
using l1_signed = l1_plain;

template <class Op, class Query, class Row>
std::int64_t one_pair(const Query* query, const Row* row, std::size_t dimension) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) sum += Op::term(query[i], row[i]);
  return sum;
}

template <class Op, class Query, class Row>
void one_to_many(const Query* query, const Row* const* rows, std::size_t count,
                 std::size_t dimension, std::int64_t* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = one_pair<Op>(query, rows[i], dimension);
}

#else

using tag8 = hn::ScalableTag<std::uint8_t>;
using tag16 = hn::ScalableTag<std::int16_t>;
using tag32 = hn::ScalableTag<std::int32_t>;
using tag64 = hn::ScalableTag<std::uint64_t>;
using vec8 = hn::Vec<tag8>;
using vec16 = hn::Vec<tag16>;
using vec32 = hn::Vec<tag32>;

HWY_INLINE vec16 low_unsigned(vec8 v) {
  return hn::BitCast(tag16(), hn::InterleaveLower(tag8(), v, hn::Zero(tag8())));
}
HWY_INLINE vec16 high_unsigned(vec8 v) {
  return hn::BitCast(tag16(), hn::InterleaveUpper(tag8(), v, hn::Zero(tag8())));
}
HWY_INLINE vec16 low_signed(vec8 v) {
  return hn::ShiftRight<8>(hn::BitCast(tag16(), hn::InterleaveLower(tag8(), v, v)));
}
HWY_INLINE vec16 high_signed(vec8 v) {
  return hn::ShiftRight<8>(hn::BitCast(tag16(), hn::InterleaveUpper(tag8(), v, v)));
}

// The instructions for neural networks are written out: Highway tests for them before it takes this
// target, but does not name them to the compiler.
// Sums of products in 32 bits, which wrap: 65,535 products of two bytes fit into 32 bits, with a
// sign or without. The second of each pair is in use only where one multiplication fills two.
struct sums32 {
  vec32 low0, low1, high0, high1;

  static HWY_INLINE sums32 none() {
    const vec32 zero = hn::Zero(tag32());
    return {zero, zero, zero, zero};
  }

  HWY_INLINE void add_products(vec16 a_low, vec16 b_low, vec16 a_high, vec16 b_high) {
#if HWY_TARGET == HWY_AVX3_DL
    asm("vpdpwssd %2, %1, %0" : "+v"(low0.raw) : "v"(a_low.raw), "v"(b_low.raw));
    asm("vpdpwssd %2, %1, %0" : "+v"(high0.raw) : "v"(a_high.raw), "v"(b_high.raw));
#else
    low0 = hn::ReorderWidenMulAccumulate(tag32(), a_low, b_low, low0, low1);
    high0 = hn::ReorderWidenMulAccumulate(tag32(), a_high, b_high, high0, high1);
#endif
  }
#if HWY_TARGET == HWY_AVX3_DL
  HWY_INLINE void add_bytes(vec8 without_sign, vec8 with_sign) {
    asm("vpdpbusd %2, %1, %0" : "+v"(low0.raw) : "v"(without_sign.raw), "v"(with_sign.raw));
  }
#endif
  HWY_INLINE void add(const sums32& other) {
    low0 = hn::Add(low0, other.low0);
    low1 = hn::Add(low1, other.low1);
    high0 = hn::Add(high0, other.high0);
    high1 = hn::Add(high1, other.high1);
  }
  HWY_INLINE std::int32_t total() const {
    const vec32 all = hn::Add(hn::Add(low0, low1), hn::Add(high0, high1));
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
    // Halved first: the compiler's own reduction of whole registers has no defined overflow.
    const hn::Half<tag32> half;
    const auto folded = hn::Add(hn::LowerHalf(half, all), hn::UpperHalf(half, all));
    return hn::GetLane(hn::SumOfLanes(half, folded));
#else
    return hn::GetLane(hn::SumOfLanes(tag32(), all));
#endif
  }
};

// Adds nothing to the products.
struct no_bias {
  static HWY_INLINE std::int64_t bias(const std::uint8_t*, std::size_t) { return 0; }
};

HWY_INLINE vec8 flip_sign(vec8 v) { return hn::Xor(v, hn::Set(tag8(), std::uint8_t{0x80})); }

struct l2_unsigned : no_bias {
  using sums = sums32;
  static HWY_INLINE void step(vec8 a, vec8 b, sums& to) {
    const vec8 delta = hn::Sub(hn::Max(a, b), hn::Min(a, b));
    const vec16 low = low_unsigned(delta);
    const vec16 high = high_unsigned(delta);
    to.add_products(low, low, high, high);
  }
  static HWY_INLINE std::int64_t total(const sums& of) {
    return static_cast<std::uint32_t>(of.total());
  }
};

// Differences do not change when 128 is added to both sides.
struct l2_signed : l2_unsigned {
  static HWY_INLINE void step(vec8 a, vec8 b, sums& to) {
    l2_unsigned::step(flip_sign(a), flip_sign(b), to);
  }
};

struct l1_unsigned : no_bias {
  struct sums {
    hn::Vec<tag64> all;
    static HWY_INLINE sums none() { return {hn::Zero(tag64())}; }
    HWY_INLINE void add(const sums& other) { all = hn::Add(all, other.all); }
  };
  static HWY_INLINE void step(vec8 a, vec8 b, sums& to) {
    to.all = hn::Add(to.all, hn::SumsOf8(hn::Sub(hn::Max(a, b), hn::Min(a, b))));
  }
  static HWY_INLINE std::int64_t total(const sums& of) {
    return static_cast<std::int64_t>(hn::GetLane(hn::SumOfLanes(tag64(), of.all)));
  }
};

struct l1_signed : l1_unsigned {
  static HWY_INLINE void step(vec8 a, vec8 b, sums& to) {
    l1_unsigned::step(flip_sign(a), flip_sign(b), to);
  }
};

#if HWY_TARGET == HWY_AVX3_DL
// The instruction wants one side signed and one not, so 128 is added to one side or taken from it;
// what that changes depends on the query alone: 128 times the sum of its components.
template <bool Signed>
HWY_INLINE std::int64_t bias_of(const std::uint8_t* query, std::size_t dimension) {
  const vec8 flips = hn::Set(tag8(), static_cast<std::uint8_t>(Signed ? 0x80 : 0));
  const std::size_t lanes = hn::Lanes(tag8());
  auto sum = hn::Zero(tag64());
  std::size_t at = 0;
  for (; at + lanes <= dimension; at += lanes)
    sum = hn::Add(sum, hn::SumsOf8(hn::Xor(hn::LoadU(tag8(), query + at), flips)));
  const auto rest = hn::FirstN(tag8(), dimension - at);
  sum = hn::Add(sum, hn::SumsOf8(hn::IfThenElseZero(
                         rest, hn::Xor(hn::MaskedLoad(rest, tag8(), query + at), flips))));
  const auto total = static_cast<std::int64_t>(hn::GetLane(hn::SumOfLanes(tag64(), sum)));
  constexpr std::int64_t shift = 128;
  return shift * (Signed ? total - shift * static_cast<std::int64_t>(dimension) : total);
}
#endif

struct dot_unsigned : no_bias {
  using sums = sums32;
#if HWY_TARGET == HWY_AVX3_DL
  static HWY_INLINE std::int64_t bias(const std::uint8_t* query, std::size_t dimension) {
    return bias_of<false>(query, dimension);
  }
  static HWY_INLINE void step(vec8 query, vec8 row, sums& to) {
    to.add_bytes(query, flip_sign(row));
  }
  static HWY_INLINE std::int64_t total(const sums& of) { return of.total(); }
#else
  static HWY_INLINE void step(vec8 query, vec8 row, sums& to) {
    to.add_products(low_unsigned(query), low_unsigned(row), high_unsigned(query),
                    high_unsigned(row));
  }
  static HWY_INLINE std::int64_t total(const sums& of) {
    return static_cast<std::uint32_t>(of.total());
  }
#endif
};

struct dot_signed : no_bias {
  using sums = sums32;
#if HWY_TARGET == HWY_AVX3_DL
  static HWY_INLINE std::int64_t bias(const std::uint8_t* query, std::size_t dimension) {
    return -bias_of<true>(query, dimension);
  }
  static HWY_INLINE void step(vec8 query, vec8 row, sums& to) {
    to.add_bytes(flip_sign(row), query);
  }
#else
  static HWY_INLINE void step(vec8 query, vec8 row, sums& to) {
    to.add_products(low_signed(query), low_signed(row), high_signed(query), high_signed(row));
  }
#endif
  static HWY_INLINE std::int64_t total(const sums& of) { return of.total(); }
};

// The last `left` components, fewer than a register holds, with zeros behind them. Zeros on both
// sides add nothing; where a side is shifted, the other one is a zero that is multiplied.
HWY_INLINE vec8 load_rest(const std::uint8_t* from, std::size_t left) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  // Masked loads do not touch memory behind the mask.
  return hn::MaskedLoad(hn::FirstN(tag8(), left), tag8(), from);
#else
  HWY_ALIGN std::uint8_t whole[HWY_MAX_BYTES] = {};
  std::memcpy(whole, from, left);
  return hn::Load(tag8(), whole);
#endif
}

template <class Op>
HWY_INLINE std::int64_t sum_one(const std::uint8_t* HWY_RESTRICT a,
                                const std::uint8_t* HWY_RESTRICT b, std::size_t dimension) {
  const tag8 t;
  const std::size_t lanes = hn::Lanes(t);
  using sums = typename Op::sums;
  sums s0 = sums::none();
  sums s1 = sums::none();
  sums s2 = sums::none();
  sums s3 = sums::none();
  std::size_t at = 0;
  for (; at + 4 * lanes <= dimension; at += 4 * lanes) {
    Op::step(hn::LoadU(t, a + at), hn::LoadU(t, b + at), s0);
    Op::step(hn::LoadU(t, a + at + lanes), hn::LoadU(t, b + at + lanes), s1);
    Op::step(hn::LoadU(t, a + at + 2 * lanes), hn::LoadU(t, b + at + 2 * lanes), s2);
    Op::step(hn::LoadU(t, a + at + 3 * lanes), hn::LoadU(t, b + at + 3 * lanes), s3);
  }
  if (at + 2 * lanes <= dimension) {
    Op::step(hn::LoadU(t, a + at), hn::LoadU(t, b + at), s0);
    Op::step(hn::LoadU(t, a + at + lanes), hn::LoadU(t, b + at + lanes), s1);
    at += 2 * lanes;
  }
  if (at + lanes <= dimension) {
    Op::step(hn::LoadU(t, a + at), hn::LoadU(t, b + at), s2);
    at += lanes;
  }
  if (at != dimension) {
    const std::size_t left = dimension - at;
    Op::step(load_rest(a + at, left), load_rest(b + at, left), s3);
  }
  s0.add(s1);
  s2.add(s3);
  s0.add(s2);
  return Op::total(s0);
}

// Four rows at once share each load of the query.
template <class Op>
HWY_INLINE void sum_four(const std::uint8_t* HWY_RESTRICT query, const std::uint8_t* const* rows,
                         std::size_t dimension, std::int64_t bias, std::int64_t* out) {
  const tag8 t;
  const std::size_t lanes = hn::Lanes(t);
  const std::uint8_t* HWY_RESTRICT r0 = rows[0];
  const std::uint8_t* HWY_RESTRICT r1 = rows[1];
  const std::uint8_t* HWY_RESTRICT r2 = rows[2];
  const std::uint8_t* HWY_RESTRICT r3 = rows[3];
  using sums = typename Op::sums;
  sums s0 = sums::none();
  sums s1 = sums::none();
  sums s2 = sums::none();
  sums s3 = sums::none();
  std::size_t at = 0;
  for (; at + lanes <= dimension; at += lanes) {
    const vec8 q = hn::LoadU(t, query + at);
    Op::step(q, hn::LoadU(t, r0 + at), s0);
    Op::step(q, hn::LoadU(t, r1 + at), s1);
    Op::step(q, hn::LoadU(t, r2 + at), s2);
    Op::step(q, hn::LoadU(t, r3 + at), s3);
  }
  if (at != dimension) {
    const std::size_t left = dimension - at;
    const vec8 q = load_rest(query + at, left);
    Op::step(q, load_rest(r0 + at, left), s0);
    Op::step(q, load_rest(r1 + at, left), s1);
    Op::step(q, load_rest(r2 + at, left), s2);
    Op::step(q, load_rest(r3 + at, left), s3);
  }
  out[0] = Op::total(s0) + bias;
  out[1] = Op::total(s1) + bias;
  out[2] = Op::total(s2) + bias;
  out[3] = Op::total(s3) + bias;
}

template <class Byte>
HWY_INLINE const std::uint8_t* raw(const Byte* bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes);
}

template <class Op, class Query, class Row>
std::int64_t one_pair(const Query* query, const Row* row, std::size_t dimension) {
  return sum_one<Op>(raw(query), raw(row), dimension) + Op::bias(raw(query), dimension);
}

// Longer rows are asked for in part; the hardware follows a row once it is being read.
constexpr std::size_t prefetch_bytes_max = 1024;

template <class Op, class Query, class Row>
void one_to_many(const Query* query, const Row* const* rows, std::size_t count,
                 std::size_t dimension, std::int64_t* out) {
  const std::int64_t bias = Op::bias(raw(query), dimension);
  const std::size_t wanted = dimension < prefetch_bytes_max ? dimension : prefetch_bytes_max;
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const std::size_t ahead = i + 8 < count ? i + 8 : count;
    for (std::size_t next = i + 4; next < ahead; ++next) prefetch_bytes(rows[next], wanted);
    const std::uint8_t* const four[] = {raw(rows[i]), raw(rows[i + 1]), raw(rows[i + 2]),
                                        raw(rows[i + 3])};
    sum_four<Op>(raw(query), four, dimension, bias, out + i);
  }
  for (; i < count; ++i) out[i] = sum_one<Op>(raw(query), raw(rows[i]), dimension) + bias;
}

#endif  // HWY_TARGET == HWY_SCALAR

template <class Op, class Query, class Row>
byte_kernels<Query, Row> table() {
  return {one_pair<Op, Query, Row>, one_to_many<Op, Query, Row>};
}

}  // namespace

byte_kernels<std::uint8_t, std::uint8_t> choose_uint8(metric what) {
  switch (what) {
    case metric::l2_squared: return table<l2_unsigned, std::uint8_t, std::uint8_t>();
    case metric::dot: return table<dot_unsigned, std::uint8_t, std::uint8_t>();
    case metric::l1: return table<l1_unsigned, std::uint8_t, std::uint8_t>();
  }
  return {};
}

byte_kernels<std::int8_t, std::int8_t> choose_int8(metric what) {
  switch (what) {
    case metric::l2_squared: return table<l2_signed, std::int8_t, std::int8_t>();
    case metric::dot: return table<dot_signed, std::int8_t, std::int8_t>();
    case metric::l1: return table<l1_signed, std::int8_t, std::int8_t>();
  }
  return {};
}

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {

HWY_EXPORT(choose_uint8);
HWY_EXPORT(choose_int8);

byte_kernels<std::uint8_t, std::uint8_t> uint8_kernels_for(metric what) noexcept {
  return HWY_DYNAMIC_DISPATCH(choose_uint8)(what);
}

byte_kernels<std::int8_t, std::int8_t> int8_kernels_for(metric what) noexcept {
  return HWY_DYNAMIC_DISPATCH(choose_int8)(what);
}

}  // namespace thespis::kernels
#endif
