// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/half_distance.hpp"

#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/kernels/each_target.hpp"

namespace kernels = thespis::kernels;
using kernels::metric;
using thespis::test::for_each_target;

namespace {

constexpr metric all_metrics[] = {metric::l2_squared, metric::dot, metric::l1};
constexpr std::uint32_t seed = 20260105;

// Source: IEEE 754-2019, section 3.4.
double value_of_float16(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const double fraction = bits & 1023;
  const double size =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;
}

double value_of_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

struct format {
  double (*value)(std::uint16_t);
  kernels::half_kernels (*kernels)(metric) noexcept;
  std::uint16_t least;  // of the bits that are drawn, without sign
  std::uint16_t most;
};

// Subnormal ones among binary16; about 1e-2 to 1e2 among bfloat16.
constexpr format formats[] = {{value_of_float16, kernels::float16_kernels_for, 0, 0x4500},
                              {value_of_bfloat16, kernels::bfloat16_kernels_for, 0x3C00, 0x42C8}};

// One off any alignment: a read past the end is seen by the address sanitizer.
struct row {
  row(const format& how, std::size_t dimension, std::mt19937& random) : bits(dimension + 1) {
    for (auto& one : bits) {
      one = static_cast<std::uint16_t>(how.least + random() % (how.most - how.least));
      if (random() % 2 == 0) one |= 0x8000;
    }
  }
  [[nodiscard]] const std::uint16_t* data() const { return bits.data() + 1; }
  std::vector<std::uint16_t> bits;
};

struct truth {
  double value = 0;
  double magnitude = 0;  // what rounding errors are proportional to
};

truth reference(const format& how, metric what, const float* query, const std::uint16_t* bits,
                std::size_t dimension) {
  truth sum;
  for (std::size_t i = 0; i < dimension; ++i) {
    const double a = query[i];
    const double b = how.value(bits[i]);
    const double term = what == metric::dot  ? a * b
                        : what == metric::l1 ? std::fabs(a - b)
                                             : (a - b) * (a - b);
    sum.value += term;
    sum.magnitude += std::fabs(term);
  }
  return sum;
}

bool close(double value, truth expected) {
  return std::fabs(value - expected.value) <= 1e-5 * expected.magnitude + 1e-30;
}

std::vector<std::size_t> dimensions() {
  std::vector<std::size_t> list;
  for (std::size_t d = 0; d <= 130; ++d) list.push_back(d);
  for (const std::size_t d : {255, 257, 384, 511, 768, 784, 1537}) list.push_back(d);
  return list;
}

}  // namespace

TEST_CASE("kernels on 16-bit rows agree with double precision on every target") {
  for_each_target([](const std::string&) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-4, 4);
    for (const format& how : formats) {
      for (const std::size_t d : dimensions()) {
        std::vector<float> query(d + 1);
        for (float& value : query) value = uniform(random);
        std::vector<row> rows;
        std::vector<const std::uint16_t*> at;
        for (std::size_t i = 0; i < 7; ++i) rows.emplace_back(how, d, random);
        for (const row& one : rows) at.push_back(one.data());
        for (const metric what : all_metrics) {
          INFO("dimension " << d << " metric " << static_cast<int>(what) << " seed " << seed);
          const auto chosen = how.kernels(what);
          std::vector<float> out(rows.size() + 1, 77);
          chosen.many(query.data() + 1, at.data(), rows.size(), d, out.data());
          for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto expected = reference(how, what, query.data() + 1, at[i], d);
            REQUIRE(close(chosen.one(query.data() + 1, at[i], d), expected));
            REQUIRE(close(out[i], expected));
          }
          REQUIRE(out[rows.size()] == 77);
        }
      }
    }
  });
}
