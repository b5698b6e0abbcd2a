// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/half_distance.hpp"

#include <cstring>

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/half_distance.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using tag32 = hn::ScalableTag<float>;
using vec32 = hn::Vec<tag32>;
using tag16 = hn::Rebind<std::uint16_t, tag32>;

struct l2_step {
  static HWY_INLINE vec32 step(vec32 a, vec32 b, vec32 sum) {
    const vec32 delta = hn::Sub(a, b);
    return hn::MulAdd(delta, delta, sum);
  }
};
struct dot_step {
  static HWY_INLINE vec32 step(vec32 a, vec32 b, vec32 sum) { return hn::MulAdd(a, b, sum); }
};
struct l1_step {
  static HWY_INLINE vec32 step(vec32 a, vec32 b, vec32 sum) {
    return hn::Add(sum, hn::Abs(hn::Sub(a, b)));
  }
};

template <class Half>
HWY_INLINE vec32 widen(hn::Vec<tag16> bits) {
  return hn::PromoteTo(tag32(), hn::BitCast(hn::Rebind<Half, tag32>(), bits));
}

template <class Half>
HWY_INLINE vec32 load_row(const std::uint16_t* from) {
  return widen<Half>(hn::LoadU(tag16(), from));
}

// The last `left` numbers, fewer than a register holds, with zeros behind them: on both sides they
// add nothing.
HWY_INLINE vec32 load_last(const float* from, std::size_t left) {
  HWY_ALIGN float whole[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(whole, from, left * sizeof(float));
  return hn::Load(tag32(), whole);
}
HWY_INLINE hn::Vec<tag16> load_last(const std::uint16_t* from, std::size_t left) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  // Masked loads do not touch memory behind the mask.
  return hn::MaskedLoad(hn::FirstN(tag16(), left), tag16(), from);
#else
  HWY_ALIGN std::uint16_t whole[HWY_MAX_BYTES / sizeof(std::uint16_t)] = {};
  std::memcpy(whole, from, left * sizeof(std::uint16_t));
  return hn::Load(tag16(), whole);
#endif
}

