// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/distance.hpp"

#include <cmath>
#include <limits>

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/distance.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using tag = hn::ScalableTag<float>;
using vec = hn::Vec<tag>;

struct l2_op {
  static constexpr bool monotone = true;
  static HWY_INLINE vec step(vec a, vec b, vec sum) {
    const vec delta = hn::Sub(a, b);
    return hn::MulAdd(delta, delta, sum);
  }
  static HWY_INLINE float step_one(float a, float b) { return (a - b) * (a - b); }
};

struct dot_op {
  static constexpr bool monotone = false;
  static HWY_INLINE vec step(vec a, vec b, vec sum) { return hn::MulAdd(a, b, sum); }
  static HWY_INLINE float step_one(float a, float b) { return a * b; }
};

struct l1_op {
  static constexpr bool monotone = true;
  static HWY_INLINE vec step(vec a, vec b, vec sum) { return hn::Add(sum, hn::Abs(hn::Sub(a, b))); }
  static HWY_INLINE float step_one(float a, float b) { return std::fabs(a - b); }
};

HWY_INLINE float total(vec sum) { return hn::GetLane(hn::SumOfLanes(tag(), sum)); }

// The last `left` components, fewer than a register holds.
template <class Op>
HWY_INLINE float tail(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t left,
                      vec sum) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  // Masked loads do not touch memory behind the mask, and zeros on both sides add nothing.
  const auto mask = hn::FirstN(tag(), left);
  sum = Op::step(hn::MaskedLoad(mask, tag(), a), hn::MaskedLoad(mask, tag(), b), sum);
  return total(sum);
#else
  float rest = 0;
  for (std::size_t i = 0; i < left; ++i) rest += Op::step_one(a[i], b[i]);
  return total(sum) + rest;
#endif
}

// Four accumulators hide the latency of a fused multiply-add on every core of today.
struct four {
  vec v0, v1, v2, v3;
};

HWY_INLINE four zeros() {
  const vec zero = hn::Zero(tag());
  return {zero, zero, zero, zero};
}

HWY_INLINE vec sum_of(const four& sums) {
  return hn::Add(hn::Add(sums.v0, sums.v1), hn::Add(sums.v2, sums.v3));
}

template <class Op>
HWY_INLINE void step_four(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, four& sums) {
  const tag t;
  const std::size_t lanes = hn::Lanes(t);
  sums.v0 = Op::step(hn::LoadU(t, a), hn::LoadU(t, b), sums.v0);
  sums.v1 = Op::step(hn::LoadU(t, a + lanes), hn::LoadU(t, b + lanes), sums.v1);
  sums.v2 = Op::step(hn::LoadU(t, a + 2 * lanes), hn::LoadU(t, b + 2 * lanes), sums.v2);
  sums.v3 = Op::step(hn::LoadU(t, a + 3 * lanes), hn::LoadU(t, b + 3 * lanes), sums.v3);
}

template <class Op, bool Whole>
HWY_INLINE float finish(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t at,
                        std::size_t dimension, four& sums) {
  const tag t;
  const std::size_t lanes = hn::Lanes(t);
  // Remaining registers go to different accumulators, so that they do not wait for one another.
  if (at + 2 * lanes <= dimension) {
    sums.v0 = Op::step(hn::LoadU(t, a + at), hn::LoadU(t, b + at), sums.v0);
    sums.v1 = Op::step(hn::LoadU(t, a + at + lanes), hn::LoadU(t, b + at + lanes), sums.v1);
    at += 2 * lanes;
  }
  if (at + lanes <= dimension) {
    sums.v2 = Op::step(hn::LoadU(t, a + at), hn::LoadU(t, b + at), sums.v2);
    at += lanes;
  }
  if constexpr (Whole) return total(sum_of(sums));
  return at == dimension ? total(sum_of(sums))
                         : tail<Op>(a + at, b + at, dimension - at, sum_of(sums));
}

template <class Op, bool Whole>
float one(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t dimension) {
  const std::size_t step = 4 * hn::Lanes(tag());
  four sums = zeros();
  std::size_t at = 0;
  for (; at + step <= dimension; at += step) step_four<Op>(a + at, b + at, sums);
  return finish<Op, Whole>(a, b, at, dimension, sums);
}

// Components between two looks at the bound: the look costs a reduction.
inline constexpr std::size_t look_every = 128;

template <class Op, bool Whole>
float bounded(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t dimension,
              float bound) {
  if constexpr (!Op::monotone) return one<Op, Whole>(a, b, dimension);
  const std::size_t step = 4 * hn::Lanes(tag());
  four sums = zeros();
  std::size_t at = 0;
  while (at + look_every <= dimension) {
    const std::size_t stop = at + look_every;
    for (; at < stop; at += step) step_four<Op>(a + at, b + at, sums);
    const float so_far = total(sum_of(sums));
    if (so_far > bound) return so_far;
  }
  for (; at + step <= dimension; at += step) step_four<Op>(a + at, b + at, sums);
  return finish<Op, Whole>(a, b, at, dimension, sums);
}

