// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_node.hpp"

using namespace thespis;
using tests::scratch_folder;
using tests::test_node;

namespace {

constexpr std::uint32_t dimension = 16;

collection_spec plain(distance metric = distance::euclid) {
  collection_spec spec;
  spec.vectors.push_back({"", dimension, metric, element_type::float32, "hnsw", std::nullopt});
  spec.hnsw.full_scan_threshold_kb = 0;  // the graph answers, however few points there are
  return spec;
}

std::vector<float> random_vector(std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(dimension);
  for (auto& value : values) value = normal(random);
  return values;
}

point make_point(std::uint64_t id, std::vector<float> values, std::string json = {}) {
  return {point_id(id), {{"", std::move(values)}}, payload{std::move(json)}};
}

std::vector<point> random_points(std::uint64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<point> points;
  for (std::uint64_t id = 0; id < count; ++id)
    points.push_back(make_point(id, random_vector(random), R"({"n":)" + std::to_string(id) + "}"));
  return points;
}

search_request near(std::vector<float> values, std::uint32_t limit = 10, bool exact = false) {
  search_request wanted;
  wanted.target = dense_vector(std::move(values));
  wanted.limit = limit;
  wanted.exact = exact;
  return wanted;
}

std::vector<std::uint64_t> ids(const search_reply& reply) {
  std::vector<std::uint64_t> numbers;
  for (const auto& hit : reply.hits) numbers.push_back(hit.id.number());
  return numbers;
}

}  // namespace

TEST_CASE("a point is found as soon as its write is acknowledged, and gone with its deletion") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", plain()));
  std::mt19937 random(1);
  for (std::uint64_t id = 0; id < 200; ++id) {
    auto values = random_vector(random);
    REQUIRE(node.upsert("docs", {make_point(id, values)}));
    const auto found = node.search("docs", near(values, 1));
    REQUIRE(found);
    REQUIRE(ids(*found) == std::vector{id});
    CHECK(found->hits[0].score == Approx(0).margin(1e-6));
    if (id % 3 != 0) continue;
    REQUIRE(node.remove("docs", {point_id(id)}));
    const auto gone = node.search("docs", near(values, 200));
    REQUIRE(gone);
    for (const auto other : ids(*gone)) CHECK(other != id);
  }
  CHECK(node.info("docs").points == 133);
}

TEST_CASE("the graph agrees with an exact scan, before and after a restart") {
  scratch_folder folder;
  const auto points = random_points(3000, 2);
  std::mt19937 random(3);
  std::vector<std::vector<float>> queries;
  for (int i = 0; i < 50; ++i) queries.push_back(random_vector(random));
  std::map<int, std::vector<std::uint64_t>> truth;
  const auto recall = [&](test_node& node) {
    int common = 0;
    for (int i = 0; i < 50; ++i) {
      const auto found = node.search("docs", near(queries[i]));
      REQUIRE(found);
      for (const auto id : ids(*found))
        common += std::count(truth[i].begin(), truth[i].end(), id) > 0 ? 1 : 0;
    }
    return common / 500.0;
  };
  {
    test_node node(folder.path());
    REQUIRE(node.create("docs", plain()));
    for (std::size_t first = 0; first < points.size(); first += 500)
      REQUIRE(node.upsert("docs", {points.begin() + first, points.begin() + first + 500}));
    for (int i = 0; i < 50; ++i) truth[i] = ids(*node.search("docs", near(queries[i], 10, true)));
    CHECK(recall(node) > 0.95);  // while the index is being built
    CHECK(node.indexed("docs").indexes[0].indexed_slots == 3000);
    CHECK(recall(node) > 0.95);
  }
  test_node again(folder.path());
  CHECK(again.info("docs").points == 3000);
  CHECK(again.info("docs").indexes[0].tail_slots == 0);  // loaded, not built again
  CHECK(recall(again) > 0.95);
  for (int i = 0; i < 50; ++i)
    CHECK(ids(*again.search("docs", near(queries[i], 10, true))) == truth[i]);
}

TEST_CASE("damaged derived files cost a rebuild, not an answer") {
  scratch_folder folder;
  const auto points = random_points(1000, 4);
  {
    test_node node(folder.path());
    REQUIRE(node.create("docs", plain()));
    REQUIRE(node.upsert("docs", points));
    node.indexed("docs");
  }
  std::size_t damaged = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder.path() / "derived")) {
    if (!entry.is_regular_file()) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    file.write("damage", 6);
    ++damaged;
  }
  REQUIRE(damaged == 4);  // index, rows, their sums, and slots
  test_node node(folder.path());
  for (const auto id : {0, 500, 999}) {
    const auto found = node.search("docs", near(points[id].vectors[0].values, 1));
    REQUIRE(found);
    CHECK(ids(*found) == std::vector<std::uint64_t>{points[id].id.number()});
  }
  CHECK(node.indexed("docs").indexes[0].indexed_slots == 1000);
}