HWY_INLINE float total(vec32 s0, vec32 s1, vec32 s2, vec32 s3) {
  return hn::GetLane(hn::SumOfLanes(tag32(), hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

template <class Op, class Half>
float one_half(const float* HWY_RESTRICT query, const std::uint16_t* HWY_RESTRICT row,
               std::size_t dimension) {
  const tag32 t;
  const std::size_t lanes = hn::Lanes(t);
  vec32 s0 = hn::Zero(t);
  vec32 s1 = s0;
  vec32 s2 = s0;
  vec32 s3 = s0;
  std::size_t at = 0;
  for (; at + 4 * lanes <= dimension; at += 4 * lanes) {
    s0 = Op::step(hn::LoadU(t, query + at), load_row<Half>(row + at), s0);
    s1 = Op::step(hn::LoadU(t, query + at + lanes), load_row<Half>(row + at + lanes), s1);
    s2 = Op::step(hn::LoadU(t, query + at + 2 * lanes), load_row<Half>(row + at + 2 * lanes), s2);
    s3 = Op::step(hn::LoadU(t, query + at + 3 * lanes), load_row<Half>(row + at + 3 * lanes), s3);
  }
  for (; at + lanes <= dimension; at += lanes)
    s0 = Op::step(hn::LoadU(t, query + at), load_row<Half>(row + at), s0);
  if (at != dimension) {
    const std::size_t left = dimension - at;
    s1 = Op::step(load_last(query + at, left), widen<Half>(load_last(row + at, left)), s1);
  }
  return total(s0, s1, s2, s3);
}

// Four rows at once share each load of the query.
template <class Op, class Half>
HWY_INLINE void four_halves(const float* HWY_RESTRICT query, const std::uint16_t* const* rows,
                            std::size_t dimension, float* HWY_RESTRICT out) {
  const tag32 t;
  const std::size_t lanes = hn::Lanes(t);
  const std::uint16_t* HWY_RESTRICT r0 = rows[0];
  const std::uint16_t* HWY_RESTRICT r1 = rows[1];
  const std::uint16_t* HWY_RESTRICT r2 = rows[2];
  const std::uint16_t* HWY_RESTRICT r3 = rows[3];
  const vec32 zero = hn::Zero(t);
  vec32 e0 = zero, e1 = zero, e2 = zero, e3 = zero;
  vec32 o0 = zero, o1 = zero, o2 = zero, o3 = zero;
  std::size_t at = 0;
  for (; at + 2 * lanes <= dimension; at += 2 * lanes) {
    const vec32 q0 = hn::LoadU(t, query + at);
    const vec32 q1 = hn::LoadU(t, query + at + lanes);
    e0 = Op::step(q0, load_row<Half>(r0 + at), e0);
    e1 = Op::step(q0, load_row<Half>(r1 + at), e1);
    e2 = Op::step(q0, load_row<Half>(r2 + at), e2);
    e3 = Op::step(q0, load_row<Half>(r3 + at), e3);
    o0 = Op::step(q1, load_row<Half>(r0 + at + lanes), o0);
    o1 = Op::step(q1, load_row<Half>(r1 + at + lanes), o1);
    o2 = Op::step(q1, load_row<Half>(r2 + at + lanes), o2);
    o3 = Op::step(q1, load_row<Half>(r3 + at + lanes), o3);
  }
  for (; at < dimension; at += lanes) {
    const std::size_t left = dimension - at < lanes ? dimension - at : lanes;
    const vec32 q = load_last(query + at, left);
    e0 = Op::step(q, widen<Half>(load_last(r0 + at, left)), e0);
    e1 = Op::step(q, widen<Half>(load_last(r1 + at, left)), e1);
    e2 = Op::step(q, widen<Half>(load_last(r2 + at, left)), e2);
    e3 = Op::step(q, widen<Half>(load_last(r3 + at, left)), e3);
  }
  out[0] = total(e0, o0, zero, zero);
  out[1] = total(e1, o1, zero, zero);
  out[2] = total(e2, o2, zero, zero);
  out[3] = total(e3, o3, zero, zero);
}

// Longer rows are asked for in part; the hardware follows a row once it is being read.
constexpr std::size_t prefetch_bytes_max = 1024;

template <class Op, class Half>
void many_halves(const float* query, const std::uint16_t* const* rows, std::size_t count,
                 std::size_t dimension, float* out) {
  const std::size_t bytes = dimension * sizeof(std::uint16_t);
  const std::size_t wanted = bytes < prefetch_bytes_max ? bytes : prefetch_bytes_max;
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const std::size_t ahead = i + 8 < count ? i + 8 : count;
    for (std::size_t next = i + 4; next < ahead; ++next) prefetch_bytes(rows[next], wanted);
    four_halves<Op, Half>(query, rows + i, dimension, out + i);
  }
  for (; i < count; ++i) out[i] = one_half<Op, Half>(query, rows[i], dimension);
}

template <class Half>
half_kernels halves_for(metric what) {
  switch (what) {
    case metric::l2_squared: return {one_half<l2_step, Half>, many_halves<l2_step, Half>};
    case metric::dot: return {one_half<dot_step, Half>, many_halves<dot_step, Half>};
    case metric::l1: return {one_half<l1_step, Half>, many_halves<l1_step, Half>};
  }
  return {};
}

}  // namespace

half_kernels choose_float16(metric what) { return halves_for<hwy::float16_t>(what); }
half_kernels choose_bfloat16(metric what) { return halves_for<hwy::bfloat16_t>(what); }

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {

HWY_EXPORT(choose_float16);
HWY_EXPORT(choose_bfloat16);

half_kernels float16_kernels_for(metric what) noexcept {
  return HWY_DYNAMIC_DISPATCH(choose_float16)(what);
}

half_kernels bfloat16_kernels_for(metric what) noexcept {
  return HWY_DYNAMIC_DISPATCH(choose_bfloat16)(what);
}

}  // namespace thespis::kernels
#endif
