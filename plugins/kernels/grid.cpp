// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/grid.hpp"

#include <cmath>
#include <cstring>

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/grid.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using tag = hn::ScalableTag<float>;
using vec = hn::Vec<tag>;
using tag32 = hn::Rebind<std::int32_t, tag>;
using vec32 = hn::Vec<tag32>;

constexpr float largest = 127.0F;
// Nothing shorter has a rank that differs from zero.
constexpr float smallest = 1e-30F;

HWY_INLINE float sum_of(vec v) { return hn::GetLane(hn::SumOfLanes(tag(), v)); }

float largest_of(const float* y, std::size_t padded) {
  const tag t;
  vec most = hn::Zero(t);
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t))
    most = hn::Max(most, hn::Abs(hn::LoadU(t, y + i)));
  return hn::GetLane(hn::MaxOfLanes(t, most));
}

// Cells of components that were multiplied so that 127 is the largest.
HWY_INLINE vec32 cells(vec components, vec widen) {
  const tag t;
  const vec place = hn::MulAdd(components, widen, hn::Set(t, byte_zero + 0.5F));
  return hn::ConvertTo(tag32(), hn::Min(hn::Max(place, hn::Zero(t)), hn::Set(t, 255.0F)));
}

struct products {
  float byte_length = 0;  // <u, u> of u = c - z
  float byte_along = 0;   // <y, u>
  float nibble_length = 0;
  float nibble_along = 0;
};

// What a grid, `widen` times as fine as the one that reaches the largest component, would give.
products try_grid(const float* y, std::size_t dimension, std::size_t padded, float scale,
                  float widen) {
  const tag t;
  const vec scales = hn::Set(t, scale);
  const vec widens = hn::Set(t, widen);
  vec byte_length = hn::Zero(t), byte_along = byte_length;
  vec nibble_length = byte_length, nibble_along = byte_length;
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t)) {
    const vec v = hn::Mul(hn::LoadU(t, y + i), scales);
    const vec32 c = cells(v, widens);
    const vec byte = hn::Sub(hn::ConvertTo(t, c), hn::Set(t, byte_zero));
    const vec nibble = hn::Sub(hn::ConvertTo(t, hn::ShiftRight<4>(c)), hn::Set(t, nibble_zero));
    byte_length = hn::MulAdd(byte, byte, byte_length);
    byte_along = hn::MulAdd(v, byte, byte_along);
    nibble_length = hn::MulAdd(nibble, nibble, nibble_length);
    nibble_along = hn::MulAdd(v, nibble, nibble_along);
  }
  // The padding lies half a cell beside the zero of 4 bits.
  constexpr float beside = byte_zero / 16 - nibble_zero;
  const auto padding = static_cast<float>(padded - dimension);
  return {sum_of(byte_length), sum_of(byte_along),
          sum_of(nibble_length) - padding * beside * beside, sum_of(nibble_along)};
}

// Share of y that points elsewhere than its code does.
float miss(float square, float length, float along) {
  return length > 0 ? 1 - along * along / (square * length) : 1;
}

// How much finer grids are tried that cut the largest components off.
constexpr float widenings[] = {1.0F, 1.1F, 1.21F};
// The error of 8 bits counts for more, as it is what ranks end with.
constexpr float byte_weight = 16;

grid_fit fit(const float* y, std::size_t dimension, bool split, std::uint8_t* codes) {
  const tag t;
  const std::size_t padded = (dimension + 15) / 16 * 16;
  const float most = largest_of(y, padded);
  if (!(most > smallest)) {
    std::memset(codes, 128, padded);
    return {};
  }
  const float scale = largest / most;
  vec squares = hn::Zero(t);
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t)) {
    const vec v = hn::Mul(hn::LoadU(t, y + i), hn::Set(t, scale));
    squares = hn::MulAdd(v, v, squares);
  }
  const float square = sum_of(squares);
  float widen = 1;
  products best = try_grid(y, dimension, padded, scale, widen);
  const auto cost = [&](const products& p) {
    return miss(square, p.nibble_length, p.nibble_along) +
           byte_weight * miss(square, p.byte_length, p.byte_along);
  };
  for (std::size_t i = 1; split && i < std::size(widenings); ++i) {
    const products other = try_grid(y, dimension, padded, scale, widenings[i]);
    if (cost(other) >= cost(best)) continue;
    best = other;
    widen = widenings[i];
  }
  const hn::Rebind<std::uint8_t, tag> narrow;
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t)) {
    const vec v = hn::Mul(hn::LoadU(t, y + i), hn::Set(t, scale));
    hn::StoreU(hn::DemoteTo(narrow, cells(v, hn::Set(t, widen))), narrow, codes + i);
  }
  const auto factor = [&](float along) { return along > 0 ? square / along / scale : 0.0F; };
  return {factor(best.byte_along), factor(best.nibble_along)};
}