// Four rows at once share each load of the query.
template <class Op, bool Whole>
HWY_INLINE void four_rows(const float* HWY_RESTRICT query, const float* const* rows,
                          std::size_t dimension, float* HWY_RESTRICT out) {
  const tag t;
  const std::size_t lanes = hn::Lanes(t);
  const float* HWY_RESTRICT r0 = rows[0];
  const float* HWY_RESTRICT r1 = rows[1];
  const float* HWY_RESTRICT r2 = rows[2];
  const float* HWY_RESTRICT r3 = rows[3];
  four even = zeros();
  four odd = zeros();
  std::size_t at = 0;
  for (; at + 2 * lanes <= dimension; at += 2 * lanes) {
    const vec q0 = hn::LoadU(t, query + at);
    const vec q1 = hn::LoadU(t, query + at + lanes);
    even.v0 = Op::step(q0, hn::LoadU(t, r0 + at), even.v0);
    even.v1 = Op::step(q0, hn::LoadU(t, r1 + at), even.v1);
    even.v2 = Op::step(q0, hn::LoadU(t, r2 + at), even.v2);
    even.v3 = Op::step(q0, hn::LoadU(t, r3 + at), even.v3);
    odd.v0 = Op::step(q1, hn::LoadU(t, r0 + at + lanes), odd.v0);
    odd.v1 = Op::step(q1, hn::LoadU(t, r1 + at + lanes), odd.v1);
    odd.v2 = Op::step(q1, hn::LoadU(t, r2 + at + lanes), odd.v2);
    odd.v3 = Op::step(q1, hn::LoadU(t, r3 + at + lanes), odd.v3);
  }
  if (at + lanes <= dimension) {
    const vec q0 = hn::LoadU(t, query + at);
    even.v0 = Op::step(q0, hn::LoadU(t, r0 + at), even.v0);
    even.v1 = Op::step(q0, hn::LoadU(t, r1 + at), even.v1);
    even.v2 = Op::step(q0, hn::LoadU(t, r2 + at), even.v2);
    even.v3 = Op::step(q0, hn::LoadU(t, r3 + at), even.v3);
    at += lanes;
  }
  const vec s0 = hn::Add(even.v0, odd.v0);
  const vec s1 = hn::Add(even.v1, odd.v1);
  const vec s2 = hn::Add(even.v2, odd.v2);
  const vec s3 = hn::Add(even.v3, odd.v3);
  if (Whole || at == dimension) {
    out[0] = total(s0);
    out[1] = total(s1);
    out[2] = total(s2);
    out[3] = total(s3);
    return;
  }
  const std::size_t left = dimension - at;
  out[0] = tail<Op>(query + at, r0 + at, left, s0);
  out[1] = tail<Op>(query + at, r1 + at, left, s1);
  out[2] = tail<Op>(query + at, r2 + at, left, s2);
  out[3] = tail<Op>(query + at, r3 + at, left, s3);
}

// Longer rows are asked for in part; the hardware follows a row once it is being read.
inline constexpr std::size_t prefetch_floats_max = 512;

HWY_INLINE void prefetch_ahead(const float* row, std::size_t dimension) {
  prefetch_row(row, dimension < prefetch_floats_max ? dimension : prefetch_floats_max);
}

template <class Op, bool Whole>
void many(const float* query, const float* const* rows, std::size_t count, std::size_t dimension,
          float* out) {
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const std::size_t ahead = i + 8 < count ? i + 8 : count;
    for (std::size_t next = i + 4; next < ahead; ++next) prefetch_ahead(rows[next], dimension);
    four_rows<Op, Whole>(query, rows + i, dimension, out + i);
  }
  for (; i < count; ++i) out[i] = one<Op, Whole>(query, rows[i], dimension);
}

template <class Op, bool Whole>
void many_bounded(const float* query, const float* const* rows, std::size_t count,
                  std::size_t dimension, float bound, float* out) {
  // Short rows end before the first look; four at once are quicker.
  if (!Op::monotone || dimension <= 2 * look_every) {
    many<Op, Whole>(query, rows, count, dimension, out);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (i + 1 < count) prefetch_ahead(rows[i + 1], dimension);
    out[i] = bounded<Op, Whole>(query, rows[i], dimension, bound);
  }
}

template <class Op, bool Whole>
distance_kernels table() {
  return {one<Op, Whole>, bounded<Op, Whole>, many<Op, Whole>, many_bounded<Op, Whole>};
}

template <class Op>
distance_kernels table_for(std::size_t dimension) {
  return dimension % hn::Lanes(tag()) == 0 ? table<Op, true>() : table<Op, false>();
}

distance_kernels choose(metric what, std::size_t dimension) {
  switch (what) {
    case metric::l2_squared: return table_for<l2_op>(dimension);
    case metric::dot: return table_for<dot_op>(dimension);
    case metric::l1: return table_for<l1_op>(dimension);
  }
  return {};
}

const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {

HWY_EXPORT(choose);
HWY_EXPORT(target_name);

distance_kernels kernels_for(metric what, std::size_t dimension) noexcept {
  return HWY_DYNAMIC_DISPATCH(choose)(what, dimension);
}

const char* active_target() noexcept { return HWY_DYNAMIC_DISPATCH(target_name)(); }

float inverse_norm(const float* vector, std::size_t dimension) noexcept {
  const float square = kernels_for(metric::dot, dimension).one(vector, vector, dimension);
  // Far from both ends of the range nothing was lost.
  constexpr float small = 1e-30F;
  constexpr float large = 1e37F;
  if (square > small && square < large) return 1.0F / std::sqrt(square);
  double exact = 0;
  for (std::size_t i = 0; i < dimension; ++i)
    exact += static_cast<double>(vector[i]) * static_cast<double>(vector[i]);
  if (!(exact > 0)) return 0;
  const double inverse = 1.0 / std::sqrt(exact);
  constexpr auto largest = static_cast<double>(std::numeric_limits<float>::max());
  return static_cast<float>(inverse < largest ? inverse : largest);
}

}  // namespace thespis::kernels
#endif
