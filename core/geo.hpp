// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <vector>

namespace thespis {

/// The mean radius of the Earth, (2a + b) / 3 of its ellipsoid. Units: metres.
/// Source: H. Moritz, Geodetic Reference System 1980, R1.
inline constexpr double earth_radius_m = 6'371'008.8;

/// A place. Units: degrees, east and north positive.
struct geo_point {
  double lon = 0;
  double lat = 0;
};

/// The shortest way over a sphere with the Earth's mean radius. Units: metres.
/// Source: the haversine formula.
[[nodiscard]] double distance_m(const geo_point& a, const geo_point& b) noexcept;

/// What lies between two parallels and two meridians, edges excluded. If the west lies east of the
/// east, the box goes over the 180th meridian.
struct geo_box {
  geo_point top_left;
  geo_point bottom_right;

  [[nodiscard]] bool contains(const geo_point& place) const noexcept;
};

/// What is nearer to a place than `radius_m`.
struct geo_circle {
  geo_point center;
  double radius_m = 0;

  [[nodiscard]] bool contains(const geo_point& place) const noexcept;
};

/// A line that ends where it begins, at least 4 points.
using geo_ring = std::vector<geo_point>;

/// What lies within a ring and in none of its holes, in the plane of longitude and latitude. Lines
/// belong to neither side: no place on one is within.
struct geo_polygon {
  geo_ring exterior;
  std::vector<geo_ring> interiors;

  [[nodiscard]] bool contains(const geo_point& place) const noexcept;
};

}  // namespace thespis
