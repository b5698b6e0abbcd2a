// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/collection_spec.hpp"
#include "core/point.hpp"

/// A small collection whose answers a person can judge at a glance.
namespace thespis::demo {

/// A colour that CSS gives a name.
struct css_colour {
  std::string_view name;
  std::uint32_t rgb = 0;  ///< 0xRRGGBB, sRGB.
};

/// The 148 named colours by name.
[[nodiscard]] std::span<const css_colour> css_colours();

/// Turns an sRGB colour into CIELAB, where euclidean distance is roughly what the eye sees.
/// Shape: L* (0 to 100), a*, b*; white point D65.
[[nodiscard]] std::array<float, 3> cielab(std::uint32_t rgb);

/// Name of the demo collection.
inline constexpr std::string_view colours_name = "colours";

/// The demo collection: one unnamed vector of 3 dimensions, euclid.
[[nodiscard]] collection_spec colours_spec();

/// Its points: ids from 1 in order of name, payload `{"name":"teal","hex":"#008080"}`.
[[nodiscard]] std::vector<point> colours_points();

}  // namespace thespis::demo