// Steps of the best grid for components with a normal distribution and a variance of 1.
// Source: Max 1960, Quantizing for minimum distortion.
constexpr float normal_steps[] = {1.6F, 0.996F, 0.586F, 0.335F};
constexpr float step_trials[] = {1.0F, 0.85F, 1.15F, 1.3F, 1.5F};

// Puts y on the grid of `levels` cells of 1 / inverse; gives <u, u> and <y, u>.
products place_bits(const float* y, std::size_t dimension, std::size_t padded, float inverse,
                    float levels, std::uint8_t* codes) {
  const tag t;
  const hn::Rebind<std::uint8_t, tag> narrow;
  const float zero = (levels - 1) / 2;
  vec length = hn::Zero(t), along = length, sign_along = length;
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t)) {
    const vec v = hn::LoadU(t, y + i);
    const vec place = hn::MulAdd(v, hn::Set(t, inverse), hn::Set(t, levels / 2));
    const vec32 c =
        hn::ConvertTo(tag32(), hn::Min(hn::Max(place, hn::Zero(t)), hn::Set(t, levels - 1)));
    const vec u = hn::Sub(hn::ConvertTo(t, c), hn::Set(t, zero));
    length = hn::MulAdd(u, u, length);
    along = hn::MulAdd(v, u, along);
    sign_along = hn::Add(sign_along, hn::Abs(v));
    hn::StoreU(hn::DemoteTo(narrow, c), narrow, codes + i);
  }
  // The padding lies in the cell above the zero.
  const auto padding = static_cast<float>(padded - dimension);
  return {sum_of(length) - padding / 4, sum_of(along), 0, sum_of(sign_along) / 2};
}

bits_fit fit_bits(const float* y, std::size_t dimension, unsigned bits, std::uint8_t* codes) {
  const tag t;
  const std::size_t padded = (dimension + 15) / 16 * 16;
  const float most = largest_of(y, padded);
  if (!(most > smallest)) {
    std::memset(codes, 0, (dimension + 63) / 64 * 64);
    return {};
  }
  vec squares = hn::Zero(t);
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t)) {
    const vec v = hn::Mul(hn::LoadU(t, y + i), hn::Set(t, 1 / most));
    squares = hn::MulAdd(v, v, squares);
  }
  const float square = sum_of(squares);
  const float deviation = most * std::sqrt(square / static_cast<float>(dimension));
  const auto levels = static_cast<float>(1U << bits);
  const auto place = [&](float trial) {
    const float inverse = 1 / (deviation * normal_steps[bits - 1] * trial);
    return place_bits(y, dimension, padded, inverse, levels, codes);
  };
  const auto quality = [&](const products& p) {
    return p.byte_along / most * (p.byte_along / most) / p.byte_length;
  };
  float chosen = step_trials[0];
  products best = place(chosen);
  for (std::size_t i = 1; bits > 1 && i < std::size(step_trials); ++i) {
    const products other = place(step_trials[i]);
    if (quality(other) <= quality(best)) continue;
    best = other;
    chosen = step_trials[i];
  }
  if (bits > 1) place(chosen);
  std::memset(codes + dimension, 0, (dimension + 63) / 64 * 64 - dimension);
  const auto factor = [&](float along) {
    return along > 0 ? square * most / (along / most) : 0.0F;
  };
  return {factor(best.byte_along), factor(best.nibble_along)};
}

void pack_plane(const std::uint8_t* codes, std::size_t dimension, unsigned bit,
                std::uint8_t* plane) {
  const hn::ScalableTag<std::uint8_t> t;
  const auto wanted = hn::Set(t, static_cast<std::uint8_t>(1U << bit));
#if HWY_TARGET == HWY_SCALAR
  std::memset(plane, 0, (dimension + 63) / 64 * 8);
  for (std::size_t i = 0; i < dimension; ++i)
    plane[i / 8] = static_cast<std::uint8_t>(plane[i / 8] | (codes[i] >> bit & 1) << i % 8);
  (void)wanted;
#else
  for (std::size_t i = 0; i < dimension; i += hn::Lanes(t))
    hn::StoreMaskBits(t, hn::TestBit(hn::LoadU(t, codes + i), wanted), plane + i / 8);
#endif
}

query_fit fit_query(const float* r, std::size_t dimension, std::int8_t* q) {
  const tag t;
  const std::size_t padded = (dimension + 15) / 16 * 16;
  const float most = largest_of(r, padded);
  if (!(most > smallest)) {
    std::memset(q, 0, padded);
    return {};
  }
  const vec scale = hn::Set(t, largest / most);
  const hn::Rebind<std::int8_t, tag> narrow;
  vec32 sums = hn::Zero(tag32());
  for (std::size_t i = 0; i < padded; i += hn::Lanes(t)) {
    const vec32 rounded = hn::NearestInt(hn::Mul(hn::LoadU(t, r + i), scale));
    sums = hn::Add(sums, rounded);
    hn::StoreU(hn::DemoteTo(narrow, rounded), narrow, q + i);
  }
  return {most / largest, hn::GetLane(hn::SumOfLanes(tag32(), sums))};
}

}  // namespace

