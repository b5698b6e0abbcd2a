// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <cmath>
#include <limits>

#include "core/half.hpp"
#include "core/vector_values.hpp"
#include "tests/support/catch.hpp"

namespace thespis {
namespace {

TEST_CASE("every float16 is read and written as itself") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = float_of_half(half);
    if (std::isnan(value)) {
      CHECK(std::isnan(float_of_half(half_of_float(value))));
    } else if (half_of_float(value) != half) {
      FAIL("float16 " << bits << " is written as " << half_of_float(value));
    }
  }
}

TEST_CASE("a number becomes the nearest float16, of two the even one") {
  for (std::uint32_t bits = 0; bits < 0x7BFF; ++bits) {
    const auto below = static_cast<std::uint16_t>(bits);
    const float low = float_of_half(below);
    const float high = float_of_half(static_cast<std::uint16_t>(bits + 1));
    const float middle = (low + high) / 2;
    const auto even = static_cast<std::uint16_t>(bits + (bits & 1));
    if (half_of_float(middle) != even || half_of_float(-middle) != (even | 0x8000) ||
        half_of_float(std::nextafter(middle, low)) != below ||
        half_of_float(std::nextafter(middle, high)) != below + 1)
      FAIL("between " << low << " and " << high);
  }
  CHECK(half_of_float(65'519.0F) == 0x7BFF);
  CHECK(std::isinf(float_of_half(half_of_float(65'520.0F))));
  CHECK(std::isinf(float_of_half(half_of_float(std::numeric_limits<float>::infinity()))));
}

TEST_CASE("values are rounded to what is stored of them, or refused") {
  std::vector<float> values{1.0009765F, 0.1F, -3};
  REQUIRE(round_values(values, element_type::float16));
  CHECK(values == std::vector<float>{1.0009765625F, 0.0999755859375F, -3});
  values = {70'000};
  CHECK_THAT(round_values(values, element_type::float16).error().message, Catch::Contains("65504"));
  values = {0, 254.9F, 255};
  REQUIRE(round_values(values, element_type::uint8));
  CHECK(values == std::vector<float>{0, 254, 255});
  for (const float wrong : {-1.0F, 256.0F, std::numeric_limits<float>::quiet_NaN()}) {
    values = {1, wrong};
    CHECK_THAT(round_values(values, element_type::uint8).error().message,
               Catch::Contains("element 1"));
  }
}

TEST_CASE("sparse vectors are put in the order of their dimensions") {
  std::vector<std::uint32_t> indices{9, 1, 4};
  std::vector<float> values{0.9F, 0.1F, 0.4F};
  REQUIRE(sort_sparse(indices, values));
  CHECK(indices == std::vector<std::uint32_t>{1, 4, 9});
  CHECK(values == std::vector<float>{0.1F, 0.4F, 0.9F});
  indices[1] = 9;
  CHECK_THAT(sort_sparse(indices, values).error().message, Catch::Contains("index 9 occurs twice"));
  indices.pop_back();
  CHECK_THAT(sort_sparse(indices, values).error().message, Catch::Contains("2 indices, but 3"));
}

}  // namespace
}  // namespace thespis
