// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/code_kernels.hpp"

#include <hwy/aligned_allocator.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "plugins/kernels/grid.hpp"
#include "plugins/kernels/sign_codes.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/kernels/each_target.hpp"

namespace kernels = thespis::kernels;
using thespis::test::for_each_target;

namespace {

constexpr std::uint32_t seed = 20260301;
constexpr std::size_t odd_dimensions[] = {1,   2,   3,   7,   8,   15,  16,  17,   31,  63,
                                          64,  65,  100, 127, 128, 129, 191, 192,  193, 255,
                                          256, 257, 300, 511, 768, 784, 785, 1536, 4097};

// Rows of `bytes` at odd multiples of 4, with bytes behind them that mean nothing.
class rows {
 public:
  rows(std::size_t count, std::size_t bytes, std::mt19937& random)
      : stride_((bytes + 3) / 4 * 4 + 4), memory_(count * stride_ + kernels::code_slack_bytes + 4) {
    for (auto& byte : memory_) byte = static_cast<std::uint8_t>(random());
    for (std::size_t i = 0; i < count; ++i) list_.push_back(memory_.data() + 4 + i * stride_);
  }
  [[nodiscard]] std::uint8_t* at(std::size_t i) { return memory_.data() + 4 + i * stride_; }
  [[nodiscard]] const void* const* list() const { return list_.data(); }

 private:
  std::size_t stride_;
  std::vector<std::uint8_t> memory_;
  std::vector<const void*> list_;
};

float value(std::mt19937& random) { return std::uniform_real_distribution<float>(-2, 2)(random); }

// Codes of 8 bits, also split in halves and in planes, and a query of the largest components.
struct coded_rows {
  std::size_t dimension;
  std::vector<std::int8_t> query;
  std::vector<std::int8_t> nibble_query;
  std::vector<std::vector<std::uint8_t>> cells;
  std::vector<float> norms, factors, finer_factors;
  rows bytes, upper, lower, signs, planes;

  static constexpr std::size_t plane_count = 4;

  coded_rows(std::size_t d, std::size_t count, std::mt19937& random)
      : dimension(d),
        query((d + 63) / 64 * 64),
        nibble_query(kernels::nibble_query_bytes(d)),
        bytes(count, 8 + d, random),
        upper(count, 8 + kernels::nibble_bytes(d), random),
        lower(count, 4 + kernels::nibble_bytes(d), random),
        signs(count, 8 + (d + 7) / 8, random),
        planes(count, 4 + (plane_count - 1) * ((d + 7) / 8), random) {
    for (std::size_t i = 0; i < d; ++i) {
      const auto drawn = random() % 300;
      query[i] = drawn < 20   ? std::int8_t{127}
                 : drawn < 40 ? std::int8_t{-127}
                              : static_cast<std::int8_t>(static_cast<int>(drawn % 255) - 127);
    }
    kernels::order_for_nibbles(query.data(), d, nibble_query.data());
    for (std::size_t r = 0; r < count; ++r) add(r, random);
  }

  void add(std::size_t r, std::mt19937& random) {
    std::vector<std::uint8_t> row(dimension);
    for (auto& cell : row) cell = random() % 8 == 0 ? 255 : static_cast<std::uint8_t>(random());
    norms.push_back(value(random));
    factors.push_back(value(random));
    finer_factors.push_back(value(random));
    const kernels::code_head head{norms.back(), factors.back()};
    for (auto* code : {bytes.at(r), upper.at(r), signs.at(r)})
      std::memcpy(code, &head, sizeof(head));
    for (auto* finer : {lower.at(r), planes.at(r)})
      std::memcpy(finer, &finer_factors.back(), sizeof(float));
    std::memcpy(bytes.at(r) + 8, row.data(), dimension);
    kernels::split_nibbles(row.data(), dimension, upper.at(r) + 8, lower.at(r) + 4);
    const std::size_t plane_bytes = (dimension + 7) / 8;
    for (std::size_t i = 0; i < dimension; ++i)
      for (std::size_t p = 0; p < plane_count; ++p) {
        auto* plane = p == 0 ? signs.at(r) + 8 : planes.at(r) + 4 + (p - 1) * plane_bytes;
        const unsigned bit = row[i] >> (plane_count - 1 - p) & 1;
        const unsigned mask = 1U << i % 8;
        plane[i / 8] =
            static_cast<std::uint8_t>(bit != 0 ? plane[i / 8] | mask : plane[i / 8] & ~mask);
      }
    cells.push_back(std::move(row));
  }

