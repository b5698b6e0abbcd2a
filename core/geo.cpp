// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/geo.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace thespis {

namespace {

double radians(double degrees) { return degrees * (std::numbers::pi / 180); }

enum class side : std::uint8_t { outside, within, on_line };

bool on_segment(const geo_point& a, const geo_point& b, const geo_point& p) {
  const double turn = (b.lon - a.lon) * (p.lat - a.lat) - (b.lat - a.lat) * (p.lon - a.lon);
  return turn == 0 && p.lon >= std::min(a.lon, b.lon) && p.lon <= std::max(a.lon, b.lon) &&
         p.lat >= std::min(a.lat, b.lat) && p.lat <= std::max(a.lat, b.lat);
}

// Counts how often a ray to the east crosses the ring. A segment holds its lower end and not its
// upper one, so that a corner at the ray's height counts once or twice as it should.
side side_of(const geo_ring& ring, const geo_point& p) {
  bool within = false;
  for (std::size_t i = 1; i < ring.size(); ++i) {
    const auto& a = ring[i - 1];
    const auto& b = ring[i];
    if (on_segment(a, b, p)) return side::on_line;
    if ((a.lat > p.lat) == (b.lat > p.lat)) continue;
    const double turn = (b.lon - a.lon) * (p.lat - a.lat) - (b.lat - a.lat) * (p.lon - a.lon);
    if ((turn > 0) == (b.lat > a.lat)) within = !within;
  }
  return within ? side::within : side::outside;
}

}  // namespace

double distance_m(const geo_point& a, const geo_point& b) noexcept {
  const double lat = std::sin(radians(b.lat - a.lat) / 2);
  const double lon = std::sin(radians(b.lon - a.lon) / 2);
  const double h = lat * lat + std::cos(radians(a.lat)) * std::cos(radians(b.lat)) * lon * lon;
  return 2 * earth_radius_m * std::asin(std::sqrt(std::min(1.0, h)));
}

bool geo_box::contains(const geo_point& place) const noexcept {
  const bool over_the_edge = top_left.lon > bottom_right.lon;
  const bool east_of_west = place.lon > top_left.lon;
  const bool west_of_east = place.lon < bottom_right.lon;
  return (over_the_edge ? east_of_west || west_of_east : east_of_west && west_of_east) &&
         place.lat > bottom_right.lat && place.lat < top_left.lat;
}

bool geo_circle::contains(const geo_point& place) const noexcept {
  return distance_m(center, place) < radius_m;
}

bool geo_polygon::contains(const geo_point& place) const noexcept {
  return side_of(exterior, place) == side::within &&
         std::all_of(interiors.begin(), interiors.end(),
                     [&](const geo_ring& hole) { return side_of(hole, place) == side::outside; });
}

}  // namespace thespis
