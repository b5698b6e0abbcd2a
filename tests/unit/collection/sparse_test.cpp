// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Sparse vectors of a collection: writes, searches, restarts.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_node.hpp"

using namespace thespis;
using tests::scratch_folder;
using tests::test_node;

namespace {

using weights = std::map<std::uint32_t, float>;

collection_spec words(bool idf = false) {
  collection_spec spec;
  spec.vectors.push_back({"image", 2, distance::dot, element_type::float32, "flat", std::nullopt});
  spec.sparse_vectors.push_back({"text", idf});
  return spec;
}

named_vector sparse(const weights& values, std::string name = "text") {
  named_vector vector;
  vector.name = std::move(name);
  vector.shape = vector_shape::sparse;
  for (const auto& [index, value] : values) {
    vector.indices.push_back(index);
    vector.values.push_back(value);
  }
  return vector;
}

point make_point(std::uint64_t id, const weights& text) {
  point made;
  made.id = point_id(id);
  made.vectors.push_back(sparse(text));
  return made;
}

search_request near(const weights& values, std::uint32_t limit = 10) {
  search_request wanted;
  wanted.target = sparse(values, "");
  wanted.vector_name = "text";
  wanted.limit = limit;
  return wanted;
}

weights random_weights(std::mt19937& random, std::size_t count) {
  weights made;
  while (made.size() < count)
    made[static_cast<std::uint32_t>(
        std::pow(200.0, std::uniform_real_distribution(0.0, 1.0)(random)))] =
        std::uniform_real_distribution(-1.0F, 2.0F)(random);
  return made;
}

// The best ids and scores, computed one by one.
std::vector<std::pair<std::uint64_t, float>> naive(const std::map<std::uint64_t, weights>& points,
                                                   const weights& query, bool idf,
                                                   std::size_t limit) {
  std::vector<std::pair<std::uint64_t, float>> all;
  const auto rarity = [&](std::uint32_t index) {
    if (!idf) return 1.0;
    const auto having = static_cast<double>(
        std::ranges::count_if(points, [&](const auto& one) { return one.second.contains(index); }));
    return std::log((static_cast<double>(points.size()) - having + 0.5) / (having + 0.5) + 1);
  };
  for (const auto& [id, values] : points) {
    double sum = 0;
    bool shared = false;
    for (const auto& [index, value] : query) {
      const auto found = values.find(index);
      if (found == values.end()) continue;
      shared = true;
      sum += static_cast<double>(value) * rarity(index) * found->second;
    }
    if (shared) all.emplace_back(id, static_cast<float>(sum));
  }
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (all.size() > limit) all.resize(limit);
  return all;
}

void agrees(test_node& node, const std::map<std::uint64_t, weights>& points, bool idf,
            unsigned seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < 20; ++i) {
    const auto query = random_weights(random, 5);
    const auto found = node.search("docs", near(query));
    REQUIRE(found);
    const auto expected = naive(points, query, idf, 10);
    REQUIRE(found->hits.size() == expected.size());
    for (std::size_t rank = 0; rank < expected.size(); ++rank)
      CHECK(found->hits[rank].score == Approx(expected[rank].second).epsilon(1e-4).margin(1e-5));
  }
}

}  // namespace

