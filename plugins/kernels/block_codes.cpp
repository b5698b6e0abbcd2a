// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/block_codes.hpp"

#include <algorithm>
#include <cstring>

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/block_codes.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Nothing shorter has a rank that differs from zero.
constexpr float smallest = 1e-30F;

float longest_component(const float* y, const float* c, std::size_t padded) {
  const hn::ScalableTag<float> t;
  auto most = hn::Zero(t);
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t))
    most = hn::Max(most, hn::Abs(hn::Sub(hn::LoadU(t, y + i), hn::LoadU(t, c + i))));
  return hn::GetLane(hn::MaxOfLanes(t, most));
}

sign_fit fit_signs(const float* y, const float* c, std::size_t dimension, std::uint8_t* bits) {
  const hn::ScalableTag<float> t;
  const std::size_t padded = 4 * block_groups(dimension);
  std::memset(bits, 0, padded / 8);
  const float most = longest_component(y, c, padded);
  if (!(most > smallest)) return {};
  // Scaled, so that squares of the largest and the smallest stay within floats.
  const auto scale = hn::Set(t, 1 / most);
  const auto zero = hn::Zero(t);
  auto squares = zero, lengths = zero, center_signs = zero, center_dots = zero;
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t)) {
    const auto center = hn::LoadU(t, c + i);
    const auto v = hn::Mul(hn::Sub(hn::LoadU(t, y + i), center), scale);
    const auto positive = hn::Gt(v, zero);
    squares = hn::MulAdd(v, v, squares);
    lengths = hn::Add(lengths, hn::Abs(v));
    center_signs = hn::Add(center_signs, hn::IfThenElse(positive, center, hn::Neg(center)));
    center_dots = hn::MulAdd(center, v, center_dots);
    // As much as 8 bytes may be written, of which fewer than 8 lanes fill a part of one.
    std::uint8_t lane_bits[8] = {};
    hn::StoreMaskBits(t, positive, lane_bits);
    for (std::size_t byte = 0; byte < (hn::Lanes(t) + 7) / 8; ++byte)
      bits[i / 8 + byte] = static_cast<std::uint8_t>(bits[i / 8 + byte] | lane_bits[byte] << i % 8);
  }
  const auto sum = [t](auto v) HWY_ATTR { return hn::GetLane(hn::SumOfLanes(t, v)); };
  const float square = sum(squares);
  return {square * most * most, square / sum(lengths) * most, sum(center_signs),
          sum(center_dots) * most};
}

constexpr std::size_t table_entries = 16;
// Sums of so many entries fit into 16 bits.
constexpr std::size_t groups_together = 256;
constexpr float largest_entry = 255.0F;

// +1 where entry e of a table has bit j, else -1.
struct entry_signs {
  float of[4][table_entries];
};
constexpr entry_signs signs_of_entries() {
  entry_signs signs{};
  for (unsigned j = 0; j < 4; ++j)
    for (unsigned e = 0; e < table_entries; ++e) signs.of[j][e] = (e >> j & 1) != 0 ? 1.0F : -1.0F;
  return signs;
}
constexpr entry_signs signs = signs_of_entries();

#if HWY_TARGET == HWY_SCALAR

float longest_group(const float* r, std::size_t dimension) {
  const auto length = [](float x) { return x < 0 ? -x : x; };
  float most = 0;
  for (std::size_t i = 0; i < 4 * block_groups(dimension); i += 4)
    most = std::max(most, length(r[i]) + length(r[i + 1]) + length(r[i + 2]) + length(r[i + 3]));
  return most;
}

#else

// Sum of the lengths of the components of the group where it is largest: what tables reach.
float longest_group(const float* r, std::size_t dimension) {
  const hn::ScalableTag<float> t;
  auto most = hn::Zero(t);
  for (std::size_t i = 0; i < 4 * block_groups(dimension); i += hn::Lanes(t)) {
    const auto lengths = hn::Abs(hn::LoadU(t, r + i));
    const auto pairs = hn::Add(lengths, hn::Shuffle2301(lengths));
    most = hn::Max(most, hn::Add(pairs, hn::Shuffle1032(pairs)));
  }
  return hn::GetLane(hn::MaxOfLanes(t, most));
}

#endif

using table_tag = hn::CappedTag<float, table_entries>;

// Writes entries of the tables of four groups that were rounded to [0, 255].
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
HWY_INLINE void store_tables(const hn::Vec<hn::Rebind<std::int32_t, table_tag>>* entries,
                             std::uint8_t* tables) {
  const auto words01 = _mm512_packs_epi32(entries[0].raw, entries[1].raw);
  const auto words23 = _mm512_packs_epi32(entries[2].raw, entries[3].raw);
  const auto bytes = _mm512_packus_epi16(words01, words23);
  // Packing works within quarters: what it left there is four entries of each table.
  const auto order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  _mm512_storeu_si512(tables, _mm512_permutexvar_epi32(order, bytes));
}
#endif

