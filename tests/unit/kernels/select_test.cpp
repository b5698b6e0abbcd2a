// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/select.hpp"

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/kernels/each_target.hpp"

namespace kernels = thespis::kernels;

namespace {

constexpr std::uint32_t seed = 20261120;
constexpr float infinite = std::numeric_limits<float>::infinity();
constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

template <class Value>
std::vector<std::uint32_t> expected(std::size_t count, float bound, Value value) {
  std::vector<std::uint32_t> made;
  for (std::uint32_t i = 0; i < count; ++i)
    if (!(value(i) > bound)) made.push_back(i);
  return made;
}

}  // namespace

TEST_CASE("selection finds exactly the values that are not above the bound") {
  std::mt19937 random(seed);
  INFO("seed " << seed);
  std::uniform_real_distribution<float> draw(-1, 1);
  thespis::test::for_each_target([&](const std::string&) {
    for (const std::size_t count : {0u, 1u, 15u, 16u, 63u, 64u, 65u, 200u, 1024u}) {
      std::vector<float> values(count);
      std::vector<float> terms(count);
      for (auto& value : values) value = draw(random);
      for (auto& value : terms) value = draw(random);
      if (count > 20) {
        values[3] = no_number;
        values[7] = infinite;
        values[count - 1] = 0.25F;
      }
      for (const float bound : {-2.0F, -0.98F, 0.25F, 2.0F, infinite, no_number}) {
        INFO("count " << count << ", bound " << bound);
        std::vector<std::uint32_t> found(count);
        found.resize(kernels::not_above(values.data(), count, bound, found.data()));
        CHECK(found == expected(count, bound, [&](auto i) { return values[i]; }));
        found.assign(count, 0);
        found.resize(
            kernels::sums_not_above(values.data(), terms.data(), count, bound, found.data()));
        CHECK(found == expected(count, bound, [&](auto i) { return values[i] + terms[i]; }));
        found.assign(count, 0);
        found.resize(
            kernels::products_not_above(values.data(), terms.data(), count, bound, found.data()));
        CHECK(found == expected(count, bound, [&](auto i) { return values[i] * terms[i]; }));
      }
    }
  });
}
