// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/fields/sparse_index.hpp"

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "core/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/fields/sparse_model.hpp"

using namespace thespis;
using fields::sparse_hit;
using fields::sparse_index;
using fields::sparse_query;
using tests::query_of;
using tests::sparse_model;
using tests::sparse_shape;
using tests::sparse_source;
using tests::sparse_vector;

namespace {

using hits = std::vector<sparse_hit>;

hits found(const sparse_index& index, const sparse_query& query) {
  const auto answer = index.snapshot().search(query);
  REQUIRE(answer);
  return *answer;
}

void add(sparse_index& index, slot_t slot, std::vector<std::uint32_t> indices,
         std::vector<float> values) {
  REQUIRE(index.insert(slot, indices, values));
}

// An index and a model with the same points.
struct both {
  sparse_index index;
  sparse_model model;

  void insert(slot_t slot, const sparse_vector& vector) {
    REQUIRE(index.insert(slot, vector.indices, vector.values));
    model.insert(slot, vector);
  }
};

slot_bitmap some_slots(sparse_source& random, slot_t end, double share) {
  slot_bitmap set;
  for (slot_t slot = 0; slot < end; ++slot)
    if (random.unit() < share) set.insert(slot);
  return set;
}

// Searches of every kind, all of which have to agree with the model exactly.
void compare(const both& data, sparse_source& random, const sparse_shape& shape, int rounds) {
  const slot_t end = data.index.next_slot();
  const auto view = data.index.snapshot();
  for (int round = 0; round < rounds; ++round) {
    const auto vector = random.draw(shape);
    auto query = query_of(vector, random.below(4) == 0 ? random.below(2000) : random.below(20));
    slot_bitmap dead;
    slot_bitmap allowed;
    const double shares[] = {0.0001, 0.01, 0.3, 0.9, 1.0};
    if (random.below(2) == 0) dead = some_slots(random, end, shares[random.below(4)]);
    if (random.below(2) == 0) query.dead = &dead;
    if (random.below(3) == 0) allowed = some_slots(random, end, shares[random.below(5)]);
    if (random.below(3) == 0) query.allowed = &allowed;
    if (random.below(3) == 0) query.end_slot = random.below(end + 2);
    query.idf = random.below(3) == 0;
    const auto answer = view.search(query);
    REQUIRE(answer);
    const bool same = *answer == data.model.search(query);
    INFO("round " << round);
    REQUIRE(same);
  }
}

}  // namespace

TEST_CASE("a sparse index ranks points that share a dimension with the query") {
  sparse_index index;
  add(index, 0, {1, 5}, {1, 2});
  add(index, 1, {2, 5}, {3, 1});
  add(index, 2, {7}, {100});
  add(index, 4, {1}, {-2});
  const sparse_vector query{{1, 2, 5}, {1, 0.5F, 2}};
  CHECK(found(index, query_of(query, 10)) == hits{{0, 5}, {1, 3.5F}, {4, -2}});
  CHECK(found(index, query_of(query, 2)) == hits{{0, 5}, {1, 3.5F}});
  CHECK(found(index, query_of(query, 0)).empty());
  CHECK(found(index, query_of({{3, 4}, {1, 1}}, 10)).empty());
  CHECK(found(index, query_of({}, 10)).empty());
  CHECK(fields::sparse_snapshot().search(query_of(query, 10))->empty());
}

TEST_CASE("points with empty vectors and weights of zero are kept apart") {
  sparse_index index;
  add(index, 0, {}, {});
  add(index, 1, {3}, {0});
  add(index, 2, {3}, {-0.0F});
  add(index, 3, {4}, {1});
  CHECK(found(index, query_of({{3}, {1}}, 10)) == hits{{1, 0}, {2, 0}});
  CHECK(found(index, query_of({{3, 4}, {1, 0}}, 10)) == hits{{1, 0}, {2, 0}, {3, 0}});
  CHECK(index.snapshot().points() == 4);
  CHECK(index.snapshot().points(2) == 2);
  CHECK(index.snapshot().postings() == 3);
  CHECK(index.snapshot().postings(sparse_vector{{3}, {}}.indices) == 3);
}

TEST_CASE("equal scores are ranked by slot wherever the points lie") {
  both data;
  for (slot_t slot = 0; slot < 70'000; slot += 7) data.insert(slot, {{1, 9}, {0.1F, 0.7F}});
  const sparse_vector query{{1, 9}, {0.3F, 0.9F}};
  const auto answer = found(data.index, query_of(query, 25));
  CHECK(answer == data.model.search(query_of(query, 25)));
  for (std::size_t at = 0; at < answer.size(); ++at) CHECK(answer[at].slot == 7 * at);
}

TEST_CASE("a sparse index answers as a search over everything does") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  sparse_source random(seed);
  for (const sparse_shape shape : {sparse_shape{}, sparse_shape{.negative = true},
                                   sparse_shape{.dimensions = 20, .negative = true, .coarse = true},
                                   sparse_shape{.dimensions = 5000, .values_max = 3}}) {
    both data;
    slot_t slot = random.below(1000);
    for (int point = 0; point < 9000; ++point) {
      data.insert(slot, random.draw(shape));
      slot += 1 + (random.below(50) == 0 ? random.below(3000) : random.below(2));
    }
    compare(data, random, shape, 30);
    data.index.maintain({});
    compare(data, random, shape, 40);
  }
}

