// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <map>
#include <random>
#include <string>
#include <vector>

#include "actors/query/read.hpp"
#include "core/limits.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/unit/multivectors/loaded_collection.hpp"
#include "tests/unit/multivectors/max_sim_model.hpp"

using namespace thespis;
using tests::loaded_collection;
using tests::random_rows;
using tests::scratch_folder;

namespace {

collection_spec rows_of(std::uint32_t size, distance metric, const std::string& index = "flat") {
  collection_spec spec;
  vector_spec vector;
  vector.name = "words";
  vector.size = size;
  vector.metric = metric;
  vector.index = index;
  vector.multivector = true;
  spec.vectors = {vector};
  return spec;
}

search_request near(named_vector query, std::uint32_t limit = 10) {
  search_request wanted;
  wanted.target = std::move(query);
  wanted.vector_name = "words";
  wanted.limit = limit;
  return wanted;
}

point with_rows(std::uint64_t id, named_vector rows) {
  rows.name = "words";
  return {point_id(id), {std::move(rows)}, {R"({"n":1})"}};
}

named_vector rows(std::vector<float> values, std::uint32_t size) {
  named_vector made;
  made.name = "words";
  made.values = std::move(values);
  made.shape = vector_shape::multivector;
  made.size = size;
  return made;
}

std::vector<std::uint64_t> ids(const result<search_reply>& reply) {
  REQUIRE(reply);
  std::vector<std::uint64_t> numbers;
  for (const auto& hit : reply->hits) numbers.push_back(hit.id.number());
  return numbers;
}

using model = std::map<std::uint64_t, named_vector>;

/// Compares a search with the naive answer: scores, their order, and that no better one is left
/// out.
void check_against(const model& all, distance metric, std::uint32_t size, const named_vector& query,
                   const result<search_reply>& reply, std::size_t limit) {
  REQUIRE(reply);
  std::vector<double> scores;
  for (const auto& [id, vector] : all)
    scores.push_back(tests::max_sim(metric, query, vector, size));
  std::sort(scores.begin(), scores.end());
  if (larger_is_nearer(metric)) std::reverse(scores.begin(), scores.end());
  REQUIRE(reply->hits.size() == std::min(limit, scores.size()));
  for (std::size_t i = 0; i < reply->hits.size(); ++i) {
    const auto& hit = reply->hits[i];
    const auto truth = tests::max_sim(metric, query, all.at(hit.id.number()), size);
    CHECK(hit.score == Approx(truth).epsilon(1e-4).margin(1e-4));
    CHECK(hit.score == Approx(scores[i]).epsilon(1e-4).margin(1e-4));
  }
}

constexpr distance all_metrics[] = {distance::cosine, distance::dot, distance::euclid,
                                    distance::manhattan};

}  // namespace

TEST_CASE("a search of a multivector finds what a naive comparison finds") {
  for (const auto metric : all_metrics) {
    INFO("metric " << to_string(metric));
    scratch_folder folder;
    const std::uint32_t size = 7;
    loaded_collection docs(folder.path(), rows_of(size, metric));
    std::mt19937 random(1);
    model all;
    std::vector<point> points;
    for (std::uint64_t id = 0; id < 150; ++id) {
      if (id % 10 == 3) {  // has no such vector
        points.push_back({point_id(id), {}, {}});
        continue;
      }
      all[id] = random_rows(random, 1 + random() % 12, size);
      points.push_back(with_rows(id, all[id]));
    }
    REQUIRE(docs.put(points));
    // One row and few are compared in another way than many.
    for (const std::uint32_t query_rows : {1u, 3u, 8u, 40u}) {
      const auto query = random_rows(random, query_rows, size);
      for (const std::size_t limit : {1u, 10u, 1000u})
        check_against(all, metric, size, query,
                      docs.search(near(query, static_cast<std::uint32_t>(limit))), limit);
    }
  }
}

TEST_CASE("rows of a point may go on where memory does not") {
  scratch_folder folder;
  const std::uint32_t size = 4096;  // so that few rows lie together
  loaded_collection docs(folder.path(), rows_of(size, distance::euclid));
  std::mt19937 random(2);
  model all;
  for (std::uint64_t id = 0; id < 10; ++id) {
    all[id] = random_rows(random, 60, size);
    REQUIRE(docs.put({with_rows(id, all[id])}));
  }
  const auto query = random_rows(random, 9, size);
  check_against(all, distance::euclid, size, query, docs.search(near(query, 10)), 10);
}

TEST_CASE("a point with more rows than are compared at once is found") {
  scratch_folder folder;
  loaded_collection docs(folder.path(), rows_of(3, distance::manhattan));
  std::mt19937 random(3);
  model all;
  for (std::uint64_t id = 0; id < 5; ++id) {
    all[id] = random_rows(random, 1500, 3);
    REQUIRE(docs.put({with_rows(id, all[id])}));
  }
  const auto query = random_rows(random, 2000, 3);
  check_against(all, distance::manhattan, 3, query, docs.search(near(query)), 10);
}

