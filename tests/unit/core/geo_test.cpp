// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/geo.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "tests/support/catch.hpp"

namespace thespis {
namespace {

constexpr geo_point berlin{13.4050, 52.5200};
constexpr geo_point paris{2.3522, 48.8566};

geo_ring square(double low, double high) {
  return {{low, low}, {high, low}, {high, high}, {low, high}, {low, low}};
}

// How often the ring turns around a place, by the angles that it sweeps.
int turns(const geo_ring& ring, const geo_point& p) {
  double sum = 0;
  for (std::size_t i = 1; i < ring.size(); ++i) {
    const double from = std::atan2(ring[i - 1].lat - p.lat, ring[i - 1].lon - p.lon);
    double step = std::atan2(ring[i].lat - p.lat, ring[i].lon - p.lon) - from;
    while (step > std::numbers::pi) step -= 2 * std::numbers::pi;
    while (step < -std::numbers::pi) step += 2 * std::numbers::pi;
    sum += step;
  }
  return static_cast<int>(std::lround(sum / (2 * std::numbers::pi)));
}

}  // namespace

TEST_CASE("distances are those of a sphere") {
  REQUIRE(distance_m(berlin, berlin) == 0);
  REQUIRE(distance_m(berlin, paris) == Approx(877'464).margin(500));
  REQUIRE(distance_m(berlin, paris) == distance_m(paris, berlin));
  REQUIRE(distance_m({0, 0}, {180, 0}) == Approx(std::numbers::pi * earth_radius_m));
  REQUIRE(distance_m({0, 90}, {77, -90}) == Approx(std::numbers::pi * earth_radius_m));
  REQUIRE(distance_m({179.5, 0}, {-179.5, 0}) == Approx(distance_m({0, 0}, {1, 0})));
}

TEST_CASE("a circle holds what is nearer than its radius") {
  const double way = distance_m(berlin, paris);
  REQUIRE(geo_circle{berlin, way * 1.000001}.contains(paris));
  REQUIRE_FALSE(geo_circle{berlin, way}.contains(paris));
  REQUIRE_FALSE(geo_circle{berlin, 0}.contains(berlin));
  REQUIRE(geo_circle{{179.9, 10}, 50'000}.contains({-179.9, 10}));
}

TEST_CASE("a box holds what lies between its edges") {
  const geo_box europe{{-10, 60}, {30, 40}};
  REQUIRE(europe.contains(berlin));
  REQUIRE_FALSE(europe.contains({-10, 50}));
  REQUIRE_FALSE(europe.contains({0, 60}));
  REQUIRE_FALSE(europe.contains({31, 50}));
  REQUIRE_FALSE(europe.contains({0, 39}));
}

TEST_CASE("a box may go over the 180th meridian") {
  const geo_box fiji{{177, -12}, {-178, -21}};
  REQUIRE(fiji.contains({179.5, -18}));
  REQUIRE(fiji.contains({-179.5, -18}));
  REQUIRE(fiji.contains({180, -18}));
  REQUIRE_FALSE(fiji.contains({0, -18}));
  REQUIRE_FALSE(fiji.contains({177, -18}));
  REQUIRE_FALSE(fiji.contains({179.5, -10}));
}

TEST_CASE("a polygon holds what is within, but not in its holes or on its lines") {
  const geo_polygon plate{square(0, 10), {square(2, 4), square(6, 8)}};
  REQUIRE(plate.contains({5, 5}));
  REQUIRE(plate.contains({1, 3}));  // at the height of corners of a hole
  REQUIRE(plate.contains({5, 4}));
  REQUIRE_FALSE(plate.contains({3, 3}));
  REQUIRE_FALSE(plate.contains({7, 7}));
  REQUIRE_FALSE(plate.contains({11, 5}));
  REQUIRE_FALSE(plate.contains({-1, 4}));
  REQUIRE_FALSE(plate.contains({0, 5}));
  REQUIRE_FALSE(plate.contains({10, 10}));
  REQUIRE_FALSE(plate.contains({2, 3}));
}

TEST_CASE("polygons agree with the angle that they sweep") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> place(-20, 20);
  std::uniform_real_distribution<double> reach(1, 18);
  std::size_t within = 0;
  for (int round = 0; round < 2000; ++round) {
    geo_ring star;
    const int corners = 3 + static_cast<int>(random() % 12);
    for (int i = 0; i < corners; ++i) {
      const double angle = 2 * std::numbers::pi * i / corners;
      const double far = reach(random);
      star.push_back({far * std::cos(angle), far * std::sin(angle)});
    }
    star.push_back(star.front());
    if (round % 2 == 0) std::reverse(star.begin(), star.end());
    const geo_point p{place(random), place(random)};
    const bool inside = turns(star, p) != 0;
    within += inside ? 1 : 0;
    REQUIRE(geo_polygon{star, {}}.contains(p) == inside);
  }
  REQUIRE(within > 100);
  REQUIRE(within < 1900);
}

}  // namespace thespis
