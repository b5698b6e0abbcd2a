// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/kernels/peak.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/kernels/peak.cpp"
#define HWY_WANT_AVX3_DL
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

std::size_t rounds_of(std::size_t rounds, float* out) {
  const hn::ScalableTag<float> t;
  const auto factor = hn::Set(t, 0.999F);
  // Eight sums in flight fill two units of a latency of four. They begin apart: what the compiler
  // could prove equal it would compute once.
  const auto start = [&](float apart) { return hn::Set(t, out[0] + apart); };
  auto s0 = start(0), s1 = start(1), s2 = start(2), s3 = start(3);
  auto s4 = start(4), s5 = start(5), s6 = start(6), s7 = start(7);
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

std::size_t byte_rounds_of(std::size_t rounds, std::int32_t* out) {
  const hn::ScalableTag<std::int32_t> t;
  const auto start = [&](std::int32_t apart) { return hn::Set(t, out[0] + apart); };
  auto s0 = start(0), s1 = start(1), s2 = start(2), s3 = start(3);
  auto s4 = start(4), s5 = start(5), s6 = start(6), s7 = start(7);
#if HWY_TARGET == HWY_AVX3_DL
  // Highway tests for this instruction before it takes this target, but does not offer it.
  const auto factor = hn::Set(t, 0x01010101);
  const auto step = [&factor](auto& sum) {
    asm("vpdpbusd %1, %1, %0" : "+v"(sum.raw) : "v"(factor.raw));
  };
  constexpr std::size_t products_per_lane = 4;
#elif HWY_TARGET == HWY_SCALAR
  const auto factor = s0;
  const auto step = [&](auto& sum) { sum = hn::Add(sum, hn::Mul(sum, factor)); };
  constexpr std::size_t products_per_lane = 1;
#else
  const auto factor = hn::Set(hn::ScalableTag<std::int16_t>(), std::int16_t{1});
  auto second = hn::Zero(t);
  const auto step = [&](auto& sum) {
    sum = hn::ReorderWidenMulAccumulate(
        t, factor, hn::BitCast(hn::ScalableTag<std::int16_t>(), sum), sum, second);
  };
  constexpr std::size_t products_per_lane = 2;
#endif
  for (std::size_t i = 0; i < rounds; ++i) {
    step(s0);
    step(s1);
    step(s2);
    step(s3);
    step(s4);
    step(s5);
    step(s6);
    step(s7);
  }
  const auto low = hn::Add(hn::Add(s0, s1), hn::Add(s2, s3));
  const auto high = hn::Add(hn::Add(s4, s5), hn::Add(s6, s7));
  out[0] = hn::GetLane(hn::SumOfLanes(t, hn::Add(low, high)));
  constexpr std::size_t sums = 8;
  return rounds * sums * products_per_lane * hn::Lanes(t);
}

}  // namespace thespis::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::bench {

HWY_EXPORT(rounds_of);
HWY_EXPORT(byte_rounds_of);

std::size_t multiply_add_rounds(std::size_t rounds, float* out) {
  return HWY_DYNAMIC_DISPATCH(rounds_of)(rounds, out);
}

std::size_t byte_product_rounds(std::size_t rounds, std::int32_t* out) {
  return HWY_DYNAMIC_DISPATCH(byte_rounds_of)(rounds, out);
}

}  // namespace thespis::bench
#endif