TEST_CASE("sparse vectors are found exactly, through replacement, deletion and restart") {
  const bool idf = GENERATE(false, true);
  scratch_folder folder;
  std::map<std::uint64_t, weights> points;
  std::mt19937 random(7);
  {
    test_node node(folder.path());
    REQUIRE(node.create("docs", words(idf)));
    for (std::uint64_t first = 0; first < 2'500; first += 500) {
      std::vector<point> batch;
      for (auto id = first; id < first + 500; ++id) {
        points[id] = random_weights(random, 1 + id % 20);
        batch.push_back(make_point(id, points[id]));
      }
      REQUIRE(node.upsert("docs", std::move(batch)));
    }
    agrees(node, points, idf, 1);
    for (std::uint64_t id = 0; id < 2'500; id += 7) {
      points[id] = random_weights(random, 3);
      REQUIRE(node.upsert("docs", {make_point(id, points[id])}));
    }
    for (std::uint64_t id = 3; id < 2'500; id += 11) {
      points.erase(id);
      REQUIRE(node.remove("docs", {point_id(id)}));
    }
    agrees(node, points, idf, 2);
    const auto told = node.info("docs").indexes;
    REQUIRE(told.size() == 2);
    CHECK(told[1].name == "text");
    CHECK(told[1].index == "sparse");
    CHECK(told[1].index_bytes > 0);
  }
  {
    test_node again(folder.path());
    agrees(again, points, idf, 3);
    points[9'000] = random_weights(random, 4);
    REQUIRE(again.upsert("docs", {make_point(9'000, points[9'000])}));
    agrees(again, points, idf, 4);
  }
  // Damaged postings cost a rebuild, not an answer.
  std::size_t damaged = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path() / "derived"))
    if (entry.path().extension() == ".postings") {
      ++damaged;
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(entry.path()) / 2));
      file.write("damage", 6);
    }
  CHECK(damaged == 1);
  test_node mended(folder.path());
  agrees(mended, points, idf, 5);
}

TEST_CASE("a sparse vector of a point is deleted alone") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", words()));
  for (std::uint64_t id = 1; id < 3; ++id) REQUIRE(node.upsert("docs", {make_point(id, {{7, 1}})}));
  delete_vectors_request wanted;
  wanted.ids = {point_id(1)};
  wanted.names = {"text"};
  REQUIRE(node.ask<write_reply>(node.serving("docs")->writer, write_operation(wanted),
                                write_context{}));
  const auto found = node.search("docs", near({{7, 1}}));
  REQUIRE(found);
  REQUIRE(found->hits.size() == 1);
  CHECK(found->hits[0].id == point_id(2));
  CHECK(node.info("docs").points == 2);
}

TEST_CASE("points come back with the vectors that they have") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", words()));
  point both = make_point(1, {{5, 0.5F}, {4'000'000'000, -2}});
  both.vectors.push_back(dense_vector({1, 2}, "image"));
  REQUIRE(node.upsert("docs", {both, make_point(2, {{5, 1}})}));
  auto wanted = near({{5, 1}});
  wanted.with_vector.enabled = true;
  const auto found = node.search("docs", wanted);
  REQUIRE(found);
  REQUIRE(found->hits.size() == 2);
  CHECK(found->hits[0].id == point_id(2));
  CHECK(found->hits[0].vectors->size() == 1);
  const auto& vectors = *found->hits[1].vectors;
  REQUIRE(vectors.size() == 2);
  CHECK(vectors[0].name == "image");
  CHECK(vectors[1] == sparse({{5, 0.5F}, {4'000'000'000, -2}}));
  // A stored point is a query as well.
  search_request like = near({});
  like.target = point_id(1);
  const auto similar = node.search("docs", like);
  REQUIRE(similar);
  REQUIRE(similar->hits.size() == 1);
  CHECK(similar->hits[0].id == point_id(2));
  CHECK(similar->hits[0].score == Approx(0.5));
}

TEST_CASE("what is no sparse vector of the collection is refused by name") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", words()));
  const auto refused = [&](named_vector vector, const std::string& why) {
    point made;
    made.id = point_id(1);
    made.vectors.push_back(std::move(vector));
    const auto outcome = node.upsert("docs", {made});
    REQUIRE_FALSE(outcome);
    CHECK_THAT(outcome.error().message, Catch::Contains(why));
  };
  refused(dense_vector({1, 2}, "text"), "'text' is a list of numbers, expected indices and values");
  refused(sparse({{1, 1}}, "image"), "'image' is indices and values, expected a list of numbers");
  refused(sparse({{1, 1}}, "other"), "no vector 'other'");
  refused(sparse({{1, std::numeric_limits<float>::infinity()}}), "not a finite number");
  CHECK(node.info("docs").points == 0);
  auto wrong = near({{1, 1}});
  wrong.target = dense_vector({1, 2});
  CHECK_FALSE(node.search("docs", wrong));
}
