// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/select.hpp"

#include "plugins/kernels/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "plugins/kernels/select.cpp"
#include <hwy/foreach_target.h>
// After foreach_target, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace thespis::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using select_tag = hn::ScalableTag<float>;
using select_vec = hn::Vec<select_tag>;

// Nearly all values are above: four registers are looked at before anything is decided.
template <class Load, class Value>
HWY_INLINE std::size_t select_by(std::size_t count, float bound, std::uint32_t* HWY_RESTRICT out,
                                 const Load& load, const Value& value) {
  const select_tag t;
  const std::size_t lanes = hn::Lanes(t);
  const select_vec limit = hn::Set(t, bound);
  std::size_t found = 0;
  std::size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const auto above =
        hn::And(hn::And(hn::Gt(load(i), limit), hn::Gt(load(i + lanes), limit)),
                hn::And(hn::Gt(load(i + 2 * lanes), limit), hn::Gt(load(i + 3 * lanes), limit)));
    if (HWY_LIKELY(hn::AllTrue(t, above))) continue;
    for (std::size_t j = i; j < i + 4 * lanes; ++j) {
      out[found] = static_cast<std::uint32_t>(j);
      found += value(j) > bound ? 0 : 1;
    }
  }
  for (; i < count; ++i) {
    out[found] = static_cast<std::uint32_t>(i);
    found += value(i) > bound ? 0 : 1;
  }
  return found;
}

std::size_t select_values(const float* HWY_RESTRICT values, std::size_t count, float bound,
                          std::uint32_t* HWY_RESTRICT out) {
  return select_by(
      count, bound, out, [&](std::size_t i) { return hn::LoadU(select_tag(), values + i); },
      [&](std::size_t i) { return values[i]; });
}

std::size_t select_sums(const float* HWY_RESTRICT values, const float* HWY_RESTRICT terms,
                        std::size_t count, float bound, std::uint32_t* HWY_RESTRICT out) {
  return select_by(
      count, bound, out,
      [&](std::size_t i) {
        return hn::Add(hn::LoadU(select_tag(), values + i), hn::LoadU(select_tag(), terms + i));
      },
      [&](std::size_t i) { return values[i] + terms[i]; });
}

std::size_t select_products(const float* HWY_RESTRICT values, const float* HWY_RESTRICT factors,
                            std::size_t count, float bound, std::uint32_t* HWY_RESTRICT out) {
  return select_by(
      count, bound, out,
      [&](std::size_t i) {
        return hn::Mul(hn::LoadU(select_tag(), values + i), hn::LoadU(select_tag(), factors + i));
      },
      [&](std::size_t i) { return values[i] * factors[i]; });
}

}  // namespace thespis::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace thespis::kernels {

HWY_EXPORT(select_values);
HWY_EXPORT(select_sums);
HWY_EXPORT(select_products);

std::size_t not_above(const float* values, std::size_t count, float bound,
                      std::uint32_t* out) noexcept {
  return HWY_DYNAMIC_DISPATCH(select_values)(values, count, bound, out);
}

std::size_t sums_not_above(const float* values, const float* terms, std::size_t count, float bound,
                           std::uint32_t* out) noexcept {
  return HWY_DYNAMIC_DISPATCH(select_sums)(values, terms, count, bound, out);
}

std::size_t products_not_above(const float* values, const float* factors, std::size_t count,
                               float bound, std::uint32_t* out) noexcept {
  return HWY_DYNAMIC_DISPATCH(select_products)(values, factors, count, bound, out);
}

}  // namespace thespis::kernels
#endif
