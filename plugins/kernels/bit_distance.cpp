// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/bit_distance.hpp"

#include <bit>
#include <cstring>

#include "plugins/kernels/distance.hpp"

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/bit_distance.cpp"
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

void hamming_four(const std::uint8_t* query, const std::uint8_t* const* rows, std::size_t bytes,
                  std::uint32_t* out) {
  for (std::size_t i = 0; i < 4; ++i) out[i] = count_bits(query, rows[i], bytes, differing());
}

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
  HWY_INLINE std::uint64_t operator()(std::uint64_t a, std::uint64_t b) const { return a ^ b; }
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

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL

template <class Combine>
HWY_INLINE std::uint32_t count_bits(const std::uint8_t* a, const std::uint8_t* b, std::size_t bytes,
                                    Combine combine) {
  return total(count_lanes(a, b, bytes, combine));
}

// Four rows share the steps that add up the lanes.
HWY_INLINE void hamming_four(const std::uint8_t* query, const std::uint8_t* const* rows,
                             std::size_t bytes, std::uint32_t* out) {
  const auto s0 = count_lanes(query, rows[0], bytes, differing()).raw;
  const auto s1 = count_lanes(query, rows[1], bytes, differing()).raw;
  const auto s2 = count_lanes(query, rows[2], bytes, differing()).raw;
  const auto s3 = count_lanes(query, rows[3], bytes, differing()).raw;
  // Sums fit into 32 bits, so that those of two rows share a lane.
  const auto s02 = _mm512_or_si512(s0, _mm512_slli_epi64(s2, 32));
  const auto s13 = _mm512_or_si512(s1, _mm512_slli_epi64(s3, 32));
  const auto pairs =
      _mm512_add_epi32(_mm512_unpacklo_epi64(s02, s13), _mm512_unpackhi_epi64(s02, s13));
  const auto half =
      _mm256_add_epi32(_mm512_castsi512_si256(pairs), _mm512_extracti64x4_epi64(pairs, 1));
  const auto all = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi32(all, 0xD8));
}

#else

// What is shorter than a register: a word at a time, then a byte at a time.
template <class Combine>
HWY_INLINE std::uint32_t count_rest(const std::uint8_t* a, const std::uint8_t* b, std::size_t bytes,
                                    Combine combine) {
  std::uint32_t sum = 0;
  for (; bytes >= sizeof(std::uint64_t); bytes -= sizeof(std::uint64_t)) {
    std::uint64_t x = 0;
    std::uint64_t y = 0;
    std::memcpy(&x, a, sizeof(x));
    std::memcpy(&y, b, sizeof(y));
    sum += static_cast<std::uint32_t>(std::popcount(combine(x, y)));
    a += sizeof(x);
    b += sizeof(y);
  }
  for (; bytes != 0; --bytes)
    sum += static_cast<std::uint32_t>(
        std::popcount(combine(std::uint64_t{*a++}, std::uint64_t{*b++})));
  return sum;
}

template <class Combine>
HWY_INLINE std::uint32_t count_bits(const std::uint8_t* a, const std::uint8_t* b, std::size_t bytes,
                                    Combine combine) {
  const std::size_t whole = bytes / hn::Lanes(tag8()) * hn::Lanes(tag8());
  const std::uint32_t rest = count_rest(a + whole, b + whole, bytes - whole, combine);
  return whole == 0 ? rest : rest + total(count_lanes(a, b, whole, combine));
}

HWY_INLINE void hamming_four(const std::uint8_t* query, const std::uint8_t* const* rows,
                             std::size_t bytes, std::uint32_t* out) {
  for (std::size_t i = 0; i < 4; ++i) out[i] = count_bits(query, rows[i], bytes, differing());
}

#endif

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
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const std::size_t ahead = i + 2 * rows_ahead < count ? i + 2 * rows_ahead : count;
    for (std::size_t next = i + 4; next < ahead; ++next) prefetch_bytes(rows[next], bytes);
    hamming_four(query, rows + i, bytes, out + i);
  }
  for (; i < count; ++i) out[i] = count_bits(query, rows[i], bytes, differing());
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