TEST_CASE("equal scores come by id, and pages and thresholds cut") {
  for (const std::uint32_t query_rows : {2u, 20u}) {
    scratch_folder folder;
    loaded_collection docs(folder.path(), rows_of(4, distance::cosine));
    std::mt19937 random(4);
    const auto same = random_rows(random, 5, 4);
    const auto query = random_rows(random, query_rows, 4);
    for (std::uint64_t id = 40; id-- > 0;)
      REQUIRE(docs.put({with_rows(id, id % 2 == 0 ? same : random_rows(random, 1, 4))}));
    const auto all = docs.search(near(query, 100));
    REQUIRE(all);
    std::vector<std::uint64_t> alike;
    for (const auto& hit : all->hits)
      if (hit.id.number() % 2 == 0) alike.push_back(hit.id.number());
    REQUIRE(alike.size() == 20);
    CHECK(std::is_sorted(alike.begin(), alike.end()));
    auto page = near(query, 7);
    page.offset = 5;
    const auto cut = docs.search(page);
    REQUIRE(cut);
    REQUIRE(cut->hits.size() == 7);
    for (std::size_t i = 0; i < 7; ++i) CHECK(cut->hits[i].id == all->hits[5 + i].id);
    auto above = near(query, 100);
    above.score_threshold = all->hits[9].score;
    const auto good = docs.search(above);
    REQUIRE(good);
    CHECK(good->hits.size() >= 10);
    for (const auto& hit : good->hits) CHECK(hit.score >= *above.score_threshold);
  }
}

TEST_CASE("the Euclidean score is the root of the sum of squared distances") {
  scratch_folder folder;
  loaded_collection docs(folder.path(), rows_of(2, distance::euclid));
  REQUIRE(docs.put({with_rows(1, rows({0, 0, 10, 0}, 2))}));
  // 3 and 4 away from the nearest row of each.
  const auto found = docs.search(near(rows({0, 3, 10, 4}, 2)));
  REQUIRE(found);
  CHECK(found->hits.at(0).score == Approx(5));
  // A list of numbers is one row.
  const auto one = docs.search(near(dense_vector({10, 4})));
  REQUIRE(one);
  CHECK(one->hits.at(0).score == Approx(4));
  const auto itself = docs.search(near(rows({0, 0, 10, 0}, 2)));
  REQUIRE(itself);
  CHECK(itself->hits.at(0).score == 0);
}

TEST_CASE("rows whose ranks exceed a float together do not break a search") {
  scratch_folder folder;
  loaded_collection docs(folder.path(), rows_of(1, distance::dot));
  REQUIRE(docs.put({with_rows(1, rows({1e18F}, 1)), with_rows(2, rows({-1e18F}, 1))}));
  const auto found = docs.search(near(rows(std::vector<float>(4000, 1e18F), 1)));
  CHECK(ids(found) == std::vector<std::uint64_t>{1, 2});
  for (const auto& hit : found->hits) CHECK(std::isfinite(hit.score));
}

TEST_CASE("points that go, change or lose a multivector are not found by what they were") {
  scratch_folder folder;
  loaded_collection docs(folder.path(), rows_of(2, distance::dot));
  REQUIRE(docs.put({with_rows(1, rows({1, 0, 0, 1}, 2)), with_rows(2, rows({2, 0}, 2)),
                    with_rows(3, rows({3, 0}, 2)), with_rows(4, rows({4, 0}, 2))}));
  const auto before = docs.seen();
  const auto query = near(rows({1, 0}, 2));
  CHECK(ids(docs.search(query)) == std::vector<std::uint64_t>{4, 3, 2, 1});
  REQUIRE(docs.erase(4));
  REQUIRE(docs.put({with_rows(2, rows({-2, 0, 9, 9}, 2))}));
  delete_vectors_request without;
  without.ids = {point_id(3)};
  without.names = {"words"};
  REQUIRE(docs.write(without));
  CHECK(ids(docs.search(query)) == std::vector<std::uint64_t>{2, 1});

  // Who has the view sees what was.
  auto whole = query;
  whole.with_vector.enabled = true;
  whole.with_payload.enabled = true;
  const auto old = actors::search(*before, whole);
  CHECK(ids(old) == std::vector<std::uint64_t>{4, 3, 2, 1});
  CHECK(old->hits[2].vectors->at(0) == rows({2, 0}, 2));
  CHECK(old->hits[1].vectors->at(0).values == std::vector<float>{3, 0});
  search_request by_id = near({});
  by_id.target = point_id(4);
  CHECK(ids(actors::search(*before, by_id)) == std::vector<std::uint64_t>{3, 2, 1});
}

