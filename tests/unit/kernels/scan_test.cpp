// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/scan.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/kernels/each_target.hpp"

namespace kernels = thespis::kernels;
using kernels::metric;

namespace {

constexpr std::uint32_t seed = 20261120;

struct outcome {
  double value = 0;
  double size = 0;  // of all that was summed, which rounding is relative to
};

outcome reference(metric what, const float* a, const float* b, std::size_t dimension) {
  outcome made;
  for (std::size_t i = 0; i < dimension; ++i) {
    const double x = a[i];
    const double y = b[i];
    const double part = what == metric::dot          ? x * y
                        : what == metric::l2_squared ? (x - y) * (x - y)
                                                     : std::fabs(x - y);
    made.value += part;
    made.size += std::fabs(part);
  }
  return made;
}

}  // namespace

TEST_CASE("a scan agrees with double precision for rows side by side and far apart") {
  std::mt19937 random(seed);
  INFO("seed " << seed);
  std::normal_distribution<float> normal;
  thespis::test::for_each_target([&](const std::string&) {
    for (const auto what : {metric::l2_squared, metric::dot, metric::l1}) {
      for (const std::size_t dimension : {16u, 32u, 48u, 64u, 112u, 128u, 784u}) {
        for (const std::size_t gap : {0u, 16u}) {
          const std::size_t stride = dimension + gap;
          const std::size_t count = 7;
          std::vector<float> rows(count * stride - gap);
          std::vector<float> query(dimension);
          std::vector<float> out(count);
          for (auto& value : rows) value = normal(random);
          for (auto& value : query) value = normal(random);
          const auto scan = kernels::scan_for(what);
          scan(query.data(), rows.data(), stride, count, dimension, out.data());
          for (std::size_t i = 0; i < count; ++i) {
            const float* row = rows.data() + i * stride;
            const auto right = reference(what, query.data(), row, dimension);
            INFO("dimension " << dimension << ", gap " << gap << ", row " << i);
            CHECK(std::fabs(out[i] - right.value) <= 1e-5 * right.size);
            float alone = 0;
            scan(query.data(), row, stride, 1, dimension, &alone);
            CHECK(alone == out[i]);
          }
        }
      }
    }
  });
}
