// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/block_codes.hpp"

#include <hwy/aligned_allocator.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/kernels/each_target.hpp"

namespace kernels = thespis::kernels;
using thespis::test::for_each_target;

namespace {

constexpr std::uint32_t seed = 20260304;

// A block of random signs, and a query.
struct block_trial {
  std::size_t dimension;
  std::vector<float> query;
  std::vector<std::vector<std::uint8_t>> bits;
  hwy::AlignedFreeUniquePtr<std::uint8_t[]> tables, block;

  block_trial(std::size_t d, std::mt19937& random)
      : dimension(d),
        query((d + 15) / 16 * 16),
        tables(hwy::AllocateAligned<std::uint8_t>(kernels::block_table_bytes(d))),
        block(hwy::AllocateAligned<std::uint8_t>(kernels::block_bytes(d))) {
    std::normal_distribution<float> spread;
    for (std::size_t i = 0; i < d; ++i) query[i] = spread(random);
    std::fill_n(block.get(), kernels::block_bytes(d), std::uint8_t{0});
    auto& head = *reinterpret_cast<kernels::block_head*>(block.get());
    for (std::size_t row = 0; row < kernels::block_rows; ++row) {
      std::vector<std::uint8_t> signs(kernels::block_groups(d) / 2);
      for (std::size_t i = 0; i < d; ++i)
        signs[i / 8] = static_cast<std::uint8_t>(signs[i / 8] | (random() & 1) << i % 8);
      kernels::put_signs(signs.data(), d, row, block.get());
      head.set(row, spread(random), 1 + std::abs(spread(random)));
      bits.push_back(std::move(signs));
    }
  }

  [[nodiscard]] double dot(std::size_t row) const {
    double sum = 0;
    for (std::size_t i = 0; i < dimension; ++i)
      sum += (bits[row][i / 8] >> i % 8 & 1) != 0 ? query[i] : -query[i];
    return sum;
  }
};

}  // namespace

TEST_CASE("estimates of blocks are as near as their tables allow, on every target") {
  for_each_target([](const std::string&) {
    const auto chosen = kernels::block_kernels_here();
    std::mt19937 random(seed);
    for (const std::size_t d :
         {1, 3, 4, 5, 16, 17, 64, 65, 100, 127, 128, 784, 1023, 1024, 1025, 1040, 2049, 4097}) {
      const block_trial trial(d, random);
      const auto line = chosen.make_tables(trial.query.data(), d, trial.tables.get());
      std::vector<float> ranks(kernels::block_rows + 1, 77);
      chosen.estimate(line, trial.tables.get(), d, trial.block.get(), 3, ranks.data());
      const auto& head = *reinterpret_cast<const kernels::block_head*>(trial.block.get());
      // Each table rounds once; the error of their sum grows with the root of their number.
      const double groups = static_cast<double>(kernels::block_groups(d));
      const double tolerance = 6 * line.step / std::sqrt(12.0) * std::sqrt(groups) + 1e-4;
      double lean = 0;
      for (std::size_t row = 0; row < kernels::block_rows; ++row) {
        INFO("dimension " << d << " row " << row << " seed " << seed);
        const double right =
            3 + head.widened(head.fixed[row]) + head.widened(head.factor[row]) * trial.dot(row);
        REQUIRE(std::abs(ranks[row] - right) <=
                tolerance * std::abs(head.widened(head.factor[row])) + 1e-4 * std::sqrt(d));
        lean += (ranks[row] - right) / head.widened(head.factor[row]) / kernels::block_rows;
      }
      // Short vectors meet few entries of their tables, all of them often.
      if (d >= 64) CHECK(std::abs(lean) <= tolerance / 6);
      CHECK(ranks[kernels::block_rows] == 77);
    }
  });
}

TEST_CASE("numbers of a block are rounded to the nearest of their format") {
  std::mt19937 random(seed);
  std::normal_distribution<float> spread;
  for (int i = 0; i < 1000; ++i) {
    const float value = std::exp(20 * spread(random)) * (i % 2 == 0 ? 1.0F : -1.0F);
    const float kept = kernels::block_head::widened(kernels::block_head::rounded(value));
    CHECK(std::abs(kept - value) <= std::abs(value) / 256);
  }
  CHECK(kernels::block_head::rounded(0) == 0);
}

TEST_CASE("a query of nothing leaves what is fixed") {
  for_each_target([](const std::string&) {
    const auto chosen = kernels::block_kernels_here();
    std::mt19937 random(seed);
    block_trial trial(100, random);
    std::fill(trial.query.begin(), trial.query.end(), 0.0F);
    const auto line = chosen.make_tables(trial.query.data(), 100, trial.tables.get());
    float ranks[kernels::block_rows];
    chosen.estimate(line, trial.tables.get(), 100, trial.block.get(), 2, ranks);
    const auto& head = *reinterpret_cast<const kernels::block_head*>(trial.block.get());
    for (std::size_t row = 0; row < kernels::block_rows; ++row)
      CHECK(ranks[row] == Approx(2 + head.widened(head.fixed[row])));
  });
}

TEST_CASE("signs of a difference come with what ranks are made of") {
  for_each_target([](const std::string&) {
    std::mt19937 random(seed);
    std::normal_distribution<float> spread;
    for (const std::size_t d : {1, 3, 15, 16, 17, 100, 127, 784})
      for (const float size : {1e-20F, 1.0F, 1e15F}) {
        INFO("dimension " << d << " size " << size << " seed " << seed);
        std::vector<float> y(kernels::block_groups(d) * 4), c(y.size());
        for (std::size_t i = 0; i < d; ++i)
          y[i] = size * spread(random), c[i] = size * spread(random);
        std::vector<std::uint8_t> bits(y.size() / 8, 0xFF);
        const auto fit =
            kernels::block_kernels_here().fit_signs(y.data(), c.data(), d, bits.data());
        double square = 0, along = 0, center_signs = 0, center_dot = 0, lengths = 0;
        for (std::size_t i = 0; i < y.size(); ++i) {
          const double v = double{y[i]} - double{c[i]};
          const bool positive = (bits[i / 8] >> i % 8 & 1) != 0;
          REQUIRE(positive == (v > 0));
          square += v * v;
          along += std::abs(v);
          center_signs += positive ? c[i] : -c[i];
          center_dot += v * c[i];
          lengths += std::abs(c[i]);
        }
        CHECK(fit.factor == Approx(square / along).epsilon(1e-4));
        CHECK(std::abs(fit.center_signs - center_signs) <= 1e-5 * lengths);
        if (size < 1) continue;
        CHECK(fit.square == Approx(square).epsilon(1e-4));
        CHECK(std::abs(fit.center_dot - center_dot) <= 1e-4 * square);
      }
  });
}