grid_kernels choose_grid() { return {fit, fit_bits, pack_plane, fit_query}; }

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {
namespace {

constexpr std::size_t block_bytes = 64;
constexpr std::size_t block_components = 2 * block_bytes;

// Calls body(first component, first byte, bytes, components) for each block of codes of 4 bits.
template <class Body>
void each_block(std::size_t dimension, Body body) {
  for (std::size_t from = 0; from < dimension; from += block_components) {
    const std::size_t components =
        dimension - from < block_components ? dimension - from : block_components;
    body(from, from / 2, (components + 1) / 2, components);
  }
}

}  // namespace

HWY_EXPORT(choose_grid);

grid_kernels grid_kernels_here() noexcept { return HWY_DYNAMIC_DISPATCH(choose_grid)(); }

void split_nibbles(const std::uint8_t* codes, std::size_t dimension, std::uint8_t* upper,
                   std::uint8_t* lower) noexcept {
  each_block(dimension, [&](std::size_t from, std::size_t at, std::size_t half, std::size_t all) {
    const auto* first = codes + from;
    const auto* second = first + half;
    for (std::size_t i = 0; i < half; ++i) {
      const unsigned low = first[i];
      const unsigned high = half + i < all ? second[i] : 0;
      upper[at + i] = static_cast<std::uint8_t>(low >> 4 | (high & 0xF0));
      lower[at + i] = static_cast<std::uint8_t>((low & 0x0F) | high << 4);
    }
  });
}

void order_for_nibbles(const std::int8_t* query, std::size_t dimension, std::int8_t* out) noexcept {
  std::memset(out, 0, nibble_query_bytes(dimension));
  each_block(dimension, [&](std::size_t from, std::size_t, std::size_t half, std::size_t all) {
    std::memcpy(out + from, query + from, half);
    std::memcpy(out + from + block_bytes, query + from + half, all - half);
  });
}

std::int32_t query_of_nibbles(const std::uint8_t* upper, const std::uint8_t* lower,
                              std::size_t dimension, std::int8_t* out) noexcept {
  std::memset(out, 0, nibble_query_bytes(dimension));
  std::int32_t sum = 0;
  each_block(dimension, [&](std::size_t from, std::size_t at, std::size_t half, std::size_t all) {
    auto* first = out + from;
    auto* second = first + block_bytes;
    for (std::size_t i = 0; i < half; ++i) {
      const int c = (upper[at + i] & 0x0F) << 4 | (lower[at + i] & 0x0F);
      first[i] = static_cast<std::int8_t>(c - 128);
      sum += c - 128;
    }
    for (std::size_t i = 0; i < all - half; ++i) {
      const int c = (upper[at + i] & 0xF0) | lower[at + i] >> 4;
      second[i] = static_cast<std::int8_t>(c - 128);
      sum += c - 128;
    }
  });
  return sum;
}

std::int32_t query_of_upper_nibbles(const std::uint8_t* upper, std::size_t dimension,
                                    std::int8_t* out) noexcept {
  std::memset(out, 0, nibble_query_bytes(dimension));
  std::int32_t sum = 0;
  each_block(dimension, [&](std::size_t from, std::size_t at, std::size_t half, std::size_t all) {
    auto* first = out + from;
    auto* second = first + block_bytes;
    for (std::size_t i = 0; i < half; ++i) {
      first[i] = static_cast<std::int8_t>(2 * (upper[at + i] & 0x0F) - 15);
      sum += first[i];
    }
    for (std::size_t i = 0; i < all - half; ++i) {
      second[i] = static_cast<std::int8_t>(2 * (upper[at + i] >> 4) - 15);
      sum += second[i];
    }
  });
  return sum;
}

std::int32_t query_of_planes(const std::uint8_t* sign, const std::uint8_t* finer,
                             std::size_t planes, std::size_t dimension, std::int8_t* out) noexcept {
  const std::size_t plane_bytes = (dimension + 7) / 8;
  const auto bit = [](const std::uint8_t* plane, std::size_t i) {
    return plane[i / 8] >> i % 8 & 1;
  };
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) {
    int cell = bit(sign, i);
    for (std::size_t p = 0; p + 1 < planes; ++p) cell = 2 * cell + bit(finer + p * plane_bytes, i);
    out[i] = static_cast<std::int8_t>(2 * cell - ((1 << planes) - 1));
    sum += out[i];
  }
  std::memset(out + dimension, 0, (dimension + 63) / 64 * 64 - dimension);
  return sum;
}

std::int32_t query_of_bytes(const std::uint8_t* codes, std::size_t dimension,
                            std::int8_t* out) noexcept {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) {
    out[i] = static_cast<std::int8_t>(codes[i] - 128);
    sum += codes[i] - 128;
  }
  std::memset(out + dimension, 0, (dimension + 63) / 64 * 64 - dimension);
  return sum;
}

}  // namespace thespis::kernels
#endif