block_query make_tables(const float* r, std::size_t dimension, std::uint8_t* tables) {
  const std::size_t groups = block_groups(dimension);
  const float most = longest_group(r, dimension);
  if (!(most > smallest)) {
    std::memset(tables, 0, block_table_bytes(dimension));
    return {};
  }
  constexpr float middle = largest_entry / 2;
  const float scale = middle / most;
  const table_tag t;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  const auto scales = hn::Set(t, scale);
  const auto s0 = hn::Mul(scales, hn::LoadU(t, signs.of[0]));
  const auto s1 = hn::Mul(scales, hn::LoadU(t, signs.of[1]));
  const auto s2 = hn::Mul(scales, hn::LoadU(t, signs.of[2]));
  const auto s3 = hn::Mul(scales, hn::LoadU(t, signs.of[3]));
  for (std::size_t g = 0; g < groups; g += 4) {
    hn::Vec<hn::Rebind<std::int32_t, table_tag>> entries[4];
    for (std::size_t i = 0; i < 4; ++i) {
      const float* x = r + 4 * (g + i);
      auto sum = hn::MulAdd(hn::Set(t, x[0]), s0, hn::Set(t, middle));
      sum = hn::MulAdd(hn::Set(t, x[1]), s1, sum);
      sum = hn::MulAdd(hn::Set(t, x[2]), s2, sum);
      entries[i] = hn::NearestInt(hn::MulAdd(hn::Set(t, x[3]), s3, sum));
    }
    store_tables(entries, tables + g * table_entries);
  }
#else
  const hn::Rebind<std::uint8_t, table_tag> narrow;
  for (std::size_t g = 0; g < groups; ++g)
    for (std::size_t e = 0; e < table_entries; e += hn::Lanes(t)) {
      const float* x = r + 4 * g;
      auto sum = hn::Set(t, middle);
      for (std::size_t j = 0; j < 4; ++j)
        sum = hn::MulAdd(hn::Set(t, x[j] * scale), hn::LoadU(t, signs.of[j] + e), sum);
      hn::StoreU(hn::DemoteTo(narrow, hn::NearestInt(sum)), narrow, tables + g * table_entries + e);
    }
#endif
  // Groups of padding say nothing: half of what the others are lifted by could not be rounded.
  const std::size_t used = (dimension + 3) / 4;
  std::memset(tables + used * table_entries, 0, (groups - used) * table_entries);
  return {1 / scale, most * static_cast<float>(used)};
}

#if HWY_TARGET == HWY_SCALAR

void estimate(const block_query& line, const std::uint8_t* tables, std::size_t dimension,
              const void* block, float base, float* ranks) {
  block_head head;
  std::memcpy(&head, block, sizeof(head));
  const auto* codes = static_cast<const std::uint8_t*>(block) + sizeof(head);
  std::uint32_t sums[block_rows] = {};
  for (std::size_t g = 0; g < block_groups(dimension); ++g)
    for (std::size_t b = 0; b < 16; ++b) {
      const std::size_t row = b / 2 + (b % 2) * 8;
      const unsigned both = codes[g * 16 + b];
      sums[row] += tables[g * 16 + (both & 15)];
      sums[row + 16] += tables[g * 16 + (both >> 4)];
    }
  for (std::size_t i = 0; i < block_rows; ++i)
    ranks[i] = base + block_head::widened(head.fixed[i]) +
               block_head::widened(head.factor[i]) *
                   (line.step * static_cast<float>(sums[i]) - line.offset);
}

#else

using tag8 = hn::ScalableTag<std::uint8_t>;
using tag16 = hn::ScalableTag<std::uint16_t>;
using vec16 = hn::Vec<tag16>;
using half16 = hn::Full128<std::uint16_t>;

// Sums of 16 bits over the groups that a register holds side by side, 8 rows each.
HWY_INLINE hn::Vec<half16> over_groups(vec16 v) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  const hn::Half<tag16> half;
  const auto folded = hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v));
  return hn::Add(hn::LowerHalf(half16(), folded), hn::UpperHalf(half16(), folded));
#elif HWY_TARGET == HWY_AVX2
  return hn::Add(hn::LowerHalf(half16(), v), hn::UpperHalf(half16(), v));
#else
  return v;
#endif
}

// Sums of the tables for 32 rows, in quarters of 8.
struct quarters {
  hn::Vec<half16> q0, q1, q2, q3;
};

