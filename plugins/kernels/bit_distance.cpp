// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/bit_distance.hpp"

#include <bit>
#include <cstring>

#include "plugins/kernels/distance.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/bit_distance.cpp"
#define HWY_WANT_AVX3_DL
// SSE4 stands in for SSSE3 on every machine that has not got AVX2.
#define HWY_DISABLED_TARGETS HWY_SSSE3
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

template <class Combine>
std::uint32_t count_bits(const std::uint8_t* a, const std::uint8_t* b, std::size_t bytes,
                         Combine combine) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    sum += static_cast<std::uint32_t>(std::popcount(static_cast<unsigned>(combine(a[i], b[i]))));
  return sum;
}

struct differing {
  unsigned operator()(unsigned a, unsigned b) const { return a ^ b; }
};
struct shared {
  unsigned operator()(unsigned a, unsigned b) const { return a & b; }
};

std::uint32_t dot_of(const std::uint8_t* planes, std::size_t plane_count, const std::uint8_t* row,
                     std::size_t bytes) {
  std::uint32_t sum = 0;
  for (std::size_t plane = 0; plane < plane_count; ++plane)
    sum += count_bits(planes + plane * bytes, row, bytes, shared()) << plane;
  return sum;
}

#else

using tag8 = hn::ScalableTag<std::uint8_t>;
using tag64 = hn::ScalableTag<std::uint64_t>;
using vec64 = hn::Vec<tag64>;

struct differing {
  HWY_INLINE vec64 operator()(vec64 a, vec64 b) const { return hn::Xor(a, b); }
};
struct shared {
  HWY_INLINE vec64 operator()(vec64 a, vec64 b) const { return hn::And(a, b); }
};

HWY_INLINE vec64 load(const std::uint8_t* from) {
  return hn::BitCast(tag64(), hn::LoadU(tag8(), from));
}

// The last `left` bytes, fewer than a register holds, with zeros behind them.
HWY_INLINE vec64 load_rest(const std::uint8_t* from, std::size_t left) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  // Masked loads do not touch memory behind the mask.
  return hn::BitCast(tag64(), hn::MaskedLoad(hn::FirstN(tag8(), left), tag8(), from));
#else
  HWY_ALIGN std::uint8_t whole[HWY_MAX_BYTES] = {};
  std::memcpy(whole, from, left);
  return hn::BitCast(tag64(), hn::Load(tag8(), whole));
#endif
}

// Two sums do not wait for one another.
template <class Combine>
HWY_INLINE vec64 count_lanes(const std::uint8_t* HWY_RESTRICT a, const std::uint8_t* HWY_RESTRICT b,
                             std::size_t bytes, Combine combine) {
  const std::size_t lanes = hn::Lanes(tag8());
  vec64 s0 = hn::Zero(tag64());
  vec64 s1 = hn::Zero(tag64());
  std::size_t at = 0;
  for (; at + 2 * lanes <= bytes; at += 2 * lanes) {
    s0 = hn::Add(s0, hn::PopulationCount(combine(load(a + at), load(b + at))));
    s1 = hn::Add(s1, hn::PopulationCount(combine(load(a + at + lanes), load(b + at + lanes))));
  }
  if (at + lanes <= bytes) {
    s0 = hn::Add(s0, hn::PopulationCount(combine(load(a + at), load(b + at))));
    at += lanes;
  }
  if (at != bytes) {
    const std::size_t left = bytes - at;
    s1 = hn::Add(s1, hn::PopulationCount(combine(load_rest(a + at, left),  //
                                                 load_rest(b + at, left))));
  }
  return hn::Add(s0, s1);
}

HWY_INLINE std::uint32_t total(vec64 sums) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  // Highway would send the sum through every lane first.
  return static_cast<std::uint32_t>(_mm512_reduce_add_epi64(sums.raw));
#else
  return static_cast<std::uint32_t>(hn::GetLane(hn::SumOfLanes(tag64(), sums)));
#endif
}

template <class Combine>
HWY_INLINE std::uint32_t count_bits(const std::uint8_t* a, const std::uint8_t* b, std::size_t bytes,
                                    Combine combine) {
  return total(count_lanes(a, b, bytes, combine));
}

HWY_INLINE std::uint32_t dot_of(const std::uint8_t* planes, std::size_t plane_count,
                                const std::uint8_t* row, std::size_t bytes) {
  vec64 sums = hn::Zero(tag64());
  // From the highest plane on, so that what is summed doubles from plane to plane.
  for (std::size_t plane = plane_count; plane-- > 0;)
    sums = hn::Add(hn::Add(sums, sums), count_lanes(planes + plane * bytes, row, bytes, shared()));
  return total(sums);
}

#endif  // HWY_TARGET == HWY_SCALAR

std::uint32_t hamming(const std::uint8_t* a, const std::uint8_t* b, std::size_t bytes) {
  return count_bits(a, b, bytes, differing());
}

std::uint32_t dot(const std::uint8_t* planes, std::size_t plane_count, const std::uint8_t* row,
                  std::size_t bytes) {
  return dot_of(planes, plane_count, row, bytes);
}

// How far ahead rows of a list are asked for.
constexpr std::size_t rows_ahead = 4;

void hamming_many(const std::uint8_t* query, const std::uint8_t* const* rows, std::size_t count,
                  std::size_t bytes, std::uint32_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    if (i + rows_ahead < count) prefetch_bytes(rows[i + rows_ahead], bytes);
    out[i] = count_bits(query, rows[i], bytes, differing());
  }
}

void dot_many(const std::uint8_t* planes, std::size_t plane_count, const std::uint8_t* const* rows,
              std::size_t count, std::size_t bytes, std::uint32_t* out) {
  for (std::size_t i = 0; i < count; ++i) {
    if (i + rows_ahead < count) prefetch_bytes(rows[i + rows_ahead], bytes);
    out[i] = dot_of(planes, plane_count, rows[i], bytes);
  }
}

}  // namespace

bit_kernels choose_bits() { return {hamming, hamming_many, dot, dot_many}; }

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {

HWY_EXPORT(choose_bits);

bit_kernels bit_kernels_here() noexcept { return HWY_DYNAMIC_DISPATCH(choose_bits)(); }

}  // namespace thespis::kernels
#endif
