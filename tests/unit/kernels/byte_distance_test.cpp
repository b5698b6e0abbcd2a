// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/byte_distance.hpp"

#include <cmath>
#include <limits>
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
constexpr std::uint32_t seed = 20260103;

template <class Query, class Row>
double reference(metric what, const Query* a, const Row* b, std::size_t dimension) {
  double sum = 0;
  for (std::size_t i = 0; i < dimension; ++i) {
    const double x = a[i];
    const double y = b[i];
    sum += what == metric::dot ? x * y : what == metric::l1 ? std::fabs(x - y) : (x - y) * (x - y);
  }
  return sum;
}

// Random components, among them the extremes, one off any alignment: a read past the end is seen by
// the address sanitizer.
template <class Byte>
struct bytes {
  bytes(std::size_t count, std::mt19937& random) : all(count + 1) {
    for (Byte& value : all) {
      const auto drawn = random();
      value = static_cast<Byte>(drawn >> 8);
      if (drawn % 8 == 0) value = std::numeric_limits<Byte>::max();
      if (drawn % 8 == 1) value = std::numeric_limits<Byte>::min();
    }
  }
  [[nodiscard]] const Byte* data() const { return all.data() + 1; }
  std::vector<Byte> all;
};

std::vector<std::size_t> dimensions() {
  std::vector<std::size_t> list;
  for (std::size_t d = 0; d <= 300; ++d) list.push_back(d);
  for (const std::size_t d : {511, 513, 768, 784, 1000, 1536, 1537, 4097}) list.push_back(d);
  return list;
}

template <class Query, class Row>
void check_one(kernels::byte_kernels<Query, Row> chosen, metric what) {
  std::mt19937 random(seed);
  for (const std::size_t d : dimensions()) {
    INFO("dimension " << d << " metric " << static_cast<int>(what) << " seed " << seed);
    const bytes<Query> a(d, random);
    const bytes<Row> b(d, random);
    REQUIRE(static_cast<double>(chosen.one(a.data(), b.data(), d)) ==
            reference(what, a.data(), b.data(), d));
  }
}

template <class Query, class Row>
void check_many(kernels::byte_kernels<Query, Row> chosen, metric what) {
  std::mt19937 random(seed);
  for (const std::size_t d : {1, 15, 64, 65, 100, 128, 300, 785, 2000}) {
    const bytes<Query> query(d, random);
    for (std::size_t count = 0; count <= 11; ++count) {
      INFO("dimension " << d << " count " << count << " seed " << seed);
      std::vector<bytes<Row>> rows;
      for (std::size_t i = 0; i < count; ++i) rows.emplace_back(d, random);
      std::vector<const Row*> at;
      for (const auto& row : rows) at.push_back(row.data());
      std::vector<std::int64_t> out(count + 1, 77);
      chosen.many(query.data(), at.data(), count, d, out.data());
      for (std::size_t i = 0; i < count; ++i)
        REQUIRE(static_cast<double>(out[i]) == reference(what, query.data(), at[i], d));
      REQUIRE(out[count] == 77);
    }
  }
}

// The largest sums that there can be, at the largest dimension.
template <class Query, class Row>
void check_extremes(kernels::byte_kernels<Query, Row> chosen, metric what) {
  constexpr std::size_t longest = 65535;
  for (const Query q : {std::numeric_limits<Query>::min(), std::numeric_limits<Query>::max()}) {
    for (const Row r : {std::numeric_limits<Row>::min(), std::numeric_limits<Row>::max()}) {
      const std::vector<Query> query(longest, q);
      const std::vector<Row> row(longest, r);
      const double expected = reference(what, query.data(), row.data(), longest);
      INFO("components " << int{q} << " and " << int{r});
      CHECK(static_cast<double>(chosen.one(query.data(), row.data(), longest)) == expected);
      const Row* const rows[] = {row.data(), row.data(), row.data(), row.data(), row.data()};
      std::int64_t out[5];
      chosen.many(query.data(), rows, 5, longest, out);
      for (const std::int64_t value : out) CHECK(static_cast<double>(value) == expected);
    }
  }
}

template <class Query, class Row>
void check(kernels::byte_kernels<Query, Row> chosen, metric what) {
  check_one(chosen, what);
  check_many(chosen, what);
  check_extremes(chosen, what);
}

}  // namespace

TEST_CASE("kernels on unsigned bytes are exact on every target") {
  for_each_target([](const std::string&) {
    for (const metric what : all_metrics) check(kernels::uint8_kernels_for(what), what);
  });
}

TEST_CASE("kernels on signed bytes are exact on every target") {
  for_each_target([](const std::string&) {
    for (const metric what : all_metrics) check(kernels::int8_kernels_for(what), what);
  });
}