  // What `of` makes of each cell, multiplied with the query.
  template <class Of>
  double rank(const kernels::code_query& line, std::size_t r, float factor, Of of) const {
    double dot = 0;
    for (std::size_t i = 0; i < dimension; ++i)
      dot += static_cast<double>(query[i]) * of(cells[r][i]);
    return line.base + double{line.norm_weight} * norms[r] +
           double{factor} * (double{line.scale} * dot - line.offset);
  }
};

constexpr kernels::code_query line{0.5F, -1.5F, 0.001F, 0.25F};

template <class Estimate, class Of>
void check(const coded_rows& data, std::size_t count, const std::vector<float>& factors,
           const char* what, Estimate estimate, Of of) {
  std::vector<float> ranks(count + 1, 77);
  estimate(ranks.data());
  for (std::size_t r = 0; r < count; ++r) {
    INFO(what << ", dimension " << data.dimension << ", row " << r << " of " << count);
    const double right = data.rank(line, r, factors[r], of);
    REQUIRE(std::abs(ranks[r] - right) <=
            1e-5 * (1 + std::abs(right)) +
                1e-6 * 32385 * static_cast<double>(data.dimension) * line.scale);
  }
  REQUIRE(ranks[count] == 77);
}

void check_all(std::size_t d, std::size_t count, std::mt19937& random) {
  const auto chosen = kernels::code_kernels_here();
  const coded_rows data(d, count, random);
  const auto half = kernels::nibble_bytes(d);
  const auto cell_bits = [](unsigned from, unsigned mask) {
    return [from, mask](std::uint8_t cell) { return static_cast<double>(cell >> from & mask); };
  };
  check(
      data, count, data.factors, "8 bits",
      [&](float* out) {
        chosen.estimate_bytes(line, data.query.data(), d, data.bytes.list(), count, out);
      },
      cell_bits(0, 255));
  check(
      data, count, data.factors, "4 bits",
      [&](float* out) {
        chosen.estimate_nibbles(line, data.nibble_query.data(), half, data.upper.list(), count,
                                out);
      },
      cell_bits(4, 15));
  check(
      data, count, data.finer_factors, "4 and 4 bits",
      [&](float* out) {
        chosen.estimate_joined(line, data.nibble_query.data(), half, data.upper.list(),
                               data.lower.list(), count, out);
      },
      cell_bits(0, 255));
  check(
      data, count, data.factors, "1 bit",
      [&](float* out) {
        chosen.estimate_signs(line, data.query.data(), d, data.signs.list(), count, out);
      },
      cell_bits(3, 1));
  check(
      data, count, data.finer_factors, "4 planes",
      [&](float* out) {
        chosen.estimate_planes(line, data.query.data(), d, 3, data.signs.list(), data.planes.list(),
                               count, out);
      },
      cell_bits(0, 15));
}

}  // namespace

TEST_CASE("ranks of codes are right on every target, for odd dimensions and unaligned codes") {
  for_each_target([](const std::string&) {
    std::mt19937 random(seed);
    for (const std::size_t d : odd_dimensions)
      for (const std::size_t count : {0, 1, 2, 3, 4, 5, 9}) check_all(d, count, random);
  });
}

