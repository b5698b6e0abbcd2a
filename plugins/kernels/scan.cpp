// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/scan.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/scan.cpp"
#define HWY_DISABLED_TARGETS HWY_SSSE3
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
inline constexpr std::size_t ahead_bytes = 8192;
inline constexpr std::size_t line_floats = 16;

HWY_INLINE float scan_total(scan_vec sum) { return hn::GetLane(hn::SumOfLanes(scan_tag(), sum)); }

HWY_INLINE void ask_for_line(const float* at) {
  // An address, not a place: what lies past the last row is never read, and a prefetch never fails.
  __builtin_prefetch(
      reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(at) + ahead_bytes));
}

// A row alone; its sums are those that it has among four.
template <class Op>
HWY_INLINE float scan_one(const float* HWY_RESTRICT query, const float* HWY_RESTRICT row,
                          std::size_t dimension) {
  const scan_tag t;
  const std::size_t lanes = hn::Lanes(t);
  scan_vec even = hn::Zero(t);
  scan_vec odd = even;
  std::size_t at = 0;
  for (; at + 2 * lanes <= dimension; at += 2 * lanes) {
    even = Op::step(hn::LoadU(t, query + at), hn::LoadU(t, row + at), even);
    odd = Op::step(hn::LoadU(t, query + at + lanes), hn::LoadU(t, row + at + lanes), odd);
  }
  if (at < dimension) even = Op::step(hn::LoadU(t, query + at), hn::LoadU(t, row + at), even);
  return scan_total(hn::Add(even, odd));
}

template <class Op>
HWY_INLINE void scan_four(const float* HWY_RESTRICT query, const float* HWY_RESTRICT rows,
                          std::size_t stride, std::size_t dimension, float* HWY_RESTRICT out) {
  const scan_tag t;
  const std::size_t lanes = hn::Lanes(t);
  const float* const r0 = rows;
  const float* const r1 = rows + stride;
  const float* const r2 = rows + 2 * stride;
  const float* const r3 = rows + 3 * stride;
  scan_vec e0 = hn::Zero(t);
  scan_vec e1 = e0, e2 = e0, e3 = e0, o0 = e0, o1 = e0, o2 = e0, o3 = e0;
  std::size_t at = 0;
  for (; at + 2 * lanes <= dimension; at += 2 * lanes) {
    for (std::size_t line = 0; line < 2 * lanes; line += line_floats) {
      ask_for_line(r0 + at + line);
      ask_for_line(r1 + at + line);
      ask_for_line(r2 + at + line);
      ask_for_line(r3 + at + line);
    }
    const scan_vec q0 = hn::LoadU(t, query + at);
    const scan_vec q1 = hn::LoadU(t, query + at + lanes);
    e0 = Op::step(q0, hn::LoadU(t, r0 + at), e0);
    e1 = Op::step(q0, hn::LoadU(t, r1 + at), e1);
    e2 = Op::step(q0, hn::LoadU(t, r2 + at), e2);
    e3 = Op::step(q0, hn::LoadU(t, r3 + at), e3);
    o0 = Op::step(q1, hn::LoadU(t, r0 + at + lanes), o0);
    o1 = Op::step(q1, hn::LoadU(t, r1 + at + lanes), o1);
    o2 = Op::step(q1, hn::LoadU(t, r2 + at + lanes), o2);
    o3 = Op::step(q1, hn::LoadU(t, r3 + at + lanes), o3);
  }
  if (at < dimension) {
    ask_for_line(r0 + at);
    ask_for_line(r1 + at);
    ask_for_line(r2 + at);
    ask_for_line(r3 + at);
    const scan_vec q0 = hn::LoadU(t, query + at);
    e0 = Op::step(q0, hn::LoadU(t, r0 + at), e0);
    e1 = Op::step(q0, hn::LoadU(t, r1 + at), e1);
    e2 = Op::step(q0, hn::LoadU(t, r2 + at), e2);
    e3 = Op::step(q0, hn::LoadU(t, r3 + at), e3);
  }
  out[0] = scan_total(hn::Add(e0, o0));
  out[1] = scan_total(hn::Add(e1, o1));
  out[2] = scan_total(hn::Add(e2, o2));
  out[3] = scan_total(hn::Add(e3, o3));
}

template <class Op>
void scan(const float* query, const float* rows, std::size_t stride, std::size_t count,
          std::size_t dimension, float* out) {
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4)
    scan_four<Op>(query, rows + i * stride, stride, dimension, out + i);
  for (; i < count; ++i) out[i] = scan_one<Op>(query, rows + i * stride, dimension);
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

scan_fn scan_for(metric what) noexcept { return HWY_DYNAMIC_DISPATCH(choose_scan)(what); }

}  // namespace thespis::kernels
#endif