TEST_CASE("points that contradict the collection are refused whole") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", plain()));
  std::mt19937 random(5);
  const auto good = make_point(1, random_vector(random));
  const auto refused = [&](point bad, errc code, const std::string& part) {
    const auto reply = node.upsert("docs", {good, std::move(bad)});
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == code);
    CHECK_THAT(reply.error().message, Catch::Contains(part));
    CHECK(node.info("docs").points == 0);
  };
  refused(make_point(2, std::vector<float>(15)), errc::dimension_mismatch,
          "'docs': point 2: vector has 15 dimensions, expected 16");
  auto infinite = random_vector(random);
  infinite[7] = std::numeric_limits<float>::infinity();
  refused(make_point(2, infinite), errc::invalid_argument, "element 7");
  infinite[7] = std::numeric_limits<float>::quiet_NaN();
  refused(make_point(2, infinite), errc::invalid_argument, "element 7");
  auto endless = random_vector(random);
  endless[3] = 3e38F;
  refused(make_point(2, endless), errc::invalid_argument,
          "vector: its length is 3e+38, at most 1e+18");
  auto named = good;
  named.vectors[0].name = "other";
  refused(named, errc::invalid_argument, "no vector 'other'");
  auto twice = good;
  twice.vectors.push_back(twice.vectors[0]);
  refused(twice, errc::invalid_argument, "twice");
  refused(make_point(2, good.vectors[0].values, std::string((1u << 20) + 1, 'x')), errc::too_large,
          "1048577");
}

TEST_CASE("named vectors are searched apart, and a point may lack some") {
  scratch_folder folder;
  test_node node(folder.path());
  auto spec = plain();
  spec.vectors = {{"image", 2, distance::euclid, element_type::float32, "hnsw", std::nullopt},
                  {"text", 3, distance::cosine, element_type::float32, "flat", std::nullopt}};
  REQUIRE(node.create("mixed", spec));
  const point both{point_id(1), {{"text", {1, 0, 0}}, {"image", {1, 1}}}, {}};
  const point image{point_id(2), {{"image", {5, 5}}}, {}};
  const point text{point_id(3), {{"text", {0, 2, 0}}}, {}};
  REQUIRE(node.upsert("mixed", {both, image, text}));
  auto wanted = near({4, 4});
  wanted.vector_name = "image";
  CHECK(ids(*node.search("mixed", wanted)) == std::vector<std::uint64_t>{2, 1});
  wanted = near({1, 3, 0});
  wanted.vector_name = "text";
  const auto found = node.search("mixed", wanted);
  REQUIRE(found);
  CHECK(ids(*found) == std::vector<std::uint64_t>{3, 1});
  CHECK(found->hits[0].score == Approx(3 / std::sqrt(10.0)));
  const auto nameless = node.search("mixed", near({1, 2})).error();
  CHECK(nameless.code == errc::invalid_argument);
  CHECK_THAT(nameless.message,
             Catch::Contains("its vectors have names; say which, known are 'image', 'text'"));
  wanted.vector_name = "txt";
  CHECK_THAT(node.search("mixed", wanted).error().message, Catch::Contains("no vector 'txt'"));
  wanted = near({1, 2});
  wanted.vector_name = "text";
  CHECK(node.search("mixed", wanted).error().code == errc::dimension_mismatch);
}

TEST_CASE("limit, offset, threshold, target by id and selectors shape an answer") {
  scratch_folder folder;
  test_node node(folder.path());
  auto spec = plain();
  spec.vectors[0].size = 1;
  REQUIRE(node.create("line", spec));
  std::vector<point> points;
  for (std::uint64_t id = 0; id < 10; ++id)
    points.push_back(make_point(id, {static_cast<float>(id)}, R"({"a":1,"b":2})"));
  REQUIRE(node.upsert("line", points));
  auto wanted = near({0}, 3);
  wanted.offset = 2;
  CHECK(ids(*node.search("line", wanted)) == std::vector<std::uint64_t>{2, 3, 4});
  wanted.score_threshold = 3.5F;
  CHECK(ids(*node.search("line", wanted)) == std::vector<std::uint64_t>{2, 3});
  wanted = near({}, 2);
  wanted.target = point_id(5);
  CHECK(ids(*node.search("line", wanted)) == std::vector<std::uint64_t>{4, 6});
  wanted.target = point_id(77);
  CHECK(node.search("line", wanted).error().code == errc::not_found);
  wanted = near({3e38F}, 1);
  CHECK_THAT(node.search("line", wanted).error().message, Catch::Contains("at most 1e+18"));
  wanted.vector_name = "other";
  CHECK_THAT(node.search("line", wanted).error().message, Catch::Contains("has no name"));
  wanted = near({9}, 1);
  wanted.with_payload = {true, {"b"}, {}};
  wanted.with_vector.enabled = true;
  const auto found = node.search("line", wanted);
  REQUIRE(found);
  CHECK(found->hits[0].payload->json == R"({"b":2})");
  CHECK((*found->hits[0].vectors)[0].values == std::vector<float>{9});
}

