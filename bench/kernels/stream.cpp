// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/kernels/stream.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/kernels/stream.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t block_floats = 1024;
// Far enough that memory has answered when the reader arrives; the best of 2 to 16 KiB, and of all
// levels of the cache.
constexpr std::size_t ahead_floats = 1024;
constexpr int second_level = 1;
constexpr std::size_t line_floats = 16;

float read_of(const float* from, std::size_t count) {
  const hn::ScalableTag<float> t;
  const std::size_t lanes = hn::Lanes(t);
  auto s0 = hn::Zero(t);
  auto s1 = s0, s2 = s0, s3 = s0;
  for (std::size_t block = 0; block + block_floats <= count; block += block_floats) {
    for (std::size_t i = 0; i < block_floats; i += 4 * lanes) {
      const float* const at = from + block + i;
      for (std::size_t line = 0; line < 4 * lanes; line += line_floats)
        __builtin_prefetch(at + ahead_floats + line, 0, second_level);
      s0 = hn::Add(s0, hn::LoadU(t, at));
      s1 = hn::Add(s1, hn::LoadU(t, at + lanes));
      s2 = hn::Add(s2, hn::LoadU(t, at + 2 * lanes));
      s3 = hn::Add(s3, hn::LoadU(t, at + 3 * lanes));
    }
  }
  return hn::GetLane(hn::SumOfLanes(t, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

}  // namespace thespis::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::bench {

HWY_EXPORT(read_of);

float read_stream(const float* from, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(read_of)(from, count);
}

}  // namespace thespis::bench
#endif