HWY_INLINE quarters sum_tables(const std::uint8_t* tables, const std::uint8_t* codes,
                               std::size_t bytes) {
  const tag8 t8;
  const tag16 t16;
  const auto mask = hn::Set(t8, std::uint8_t{15});
  // Of two bytes side by side, `both` sums the lower one and 256 times the upper one, and `upper`
  // the upper one: what runs over is subtracted again.
  vec16 both_low = hn::Zero(t16), upper_low = both_low;
  vec16 both_high = both_low, upper_high = both_low;
  for (std::size_t at = 0; at < bytes; at += hn::Lanes(t8)) {
    const auto rows = hn::LoadU(t8, codes + at);
    const auto table = hn::LoadU(t8, tables + at);
    const auto shifted = hn::BitCast(t8, hn::ShiftRight<4>(hn::BitCast(t16, rows)));
    const auto low = hn::BitCast(t16, hn::TableLookupBytes(table, hn::And(rows, mask)));
    const auto high = hn::BitCast(t16, hn::TableLookupBytes(table, hn::And(shifted, mask)));
    both_low = hn::Add(both_low, low);
    both_high = hn::Add(both_high, high);
    upper_low = hn::Add(upper_low, hn::ShiftRight<8>(low));
    upper_high = hn::Add(upper_high, hn::ShiftRight<8>(high));
  }
  both_low = hn::Sub(both_low, hn::ShiftLeft<8>(upper_low));
  both_high = hn::Sub(both_high, hn::ShiftLeft<8>(upper_high));
  return {over_groups(both_low), over_groups(upper_low), over_groups(both_high),
          over_groups(upper_high)};
}

HWY_INLINE void finish(const block_query& line, const block_head& head, float base,
                       const std::uint32_t* sums, float* ranks) {
  const hn::CappedTag<float, 16> t;
  const hn::Rebind<std::int32_t, decltype(t)> integer;
  const hn::Rebind<std::uint16_t, decltype(t)> narrow;
  const auto step = hn::Set(t, line.step);
  const auto offset = hn::Set(t, line.offset);
  for (std::size_t i = 0; i < block_rows; i += hn::Lanes(t)) {
    const auto sum =
        hn::ConvertTo(t, hn::LoadU(integer, reinterpret_cast<const std::int32_t*>(sums + i)));
    const auto widened = [&](const std::uint16_t* from) HWY_ATTR {
      const auto halves = hn::PromoteTo(integer, hn::LoadU(narrow, from + i));
      return hn::BitCast(t, hn::ShiftLeft<16>(halves));
    };
    const auto fixed = hn::Add(hn::Set(t, base), widened(head.fixed));
    hn::StoreU(hn::MulAdd(widened(head.factor), hn::MulSub(step, sum, offset), fixed), t,
               ranks + i);
  }
}

HWY_INLINE void widen_to(hn::Vec<half16> sums, bool first, std::uint32_t* to) {
  const hn::CappedTag<std::uint32_t, 8> t;
  const hn::Rebind<std::uint16_t, decltype(t)> narrow;
  HWY_ALIGN std::uint16_t lanes[8];
  hn::Store(sums, half16(), lanes);
  for (std::size_t i = 0; i < 8; i += hn::Lanes(t)) {
    const auto wide = hn::PromoteTo(t, hn::LoadU(narrow, lanes + i));
    hn::StoreU(first ? wide : hn::Add(wide, hn::LoadU(t, to + i)), t, to + i);
  }
}

void estimate(const block_query& line, const std::uint8_t* tables, std::size_t dimension,
              const void* block, float base, float* ranks) {
  const auto& head = *static_cast<const block_head*>(block);
  const auto* codes = static_cast<const std::uint8_t*>(block) + sizeof(head);
  const std::size_t bytes = block_table_bytes(dimension);
  constexpr std::size_t together = groups_together * table_entries;
  HWY_ALIGN std::uint32_t sums[block_rows];
  for (std::size_t at = 0; at < bytes; at += together) {
    const quarters q = sum_tables(tables + at, codes + at, std::min(together, bytes - at));
    widen_to(q.q0, at == 0, sums);
    widen_to(q.q1, at == 0, sums + 8);
    widen_to(q.q2, at == 0, sums + 16);
    widen_to(q.q3, at == 0, sums + 24);
  }
  finish(line, head, base, sums, ranks);
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace

block_kernels choose_blocks() { return {fit_signs, make_tables, estimate}; }

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {

HWY_EXPORT(choose_blocks);

block_kernels block_kernels_here() noexcept { return HWY_DYNAMIC_DISPATCH(choose_blocks)(); }

void put_signs(const std::uint8_t* bits, std::size_t dimension, std::size_t row,
               void* block) noexcept {
  auto* at = static_cast<std::uint8_t*>(block) + sizeof(block_head);
  const std::size_t in_half = row % 16;
  at += in_half < 8 ? 2 * in_half : 2 * (in_half - 8) + 1;
  const unsigned shift = row < 16 ? 0 : 4;
  for (std::size_t g = 0; g < block_groups(dimension); ++g) {
    const unsigned nibble = bits[g / 2] >> (g % 2 * 4) & 15;
    at[g * 16] = static_cast<std::uint8_t>(at[g * 16] | nibble << shift);
  }
}

}  // namespace thespis::kernels
#endif
