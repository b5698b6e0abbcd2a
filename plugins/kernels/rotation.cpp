// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/rotation.hpp"

#include <bit>
#include <cmath>

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/rotation.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// The transform as it is defined, of what is too short for registers.
void transform_plain(float* x, std::size_t span, const float* signs) {
  for (std::size_t i = 0; i < span; ++i) x[i] *= signs[i];
  for (std::size_t half = 1; half < span; half *= 2)
    for (std::size_t from = 0; from < span; from += 2 * half)
      for (std::size_t i = from; i < from + half; ++i) {
        const float a = x[i];
        const float b = x[i + half];
        x[i] = a + b;
        x[i + half] = a - b;
      }
}

#if HWY_TARGET == HWY_SCALAR

void transform(float* x, std::size_t span, const float* signs) { transform_plain(x, span, signs); }

#else

using tag = hn::ScalableTag<float>;
using vec = hn::Vec<tag>;

// +1 in lanes whose number has the bit `bit` clear, -1 in the others.
HWY_INLINE vec alternating(std::uint32_t bit) {
  const hn::RebindToUnsigned<tag> integer;
  const auto set = hn::And(hn::Iota(integer, 0), hn::Set(integer, bit));
  const tag t;
  return hn::IfThenElse(hn::RebindMask(t, hn::Eq(set, hn::Zero(integer))), hn::Set(t, 1.0F),
                        hn::Set(t, -1.0F));
}

struct lane_signs {
  vec by1, by2, by4, by8;
};

// The steps of the transform between lanes of one register: a product with +-1 turns the sum of a
// pair into their difference in the second of them.
HWY_INLINE vec within(vec v, const lane_signs& signs) {
  v = hn::MulAdd(v, signs.by1, hn::Shuffle2301(v));
  v = hn::MulAdd(v, signs.by2, hn::Shuffle1032(v));
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  v = hn::MulAdd(v, signs.by4, vec{_mm512_shuffle_f32x4(v.raw, v.raw, 0xB1)});
  v = hn::MulAdd(v, signs.by8, vec{_mm512_shuffle_f32x4(v.raw, v.raw, 0x4E)});
#elif HWY_TARGET == HWY_AVX2
  v = hn::MulAdd(v, signs.by4, hn::SwapAdjacentBlocks(v));
#endif
  return v;
}

HWY_INLINE void pair(vec& a, vec& b) {
  const vec sum = hn::Add(a, b);
  b = hn::Sub(a, b);
  a = sum;
}

// The steps between 8 registers that lie `gap` floats apart.
template <bool First>
HWY_INLINE void eight(float* x, std::size_t gap, const float* signs, const lane_signs& lanes) {
  const tag t;
  const auto load = [&](std::size_t i) HWY_ATTR {
    const vec v = hn::LoadU(t, x + i * gap);
    return First ? within(hn::Mul(v, hn::LoadU(t, signs + i * gap)), lanes) : v;
  };
  vec v0 = load(0), v1 = load(1), v2 = load(2), v3 = load(3);
  vec v4 = load(4), v5 = load(5), v6 = load(6), v7 = load(7);
  pair(v0, v1), pair(v2, v3), pair(v4, v5), pair(v6, v7);
  pair(v0, v2), pair(v1, v3), pair(v4, v6), pair(v5, v7);
  pair(v0, v4), pair(v1, v5), pair(v2, v6), pair(v3, v7);
  hn::StoreU(v0, t, x), hn::StoreU(v1, t, x + gap);
  hn::StoreU(v2, t, x + 2 * gap), hn::StoreU(v3, t, x + 3 * gap);
  hn::StoreU(v4, t, x + 4 * gap), hn::StoreU(v5, t, x + 5 * gap);
  hn::StoreU(v6, t, x + 6 * gap), hn::StoreU(v7, t, x + 7 * gap);
}

HWY_INLINE void four(float* x, std::size_t gap) {
  const tag t;
  vec v0 = hn::LoadU(t, x), v1 = hn::LoadU(t, x + gap);
  vec v2 = hn::LoadU(t, x + 2 * gap), v3 = hn::LoadU(t, x + 3 * gap);
  pair(v0, v1), pair(v2, v3);
  pair(v0, v2), pair(v1, v3);
  hn::StoreU(v0, t, x), hn::StoreU(v1, t, x + gap);
  hn::StoreU(v2, t, x + 2 * gap), hn::StoreU(v3, t, x + 3 * gap);
}