TEST_CASE("sums of the longest vectors do not overflow") {
  for_each_target([](const std::string&) {
    constexpr std::size_t longest = 65535;
    std::vector<std::uint8_t> code(8 + longest + kernels::code_slack_bytes, 255);
    const kernels::code_head head{0, 1};
    std::memcpy(code.data(), &head, sizeof(head));
    const kernels::code_query plain{0, 1, 1, 0};
    const void* const list[] = {code.data()};
    for (const int component : {127, -127}) {
      std::vector<std::int8_t> query(65536, static_cast<std::int8_t>(component));
      query.back() = 0;
      float rank = 0;
      kernels::code_kernels_here().estimate_bytes(plain, query.data(), longest, list, 1, &rank);
      CHECK(rank == Approx(255.0 * component * longest).epsilon(1e-6));
    }
  });
}

TEST_CASE("codes that were split make the query that they came from") {
  std::mt19937 random(seed);
  for (const std::size_t d : odd_dimensions) {
    INFO("dimension " << d << " seed " << seed);
    std::vector<std::uint8_t> cells(d);
    for (auto& cell : cells) cell = static_cast<std::uint8_t>(random());
    std::vector<std::uint8_t> upper(kernels::nibble_bytes(d)), lower(kernels::nibble_bytes(d));
    kernels::split_nibbles(cells.data(), d, upper.data(), lower.data());

    std::vector<std::int8_t> plain((d + 63) / 64 * 64, 1), ordered(kernels::nibble_query_bytes(d));
    const auto sum = kernels::query_of_bytes(cells.data(), d, plain.data());
    std::int32_t right = 0;
    for (const auto cell : cells) right += cell - 128;
    CHECK(sum == right);
    kernels::order_for_nibbles(plain.data(), d, ordered.data());
    std::vector<std::int8_t> joined(ordered.size(), 1);
    CHECK(kernels::query_of_nibbles(upper.data(), lower.data(), d, joined.data()) == right);
    CHECK(joined == ordered);
  }
}

TEST_CASE("queries for signs are rounded without a lean, on every target") {
  for_each_target([](const std::string&) {
    const auto chosen = kernels::sign_kernels_here();
    std::mt19937 random(seed);
    std::normal_distribution<float> spread;
    constexpr kernels::rank_terms terms{0, 0, 1};
    for (const std::size_t d : odd_dimensions) {
      std::vector<float> r((d + 15) / 16 * 16);
      for (std::size_t i = 0; i < d; ++i) r[i] = spread(random);
      const auto query = hwy::AllocateAligned<std::uint8_t>(kernels::sign_query_bytes(d));
      const auto fit = chosen.prepare(r.data(), d, query.get());
      constexpr std::size_t count = 7;
      rows codes(count, 8 + (d + 7) / 8, random);
      constexpr kernels::code_head head{0, 1};
      for (std::size_t i = 0; i < count; ++i) std::memcpy(codes.at(i), &head, sizeof(head));
      // The signs of the query itself, for which cutting off would show most.
      for (std::size_t i = 0; i < d; ++i) {
        auto& byte = codes.at(0)[8 + i / 8];
        byte = static_cast<std::uint8_t>(r[i] > 0 ? byte | 1U << i % 8 : byte & ~(1U << i % 8));
      }
      std::vector<float> ranks(count + 1, 77);
      chosen.estimate(kernels::query_for(terms, fit.step, fit.sum, 0.5F), query.get(), d,
                      codes.list(), count, ranks.data());
      double length = 0;
      for (const double value : r) length += value * value;
      for (std::size_t row = 0; row < count; ++row) {
        INFO("dimension " << d << " row " << row << " seed " << seed);
        double right = 0;
        for (std::size_t i = 0; i < d; ++i)
          right += r[i] * ((codes.at(row)[8 + i / 8] >> i % 8 & 1) - 0.5);
        // Each component is off by a tenth of their root mean square, in a direction of its own.
        CHECK(std::abs(ranks[row] - right) <= 0.5 * 0.15 * 5 * std::sqrt(length));
        if (row == 0 && d >= 768) CHECK(ranks[row] == Approx(right).epsilon(0.03));
      }
      CHECK(ranks[count] == 77);
    }
  });
}
