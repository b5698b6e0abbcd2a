// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/json_writer.hpp"

#include <array>
#include <limits>
#include <string>

#include "tests/support/catch.hpp"

using namespace thespis;

TEST_CASE("a negative zero is written so that readers keep its sign") {
  std::string text;
  codec::json_writer out(text);
  const std::array values{-0.0f, 0.0f, -1.5f};
  out.begin_array().floats(values).number(-0.0f).number(-0.0).number(0.0f).end_array();
  CHECK(text == "[[-0.0,0,-1.5],-0.0,-0.0,0]");
}

TEST_CASE("the longest floats have room") {
  std::string text;
  codec::json_writer out(text);
  const std::array values{-std::numeric_limits<float>::min(), -std::numeric_limits<float>::max(),
                          -std::numeric_limits<float>::denorm_min()};
  out.floats(values);
  CHECK(text == "[-1.1754944e-38,-3.4028235e+38,-1e-45]");
}