TEST_CASE("lists that hold most slots of a page answer like others") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  sparse_source random(seed);
  const sparse_shape shape{.dimensions = 12, .values_max = 12, .negative = true};
  const sparse_shape heavy{.dimensions = 6, .values_max = 30, .coarse = true};
  both data;
  for (slot_t slot = 0; slot < 66'500; ++slot)
    data.insert(slot, random.draw(slot % 3 == 0 ? heavy : shape));
  compare(data, random, shape, 10);
  data.index.maintain({});
  compare(data, random, shape, 25);
  compare(data, random, heavy, 15);
}

TEST_CASE("weights of any size that is admitted are ranked right") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  sparse_source random(seed);
  both data;
  const auto wild = [&random](sparse_vector vector) {
    for (float& value : vector.values) {
      value *= std::pow(10.0F, static_cast<float>(random.below(57)) - 39);
      value = std::clamp(value, -limits::vector_length_max, limits::vector_length_max);
    }
    return vector;
  };
  const sparse_shape shape{.dimensions = 30, .negative = true};
  for (slot_t slot = 0; slot < 5000; ++slot) data.insert(slot, wild(random.draw(shape)));
  for (int round = 0; round < 40; ++round) {
    const auto vector = wild(random.draw(shape));
    const bool same =
        found(data.index, query_of(vector, 12)) == data.model.search(query_of(vector, 12));
    CHECK(same);
  }
}

TEST_CASE("a sum beyond what a score can be is the largest score") {
  sparse_index index;
  std::vector<std::uint32_t> indices(1000);
  std::iota(indices.begin(), indices.end(), 0);
  const std::vector<float> most(1000, limits::vector_length_max);
  const std::vector<float> least(1000, -limits::vector_length_max);
  add(index, 0, indices, least);
  for (slot_t slot = 1; slot < 1500; ++slot) add(index, slot, indices, most);
  constexpr float highest = std::numeric_limits<float>::max();
  const auto answer = found(index, query_of({indices, most}, 2000));
  REQUIRE(answer.size() == 1500);
  CHECK(answer.front() == sparse_hit{1, highest});
  CHECK(answer.back() == sparse_hit{0, -highest});
}

TEST_CASE("a sparse index refuses vectors and slots that are not well formed") {
  sparse_index index;
  const auto refused = [&index](slot_t slot, std::vector<std::uint32_t> indices,
                                std::vector<float> values) {
    const auto answer = index.insert(slot, indices, values);
    REQUIRE_FALSE(answer);
    return answer.error().message;
  };
  CHECK(refused(0, {1, 2}, {1}) == "sparse vector has 2 indices and 1 values");
  CHECK(refused(0, {2, 2}, {1, 1}) == "indices of a sparse vector do not ascend: 2 after 2");
  CHECK(refused(0, {2, 1}, {1, 1}) == "indices of a sparse vector do not ascend: 1 after 2");
  CHECK_FALSE(refused(0, {2}, {std::numeric_limits<float>::quiet_NaN()}).empty());
  CHECK_FALSE(refused(0, {2}, {std::numeric_limits<float>::infinity()}).empty());
  CHECK_FALSE(refused(0, {2}, {-2e18F}).empty());
  CHECK_FALSE(refused(limits::slots_max, {2}, {1}).empty());
  const std::vector<std::uint32_t> many(sparse_index::values_max + 1);
  const std::vector<float> values(many.size());
  CHECK(index.insert(0, many, values).error().code == errc::too_large);
  add(index, 5, {1}, {1});
  CHECK_FALSE(refused(5, {2}, {1}).empty());
  CHECK(index.next_slot() == 6);
  const sparse_vector query{{2, 1}, {1, 1}};
  CHECK(index.snapshot().search(query_of(query, 1)).error().code == errc::invalid_argument);
  CHECK(index.snapshot().points() == 1);
}

TEST_CASE("maintenance drops dead slots and leaves snapshots alone") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  sparse_source random(seed);
  both data;
  const sparse_shape shape{.negative = true};
  for (slot_t slot = 0; slot < 140'000; slot += 10) data.insert(slot, random.draw(shape));
  const auto before = data.index.snapshot();
  const auto dead = some_slots(random, 140'000, 0.4);
  // Three pages, of which the last vectors wait to be sorted.
  std::uint64_t expected = 0;
  for (const auto& [slot, vector] : data.model.points())
    expected += slot < 131'072 && dead.contains(slot);
  CHECK(data.index.wants_maintenance());
  CHECK(data.index.maintain(dead, 0.9) == 0);
  CHECK_FALSE(data.index.wants_maintenance());
  CHECK(data.index.maintain(dead) == expected);
  CHECK(data.index.maintain(dead) == 0);
  CHECK(data.index.snapshot().points() == data.model.points().size() - expected);
  CHECK(data.index.bytes() < before.bytes());
  for (int round = 0; round < 20; ++round) {
    const auto vector = random.draw(shape);
    auto query = query_of(vector, 10);
    query.idf = round % 2 == 0;
    const bool as_it_was = *before.search(query) == data.model.search(query);
    CHECK(as_it_was);
    query.dead = &dead;
    const bool as_it_is = found(data.index, query) == data.model.search(query);
    CHECK(as_it_is);
  }
  slot_bitmap all;
  for (slot_t slot = 0; slot < 140'000; ++slot) all.insert(slot);
  data.index.maintain(all);
  CHECK(data.index.snapshot().points(131'072) == 0);
  data.insert(200'000, random.draw(shape));
  data.index.maintain(all);
  CHECK(data.index.snapshot().points() == 1);
  CHECK(data.index.snapshot().points(200'000) == 0);
}
