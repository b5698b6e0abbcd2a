// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/grid.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/kernels/each_target.hpp"

namespace kernels = thespis::kernels;
using thespis::test::for_each_target;

namespace {

constexpr std::uint32_t seed = 20260302;
constexpr std::size_t dimensions[] = {1, 2, 3, 15, 16, 17, 64, 100, 127, 784};

std::vector<float> normal(std::size_t dimension, float size, std::mt19937& random) {
  std::normal_distribution<float> spread(0, size);
  std::vector<float> y((dimension + 63) / 64 * 64);
  std::generate_n(y.begin(), dimension, [&] { return spread(random); });
  return y;
}

template <class Cell>
double along(const std::vector<float>& y, const std::vector<Cell>& cells, std::size_t dimension,
             unsigned shift, double zero) {
  double sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) sum += y[i] * ((cells[i] >> shift) - zero);
  return sum;
}

double square(const std::vector<float>& y) {
  double sum = 0;
  for (const double value : y) sum += value * value;
  return sum;
}

// Share of y that its code does not point along.
template <class Cell>
double miss(const std::vector<float>& y, const std::vector<Cell>& cells, std::size_t dimension,
            unsigned shift, double zero) {
  double length = 0;
  for (std::size_t i = 0; i < dimension; ++i)
    length += ((cells[i] >> shift) - zero) * ((cells[i] >> shift) - zero);
  const double dot = along(y, cells, dimension, shift, zero);
  return 1 - dot * dot / (length * square(y));
}

}  // namespace

TEST_CASE("factors of a grid make estimates without bias") {
  for_each_target([](const std::string&) {
    const auto grid = kernels::grid_kernels_here();
    std::mt19937 random(seed);
    for (const std::size_t d : dimensions)
      for (const float size : {1e-15F, 1.0F, 1e15F}) {
        INFO("dimension " << d << " size " << size << " seed " << seed);
        const auto y = normal(d, size, random);
        std::vector<std::uint8_t> cells(y.size());
        const double right = square(y);
        for (const bool split : {false, true}) {
          const auto fit = grid.fit(y.data(), d, split, cells.data());
          CHECK(fit.byte_factor * along(y, cells, d, 0, kernels::byte_zero) ==
                Approx(right).epsilon(1e-4));
          CHECK(fit.nibble_factor * along(y, cells, d, 4, kernels::nibble_zero) ==
                Approx(right).epsilon(1e-4));
        }
        for (unsigned bits = 1; bits <= 4; ++bits) {
          const auto fit = grid.fit_bits(y.data(), d, bits, cells.data());
          CHECK(*std::max_element(cells.begin(), cells.end()) < 1U << bits);
          CHECK(fit.factor * along(y, cells, d, 0, ((1 << bits) - 1) / 2.0) ==
                Approx(right).epsilon(1e-4));
          CHECK(fit.sign_factor * along(y, cells, d, bits - 1, 0.5) == Approx(right).epsilon(1e-4));
        }
      }
  });
}

TEST_CASE("more bits point more closely along the vector") {
  for_each_target([](const std::string&) {
    const auto grid = kernels::grid_kernels_here();
    std::mt19937 random(seed);
    for (const std::size_t d : {64, 100, 784}) {
      INFO("dimension " << d << " seed " << seed);
      const auto y = normal(d, 1, random);
      std::vector<std::uint8_t> cells(y.size());
      double last = 1;
      // What the best grids of normal components miss. Source: Max 1960, Table I.
      constexpr double best[] = {0.363, 0.119, 0.0374, 0.0115};
      for (unsigned bits = 1; bits <= 4; ++bits) {
        grid.fit_bits(y.data(), d, bits, cells.data());
        const double now = miss(y, cells, d, 0, ((1 << bits) - 1) / 2.0);
        CHECK(now < last);
        CHECK(now < 1.4 * best[bits - 1]);
        last = now;
      }
      grid.fit(y.data(), d, true, cells.data());
      CHECK(miss(y, cells, d, 4, kernels::nibble_zero) < 0.02);
      CHECK(miss(y, cells, d, 0, kernels::byte_zero) < 3e-4);
      grid.fit(y.data(), d, false, cells.data());
      CHECK(miss(y, cells, d, 0, kernels::byte_zero) < 1e-4);
    }
  });
}

TEST_CASE("vectors without length have codes of nothing") {
  for_each_target([](const std::string&) {
    const auto grid = kernels::grid_kernels_here();
    for (const float size : {0.0F, 1e-38F}) {
      std::vector<float> y(64);
      y[0] = size;
      std::vector<std::uint8_t> cells(64, 7);
      const auto fit = grid.fit(y.data(), 33, true, cells.data());
      CHECK(fit.byte_factor == 0);
      CHECK(fit.nibble_factor == 0);
      CHECK(cells[0] == 128);
      const auto bits = grid.fit_bits(y.data(), 33, 3, cells.data());
      CHECK(bits.factor == 0);
      CHECK(bits.sign_factor == 0);
      std::vector<std::int8_t> q(64, 7);
      const auto query = grid.fit_query(y.data(), 33, q.data());
      CHECK(query.step == 0);
      CHECK(query.sum == 0);
      CHECK(q[32] == 0);
    }
  });
}

TEST_CASE("a query is rounded to the nearest of its grid") {
  for_each_target([](const std::string&) {
    std::mt19937 random(seed);
    for (const std::size_t d : dimensions) {
      INFO("dimension " << d << " seed " << seed);
      const auto r = normal(d, 3, random);
      std::vector<std::int8_t> q(r.size());
      const auto fit = kernels::grid_kernels_here().fit_query(r.data(), d, q.data());
      std::int32_t sum = 0;
      for (std::size_t i = 0; i < d; ++i) {
        CHECK(std::abs(r[i] - fit.step * q[i]) <= 0.501F * fit.step);
        sum += q[i];
      }
      CHECK(fit.sum == sum);
    }
  });
}

TEST_CASE("planes hold one bit of each cell") {
  for_each_target([](const std::string&) {
    std::mt19937 random(seed);
    for (const std::size_t d : dimensions) {
      std::vector<std::uint8_t> cells((d + 63) / 64 * 64);
      std::generate_n(cells.begin(), d, [&] { return static_cast<std::uint8_t>(random() % 16); });
      for (unsigned bit = 0; bit < 4; ++bit) {
        std::vector<std::uint8_t> plane(cells.size() / 8, 0xFF);
        kernels::grid_kernels_here().pack_plane(cells.data(), d, bit, plane.data());
        for (std::size_t i = 0; i < d; ++i)
          REQUIRE((plane[i / 8] >> i % 8 & 1) == (cells[i] >> bit & 1));
      }
    }
  });
}
