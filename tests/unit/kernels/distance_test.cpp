// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/distance.hpp"

#include <hwy/targets.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/kernels/each_target.hpp"

namespace kernels = thespis::kernels;
using kernels::metric;

namespace {

constexpr metric all_metrics[] = {metric::l2_squared, metric::dot, metric::l1};
constexpr std::uint32_t seed = 20260101;

double term(metric what, double a, double b) {
  if (what == metric::dot) return a * b;
  return what == metric::l1 ? std::fabs(a - b) : (a - b) * (a - b);
}

struct truth {
  double value = 0;
  double magnitude = 0;  // what rounding errors are proportional to
};

truth reference(metric what, const float* a, const float* b, std::size_t dimension) {
  truth sum;
  for (std::size_t i = 0; i < dimension; ++i) {
    const double t = term(what, a[i], b[i]);
    sum.value += t;
    sum.magnitude += std::fabs(t);
  }
  return sum;
}

bool close(double value, truth expected) {
  return std::fabs(value - expected.value) <= 1e-5 * expected.magnitude + 1e-30;
}

std::vector<std::size_t> dimensions() {
  std::vector<std::size_t> list;
  for (std::size_t d = 1; d <= 130; ++d) list.push_back(d);
  for (const std::size_t d : {255, 256, 257, 383, 384, 511, 768, 784, 1000, 1536, 1537})
    list.push_back(d);
  return list;
}

std::vector<float> random_floats(std::size_t count, std::mt19937& random) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(count);
  for (float& value : values) value = uniform(random);
  return values;
}

}  // namespace

using thespis::test::for_each_target;

TEST_CASE("one-to-one kernels agree with double precision on every target") {
  for_each_target([](const std::string&) {
    std::mt19937 random(seed);
    for (const std::size_t d : dimensions()) {
      // One float off any alignment, and exactly as long as the vector: a read past the end is
      // seen by the address sanitizer.
      const auto a = random_floats(d + 1, random);
      const auto b = random_floats(d + 1, random);
      for (const metric what : all_metrics) {
        INFO("dimension " << d << " metric " << static_cast<int>(what) << " seed " << seed);
        const auto chosen = kernels::kernels_for(what, d);
        const auto expected = reference(what, a.data() + 1, b.data() + 1, d);
        REQUIRE(close(chosen.one(a.data() + 1, b.data() + 1, d), expected));
        REQUIRE(close(
            chosen.bounded(a.data() + 1, b.data() + 1, d, std::numeric_limits<float>::infinity()),
            expected));
      }
    }
  });
}

TEST_CASE("one-to-many kernels answer as one-to-one kernels do") {
  for_each_target([](const std::string&) {
    std::mt19937 random(seed);
    for (const std::size_t d : {1, 3, 16, 17, 100, 128, 256, 300, 784}) {
      const auto query = random_floats(d, random);
      for (std::size_t count = 0; count <= 11; ++count) {
        std::vector<std::vector<float>> rows(count);
        std::vector<const float*> at;
        for (auto& row : rows) at.push_back((row = random_floats(d, random)).data());
        for (const metric what : all_metrics) {
          INFO("dimension " << d << " count " << count << " seed " << seed);
          const auto chosen = kernels::kernels_for(what, d);
          std::vector<float> plain(count + 1, 77);
          std::vector<float> stopped(count + 1, 77);
          chosen.many(query.data(), at.data(), count, d, plain.data());
          chosen.many_bounded(query.data(), at.data(), count, d,
                              std::numeric_limits<float>::infinity(), stopped.data());
          for (std::size_t i = 0; i < count; ++i) {
            const auto expected = reference(what, query.data(), at[i], d);
            REQUIRE(close(plain[i], expected));
            REQUIRE(close(stopped[i], expected));
          }
          REQUIRE(plain[count] == 77);
          REQUIRE(stopped[count] == 77);
        }
      }
    }
  });
}

TEST_CASE("a bounded kernel is exact within the bound and above it otherwise") {
  for_each_target([](const std::string&) {
    std::mt19937 random(seed);
    for (const std::size_t d : {100, 256, 784, 1537}) {
      const auto a = random_floats(d, random);
      const auto b = random_floats(d, random);
      for (const metric what : {metric::l2_squared, metric::l1}) {
        const auto chosen = kernels::kernels_for(what, d);
        const auto expected = reference(what, a.data(), b.data(), d);
        const auto value = static_cast<float>(expected.value);
        for (const float factor : {0.01F, 0.3F, 0.9F, 1.1F, 10.0F}) {
          const float bound = factor * value;
          const float got = chosen.bounded(a.data(), b.data(), d, bound);
          if (factor > 1) {
            CHECK(close(got, expected));
          } else {
            CHECK(got > bound);
            CHECK(got <= value * 1.00001F);
          }
        }
      }
    }
  });
}

TEST_CASE("the inverse norm is right for ordinary, huge, tiny and empty vectors") {
  for_each_target([](const std::string&) {
    std::vector<float> v(100, 0.0F);
    CHECK(kernels::inverse_norm(v.data(), v.size()) == 0);
    v[3] = 3;
    v[99] = 4;
    CHECK(kernels::inverse_norm(v.data(), v.size()) == Approx(0.2));
    v[3] = 3e30F;
    v[99] = 4e30F;
    CHECK(kernels::inverse_norm(v.data(), v.size()) == Approx(0.2e-30));
    v[3] = 3e-30F;
    v[99] = 4e-30F;
    CHECK(kernels::inverse_norm(v.data(), v.size()) == Approx(0.2e30));
    v[3] = 0;
    v[99] = 1e-45F;
    CHECK(std::isfinite(kernels::inverse_norm(v.data(), v.size())));
  });
}

TEST_CASE("the best instruction set of this machine is the one in use") {
  CHECK(std::string(kernels::active_target()) ==
        hwy::TargetName(hwy::SupportedTargets() & -hwy::SupportedTargets()));
}
