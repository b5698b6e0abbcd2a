// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/kernels/peak.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/kernels/peak.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

std::size_t rounds_of(std::size_t rounds, float* out) {
  const hn::ScalableTag<float> t;
  const auto factor = hn::Set(t, 0.999F);
  // Eight sums in flight fill two units of a latency of four.
  auto s0 = hn::Set(t, out[0]);
  auto s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  for (std::size_t i = 0; i < rounds; ++i) {
    s0 = hn::MulAdd(s0, factor, factor);
    s1 = hn::MulAdd(s1, factor, factor);
    s2 = hn::MulAdd(s2, factor, factor);
    s3 = hn::MulAdd(s3, factor, factor);
    s4 = hn::MulAdd(s4, factor, factor);
    s5 = hn::MulAdd(s5, factor, factor);
    s6 = hn::MulAdd(s6, factor, factor);
    s7 = hn::MulAdd(s7, factor, factor);
  }
  const auto low = hn::Add(hn::Add(s0, s1), hn::Add(s2, s3));
  const auto high = hn::Add(hn::Add(s4, s5), hn::Add(s6, s7));
  out[0] = hn::GetLane(hn::SumOfLanes(t, hn::Add(low, high)));
  constexpr std::size_t sums = 8;
  return rounds * sums * 2 * hn::Lanes(t);
}

}  // namespace thespis::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::bench {

HWY_EXPORT(rounds_of);

std::size_t multiply_add_rounds(std::size_t rounds, float* out) {
  return HWY_DYNAMIC_DISPATCH(rounds_of)(rounds, out);
}

}  // namespace thespis::bench
#endif