TEST_CASE("multivectors are there again after a start, with and without saved slots") {
  for (const bool saved : {false, true}) {
    scratch_folder folder;
    auto spec = rows_of(5, distance::cosine);
    // Beside dense vectors, whose files keep their places.
    vector_spec dense;
    dense.size = 3;
    dense.metric = distance::euclid;
    for (const auto* name : {"a", "z"}) {
      dense.name = name;
      spec.vectors.insert(*name == 'a' ? spec.vectors.begin() : spec.vectors.end(), dense);
    }
    loaded_collection docs(folder.path(), spec);
    std::mt19937 random(5);
    model all;
    const auto put = [&](std::uint64_t id) {
      all[id] = random_rows(random, 1 + random() % 6, 5, "words");
      point one{point_id(id), {all[id]}, {}};
      one.vectors.push_back(dense_vector({1, 2, static_cast<float>(id)}, "a"));
      if (id % 2 == 0) one.vectors.push_back(dense_vector({3, 4, static_cast<float>(id)}, "z"));
      REQUIRE(docs.put({one}));
    };
    for (std::uint64_t id = 0; id < 60; ++id) put(id);
    if (saved) {
      REQUIRE(docs.state().base_of(docs.seen()).run());
      REQUIRE(docs.state().unsaved(*docs.seen()).size() <= 2);
    }
    for (std::uint64_t id = 50; id < 70; ++id) put(id);
    for (std::uint64_t id = 0; id < 10; ++id) {
      REQUIRE(docs.erase(id));
      all.erase(id);
    }
    const auto query = random_rows(random, 12, 5);
    REQUIRE(docs.load());
    check_against(all, distance::cosine, 5, query, docs.search(near(query, 100)), 100);
    put(80);
    check_against(all, distance::cosine, 5, query, docs.search(near(query, 100)), 100);
    search_request place;
    place.vector_name = "z";
    place.target = dense_vector({3, 4, 52});
    place.limit = 1;
    CHECK(ids(docs.search(place)) == std::vector<std::uint64_t>{52});
  }
}

TEST_CASE("multivectors that do not fit are refused") {
  scratch_folder folder;
  loaded_collection docs(folder.path(), rows_of(3, distance::dot));
  const auto refused = [&](named_vector vector, errc code, const std::string& text) {
    const auto written = docs.put({with_rows(1, vector)});
    const auto searched = docs.search(near(vector));
    return !written && written.error().code == code &&
           written.error().message.find(text) != std::string::npos && !searched &&
           searched.error().code == code;
  };
  CHECK(refused(rows({}, 3), errc::invalid_argument, "has no row"));
  CHECK(refused(rows({1, 2}, 2), errc::dimension_mismatch, "has 2 dimensions, expected 3"));
  CHECK(refused(rows({1, 2, 3, 4, 5, NAN}, 3), errc::invalid_argument, "not a finite number"));
  named_vector sparse = rows({1}, 0);
  sparse.shape = vector_shape::sparse;
  sparse.indices = {1};
  CHECK(refused(sparse, errc::invalid_argument, "expected a list of rows"));
  REQUIRE(docs.put({{point_id(7), {}, {}}}));
  auto by_id = near({});
  by_id.target = point_id(7);
  const auto missing = docs.search(by_id);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == errc::not_found);
  auto unknown = near(rows({1, 2, 3}, 3));
  unknown.vector_name = "letters";
  const auto nowhere = docs.search(unknown);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message.find("known are 'words'") != std::string::npos);
}

TEST_CASE("rows of multivectors are accounted for, and long searches are told") {
  scratch_folder folder;
  loaded_collection docs(folder.path(), rows_of(64, distance::dot));
  std::mt19937 random(6);
  std::vector<point> points;
  for (std::uint64_t id = 0; id < 100; ++id)
    points.push_back(with_rows(id, random_rows(random, 20, 64)));
  REQUIRE(docs.put(points));
  const auto info = docs.state().info();
  REQUIRE(info.indexes.size() == 1);
  CHECK(info.indexes[0].name == "words");
  CHECK(info.indexes[0].arena_bytes >= 100 * 20 * 64 * sizeof(float));
  const auto query = near(random_rows(random, 30, 64));
  CHECK(actors::estimate_bytes(*docs.seen(), query) >= 30 * 100 * 20 * 64 * sizeof(float));

  // A process that has hardly any memory left takes no rows, neither of a write nor of a start.
  constexpr std::uint64_t budget_bytes = 1u << 30;
  std::uint64_t used_bytes = 0;
  actors::collection_bounds bounds;
  bounds.memory = std::make_shared<memory_budget>(budget_bytes, memory_ceiling{}, [&] {
    return process_memory{used_bytes, used_bytes, 0};
  });
  REQUIRE(docs.load(bounds));
  CHECK(bounds.memory->report().parts[0] >= 100 * 20 * 64 * sizeof(float));
  used_bytes = budget_bytes - 100'000;
  const auto refused = docs.put({with_rows(100, random_rows(random, 400, 64))});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::resource_exhausted);
  const auto unloaded = docs.load(bounds);
  REQUIRE_FALSE(unloaded);
  CHECK(unloaded.error().code == errc::resource_exhausted);
  CHECK(unloaded.error().message.find("rows of multivectors") != std::string::npos);
  used_bytes = 0;
  REQUIRE(docs.load(bounds));
  CHECK(docs.search(query));
}