HWY_INLINE void two(float* x, std::size_t gap) {
  const tag t;
  vec v0 = hn::LoadU(t, x), v1 = hn::LoadU(t, x + gap);
  pair(v0, v1);
  hn::StoreU(v0, t, x), hn::StoreU(v1, t, x + gap);
}

void transform(float* x, std::size_t span, const float* signs) {
  const tag t;
  const std::size_t lanes = hn::Lanes(t);
  if (span < lanes) {
    transform_plain(x, span, signs);
    return;
  }
  const lane_signs by{alternating(1), alternating(2), alternating(4), alternating(8)};
  std::size_t done = lanes;  // transforms of so many components are complete
  if (span >= 8 * lanes) {
    for (std::size_t at = 0; at < span; at += 8 * lanes) eight<true>(x + at, lanes, signs + at, by);
    done = 8 * lanes;
  } else {
    for (std::size_t at = 0; at < span; at += lanes)
      hn::StoreU(within(hn::Mul(hn::LoadU(t, x + at), hn::LoadU(t, signs + at)), by), t, x + at);
  }
  while (done < span) {
    const std::size_t left = span / done;
    const std::size_t width = left >= 8 ? 8 : left;
    for (std::size_t from = 0; from < span; from += width * done)
      for (std::size_t at = from; at < from + done; at += lanes) {
        if (width == 8) eight<false>(x + at, done, nullptr, by);
        if (width == 4) four(x + at, done);
        if (width == 2) two(x + at, done);
      }
    done *= width;
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

// Turns component i of the first half and of the second by 45 degrees. Where transforms hardly
// overlap, this is what mixes them.
void mix_halves(float* x, std::size_t dimension) {
  const hn::ScalableTag<float> t;
  const std::size_t lanes = hn::Lanes(t);
  const std::size_t half = dimension / 2;
  constexpr float scale = 0.70710678F;
  float* HWY_RESTRICT y = x + (dimension - half);
  const auto scales = hn::Set(t, scale);
  std::size_t i = 0;
  for (; i + lanes <= half; i += lanes) {
    const auto a = hn::Mul(scales, hn::LoadU(t, x + i));
    const auto b = hn::Mul(scales, hn::LoadU(t, y + i));
    hn::StoreU(hn::Add(a, b), t, x + i);
    hn::StoreU(hn::Sub(a, b), t, y + i);
  }
  for (; i < half; ++i) {
    const float a = scale * x[i];
    const float b = scale * y[i];
    x[i] = a + b;
    y[i] = a - b;
  }
}

void rotate(float* vector, std::size_t dimension, std::size_t span, const float* signs) {
  if (span == dimension) {
    for (int round = 0; round < 3; ++round) transform(vector, span, signs + round * span);
    return;
  }
  float* last = vector + (dimension - span);
  transform(vector, span, signs);
  mix_halves(vector, dimension);
  transform(last, span, signs + span);
  mix_halves(vector, dimension);
  transform(vector, span, signs + 2 * span);
  transform(last, span, signs + 3 * span);
}

}  // namespace

using rotate_fn = void (*)(float*, std::size_t, std::size_t, const float*);
rotate_fn choose_rotation() { return rotate; }

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {
namespace {

// Steele, Lea & Flood 2014: SplitMix64. Its own, so that saved codes fit on every machine.
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

}  // namespace

HWY_EXPORT(choose_rotation);

rotation::rotation(std::size_t dimension, std::uint64_t seed)
    : dimension_(dimension),
      span_(std::bit_floor(dimension)),
      signs_(span_ * (span_ == dimension ? 3 : 4)),
      run_(HWY_DYNAMIC_DISPATCH(choose_rotation)()) {
  const float scale = 1.0F / std::sqrt(static_cast<float>(span_));
  for (auto& sign : signs_) sign = (next_random(seed) & 1) != 0 ? scale : -scale;
}

}  // namespace thespis::kernels
#endif