TEST_CASE("short and long vectors keep their direction under cosine") {
  scratch_folder folder;
  test_node node(folder.path());
  auto spec = plain(distance::cosine);
  spec.vectors[0].size = 2;
  REQUIRE(node.create("rays", spec));
  REQUIRE(node.upsert("rays", {make_point(1, {1e-20F, 0}), make_point(2, {7e17F, 7e17F}),
                               make_point(3, {0, 1e-19F})}));
  for (const float length : {1e-20F, 1.0F, 1e18F}) {
    const auto found = node.search("rays", near({length, 0}, 3));
    REQUIRE(found);
    CHECK(ids(*found) == std::vector<std::uint64_t>{1, 2, 3});
    CHECK(found->hits[0].score == Approx(1));
    CHECK(found->hits[1].score == Approx(std::sqrt(0.5)));
    CHECK(found->hits[2].score == Approx(0));
  }
}

TEST_CASE("a payload-only change keeps the slot and raises the version") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", plain()));
  std::mt19937 random(6);
  const auto values = random_vector(random);
  const auto first = node.upsert("docs", {make_point(1, values, R"({"v":1})")});
  const auto second = node.upsert("docs", {make_point(1, values, R"({"v":2})")});
  REQUIRE((first && second));
  CHECK(second->lsn > first->lsn);
  CHECK(node.info("docs").tombstones == 0);
  auto wanted = near(values, 1);
  CHECK(node.search("docs", wanted)->hits[0].version == second->lsn);
  wanted.with_payload.enabled = true;
  CHECK(node.search("docs", wanted)->hits[0].payload->json == R"({"v":2})");
  REQUIRE(node.upsert("docs", {make_point(1, random_vector(random))}));
  CHECK(node.info("docs").tombstones == 1);
  CHECK(node.info("docs").points == 1);
}

TEST_CASE("searches run beside a stream of writes and never see half a request") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", plain()));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (unsigned round = 0; round < 20; ++round) {
      auto points = random_points(100, 100 + round);
      for (auto& one : points) one.payload.json = R"({"round":)" + std::to_string(round) + "}";
      if (!node.upsert("docs", std::move(points))) break;
    }
    done = true;
  });
  std::mt19937 random(7);
  std::size_t searches = 0;
  while (!done || searches < 50) {
    const auto found = node.search("docs", near(random_vector(random), 100, true));
    REQUIRE(found);
    CHECK((found->hits.empty() || found->hits.size() == 100));
    ++searches;
  }
  writer.join();
  CHECK(node.info("docs").points == 100);
  CHECK(node.info("docs").tombstones == 1900);
}

TEST_CASE("a collection that is dropped before it serves was made, and both are answered") {
  scratch_folder folder;
  test_node node(folder.path());
  for (int round = 0; round < 20; ++round) {
    result<collection_meta> made = error(errc::internal, "not asked");
    std::atomic<bool> answered{false};
    std::thread maker([&] {
      made = node.create("brief", plain());
      answered = true;
    });
    bool dropped = false;
    while (!dropped) {
      const auto outcome = node.drop("brief");
      dropped = outcome.has_value();
      if (dropped) continue;
      // Not there yet, or being made.
      const auto why = outcome.error().code;
      REQUIRE((why == errc::not_found || why == errc::unavailable));
      REQUIRE_FALSE((answered && !made));
    }
    maker.join();
    REQUIRE(made);
    CHECK(made->name == "brief");
    CHECK_FALSE(node.find("brief"));
  }
}

TEST_CASE("a dropped collection is gone, and its name is free again") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", plain()));
  CHECK(node.create("docs", plain()).error().code == errc::already_exists);
  REQUIRE(node.upsert("docs", random_points(50, 8)));
  const auto drop = [&](const char* name) { return node.drop(name); };
  REQUIRE(drop("docs"));
  CHECK(node.find("docs").error().code == errc::not_found);
  CHECK(drop("docs").error().code == errc::not_found);
  REQUIRE(node.create("docs", plain(distance::cosine)));
  CHECK(node.info("docs").points == 0);
  auto unknown = plain();
  unknown.vectors[0].index = "nonesuch";
  CHECK(node.create("other", unknown).error().code == errc::not_found);
}
