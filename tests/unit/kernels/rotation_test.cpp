// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/rotation.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/kernels/each_target.hpp"

using thespis::kernels::rotation;
using thespis::test::for_each_target;

namespace {

constexpr std::uint32_t seed = 20260303;
constexpr std::size_t dimensions[] = {1,  2,   3,   4,   5,   7,   8,   9,   15,  16,  17,   31,
                                      33, 100, 127, 128, 255, 256, 300, 511, 513, 784, 1536, 4096};

std::vector<float> normal(std::size_t dimension, std::mt19937& random) {
  std::normal_distribution<float> spread;
  std::vector<float> made(dimension);
  std::generate(made.begin(), made.end(), [&] { return spread(random); });
  return made;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * b[i];
  return sum;
}

}  // namespace

TEST_CASE("a rotation keeps lengths and angles") {
  for_each_target([](const std::string&) {
    std::mt19937 random(seed);
    for (const std::size_t d : dimensions) {
      INFO("dimension " << d << " seed " << seed);
      auto a = normal(d, random);
      auto b = normal(d, random);
      const double aa = dot(a, a), ab = dot(a, b), bb = dot(b, b);
      const rotation map(d, seed);
      map.apply(a.data());
      map.apply(b.data());
      const double tolerance = 1e-5 * std::sqrt(aa * bb);
      CHECK(std::abs(dot(a, a) - aa) <= 1e-5 * aa);
      CHECK(std::abs(dot(a, b) - ab) <= tolerance);
      CHECK(std::abs(dot(b, b) - bb) <= 1e-5 * bb);
    }
  });
}

TEST_CASE("every target rotates alike, up to rounding") {
  for (const std::size_t d : dimensions) {
    std::vector<float> first;
    for_each_target([&](const std::string& target) {
      std::mt19937 random(seed);
      auto now = normal(d, random);
      rotation(d, seed).apply(now.data());
      if (first.empty()) first = now;
      for (std::size_t i = 0; i < d; ++i) {
        INFO(target << " dimension " << d << " component " << i);
        REQUIRE(std::abs(now[i] - first[i]) <= 1e-5F);
      }
    });
  }
}

TEST_CASE("a rotation spreads single components over all") {
  for (const std::size_t d : {100, 127, 128, 784, 1536})
    for (const std::size_t spike : {std::size_t{0}, d / 2, d - 1}) {
      std::vector<float> x(d);
      x[spike] = 1;
      rotation(d, seed).apply(x.data());
      const float most = *std::max_element(
          x.begin(), x.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
      INFO("dimension " << d << " component " << spike);
      CHECK(std::abs(most) < 6 / std::sqrt(static_cast<float>(d)));
    }
}

TEST_CASE("another seed is another rotation") {
  std::vector<float> a(64, 1), b(64, 1);
  rotation(64, 1).apply(a.data());
  rotation(64, 2).apply(b.data());
  CHECK(a != b);
}
