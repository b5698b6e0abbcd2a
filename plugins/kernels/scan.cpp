// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/scan.hpp"

#include <cstdint>

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/scan.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using scan_tag = hn::ScalableTag<float>;
using scan_vec = hn::Vec<scan_tag>;

struct scan_l2 {
  static HWY_INLINE scan_vec step(scan_vec a, scan_vec b, scan_vec sum) {
    const scan_vec delta = hn::Sub(a, b);
    return hn::MulAdd(delta, delta, sum);
  }
};

struct scan_dot {
  static HWY_INLINE scan_vec step(scan_vec a, scan_vec b, scan_vec sum) {
    return hn::MulAdd(a, b, sum);
  }
};

struct scan_l1 {
  static HWY_INLINE scan_vec step(scan_vec a, scan_vec b, scan_vec sum) {
    return hn::Add(sum, hn::Abs(hn::Sub(a, b)));
  }
};

// Far enough that memory has answered when the scan arrives there.
inline constexpr std::size_t ahead_bytes = 4096;
inline constexpr std::size_t line_floats = 16;

HWY_INLINE void ask_for_line(const float* at) {
  // An address, not a place: what lies past the last row is never read, and a prefetch never fails.
  // Into the second-level cache: into the first, long rows were a fifth slower.
  constexpr int second_level = 1;
  __builtin_prefetch(
      reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(at) + ahead_bytes), 0,
      second_level);
}

// One row after the other, from its beginning to its end: the order in which the processor, too,
// asks memory ahead. Several rows at once take three times as long.
template <class Op>
HWY_INLINE scan_vec scan_row(const float* query, const float* row, std::size_t dimension) {
  const scan_tag t;
  const std::size_t lanes = hn::Lanes(t);
  scan_vec s0 = hn::Zero(t);
  scan_vec s1 = s0, s2 = s0, s3 = s0;
  std::size_t at = 0;
  for (; at + 4 * lanes <= dimension; at += 4 * lanes) {
    for (std::size_t line = 0; line < 4 * lanes; line += line_floats) ask_for_line(row + at + line);
    s0 = Op::step(hn::LoadU(t, query + at), hn::LoadU(t, row + at), s0);
    s1 = Op::step(hn::LoadU(t, query + at + lanes), hn::LoadU(t, row + at + lanes), s1);
    s2 = Op::step(hn::LoadU(t, query + at + 2 * lanes), hn::LoadU(t, row + at + 2 * lanes), s2);
    s3 = Op::step(hn::LoadU(t, query + at + 3 * lanes), hn::LoadU(t, row + at + 3 * lanes), s3);
  }
  for (; at < dimension; at += lanes) {
    if (at % line_floats == 0) ask_for_line(row + at);
    s0 = Op::step(hn::LoadU(t, query + at), hn::LoadU(t, row + at), s0);
  }
  return hn::Add(hn::Add(s0, s1), hn::Add(s2, s3));
}

template <class Op>
void scan(const float* query, const float* rows, std::size_t stride, std::size_t count,
          std::size_t dimension, float* out) {
  for (std::size_t i = 0; i < count; ++i)
    out[i] =
        hn::GetLane(hn::SumOfLanes(scan_tag(), scan_row<Op>(query, rows + i * stride, dimension)));
}

void squares(const float* rows, std::size_t stride, std::size_t count, std::size_t dimension,
             float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const float* const row = rows + i * stride;
    out[i] = hn::GetLane(hn::SumOfLanes(scan_tag(), scan_row<scan_dot>(row, row, dimension)));
  }
}

scan_fn choose_scan(metric what) {
  switch (what) {
    case metric::l2_squared: return scan<scan_l2>;
    case metric::dot: return scan<scan_dot>;
    case metric::l1: return scan<scan_l1>;
  }
  return nullptr;
}

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {

HWY_EXPORT(choose_scan);

HWY_EXPORT(squares);

void square_norms(const float* rows, std::size_t stride, std::size_t count, std::size_t dimension,
                  float* out) noexcept {
  HWY_DYNAMIC_DISPATCH(squares)(rows, stride, count, dimension, out);
}

scan_fn scan_for(metric what) noexcept { return HWY_DYNAMIC_DISPATCH(choose_scan)(what); }

}  // namespace thespis::kernels
#endif
