// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/demo/css_colours.hpp"

#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "tests/support/catch.hpp"

namespace thespis::demo {

namespace {

void check_lab(std::uint32_t rgb, float l, float a, float b) {
  const auto lab = cielab(rgb);
  CAPTURE(rgb, lab);
  CHECK(std::abs(lab[0] - l) < 0.02f);
  CHECK(std::abs(lab[1] - a) < 0.02f);
  CHECK(std::abs(lab[2] - b) < 0.02f);
}

}  // namespace

TEST_CASE("css_colours has 148 distinct names in order") {
  std::set<std::string_view> names;
  std::string_view before;
  for (const auto& colour : css_colours()) {
    CHECK(before < colour.name);
    before = colour.name;
    names.insert(colour.name);
    CHECK(colour.rgb <= 0xFFFFFF);
  }
  CHECK(names.size() == 148);
}

// Reference values: published CIELAB coordinates (D65) of the sRGB primaries and greys.
TEST_CASE("cielab gives the known coordinates of primaries, greys and white") {
  check_lab(0x000000, 0, 0, 0);
  check_lab(0xFFFFFF, 100, 0, 0);
  check_lab(0x808080, 53.585f, 0, 0);
  check_lab(0xFF0000, 53.24f, 80.09f, 67.20f);
  check_lab(0x00FF00, 87.73f, -86.18f, 83.18f);
  check_lab(0x0000FF, 32.30f, 79.19f, -107.86f);
  check_lab(0xFFFF00, 97.14f, -21.55f, 94.48f);
  check_lab(0x00FFFF, 91.11f, -48.09f, -14.13f);
  check_lab(0xFF00FF, 60.32f, 98.23f, -60.82f);
  check_lab(0x010101, 0.2742f, 0, 0);
}

TEST_CASE("colours_points are valid points whose payload agrees with the table") {
  REQUIRE(validate(colours_spec()));
  const auto points = colours_points();
  REQUIRE(points.size() == 148);
  std::map<std::string, std::string> hex_of;
  for (std::size_t i = 0; i < points.size(); ++i) {
    CHECK(points[i].id == point_id(i + 1));
    REQUIRE(points[i].vectors.size() == 1);
    CHECK(points[i].vectors[0].values.size() == 3);
    const auto payload = boost::json::parse(points[i].payload.json);
    hex_of[std::string(payload.at("name").as_string())] = payload.at("hex").as_string();
  }
  CHECK(hex_of.size() == 148);
  CHECK(hex_of["teal"] == "#008080");
  CHECK(hex_of["rebeccapurple"] == "#663399");
  CHECK(hex_of["navy"] == "#000080");
}

TEST_CASE("colours of the same value have the same vector, and grey's neighbours are greys") {
  const auto points = colours_points();
  const auto vector_of = [&](std::string_view name) {
    for (const auto& one : points)
      if (boost::json::parse(one.payload.json).at("name").as_string() == name)
        return one.vectors[0].values;
    return std::vector<float>{};
  };
  CHECK(vector_of("aqua") == vector_of("cyan"));
  CHECK(vector_of("gray") == vector_of("grey"));
  CHECK(std::abs(vector_of("gray")[1]) < 1e-4f);
}

}  // namespace thespis::demo
