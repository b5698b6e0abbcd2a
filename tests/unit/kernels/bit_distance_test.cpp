// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/bit_distance.hpp"

#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/kernels/each_target.hpp"

namespace kernels = thespis::kernels;
using thespis::test::for_each_target;

namespace {

constexpr std::uint32_t seed = 20260104;

// One off any alignment: a read past the end is seen by the address sanitizer.
struct bits {
  bits(std::size_t bytes, std::mt19937& random) : all(bytes + 1) {
    for (auto& value : all) value = static_cast<std::uint8_t>(random() >> 8);
  }
  [[nodiscard]] const std::uint8_t* data() const { return all.data() + 1; }
  [[nodiscard]] bool at(std::size_t i) const { return (data()[i / 8] >> i % 8 & 1) != 0; }
  std::vector<std::uint8_t> all;
};

std::vector<std::size_t> lengths() {
  std::vector<std::size_t> list;
  for (std::size_t bytes = 0; bytes <= 200; ++bytes) list.push_back(bytes);
  for (const std::size_t bytes : {255, 256, 257, 1000, 8192}) list.push_back(bytes);
  return list;
}

}  // namespace

TEST_CASE("differing bits are counted exactly on every target") {
  for_each_target([](const std::string&) {
    const auto chosen = kernels::bit_kernels_here();
    std::mt19937 random(seed);
    for (const std::size_t bytes : lengths()) {
      INFO("bytes " << bytes << " seed " << seed);
      const bits query(bytes, random);
      std::vector<bits> rows;
      std::vector<const std::uint8_t*> at;
      for (std::size_t i = 0; i < 7; ++i) rows.emplace_back(bytes, random);
      for (const auto& row : rows) at.push_back(row.data());
      std::vector<std::uint32_t> out(rows.size() + 1, 77);
      chosen.hamming_many(query.data(), at.data(), rows.size(), bytes, out.data());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        std::uint32_t expected = 0;
        for (std::size_t b = 0; b < 8 * bytes; ++b)
          if (query.at(b) != rows[i].at(b)) ++expected;
        REQUIRE(chosen.hamming(query.data(), at[i], bytes) == expected);
        REQUIRE(out[i] == expected);
      }
      REQUIRE(out[rows.size()] == 77);
    }
  });
}

TEST_CASE("a query of several bits is multiplied with rows of one exactly on every target") {
  for_each_target([](const std::string&) {
    const auto chosen = kernels::bit_kernels_here();
    std::mt19937 random(seed);
    for (const std::size_t bytes : {0, 1, 7, 8, 16, 31, 63, 64, 65, 96, 129, 300}) {
      for (const std::size_t planes : {1, 4, 8}) {
        INFO("bytes " << bytes << " planes " << planes << " seed " << seed);
        const bits query(planes * bytes, random);
        std::vector<bits> rows;
        std::vector<const std::uint8_t*> at;
        for (std::size_t i = 0; i < 7; ++i) rows.emplace_back(bytes, random);
        for (const auto& row : rows) at.push_back(row.data());
        std::vector<std::uint32_t> out(rows.size() + 1, 77);
        chosen.dot_many(query.data(), planes, at.data(), rows.size(), bytes, out.data());
        for (std::size_t i = 0; i < rows.size(); ++i) {
          std::uint32_t expected = 0;
          for (std::size_t b = 0; b < 8 * bytes; ++b) {
            std::uint32_t component = 0;
            for (std::size_t plane = 0; plane < planes; ++plane)
              if (query.at(8 * bytes * plane + b)) component += 1u << plane;
            if (rows[i].at(b)) expected += component;
          }
          REQUIRE(chosen.dot(query.data(), planes, at[i], bytes) == expected);
          REQUIRE(out[i] == expected);
        }
        REQUIRE(out[rows.size()] == 77);
      }
    }
  });
}
