// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include "core/collection_change.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_node.hpp"

using namespace thespis;
using tests::scratch_folder;
using tests::test_node;

namespace {

constexpr std::uint32_t dimension = 16;

collection_spec plain() {
  collection_spec spec;
  spec.vectors.push_back(
      {"", dimension, distance::euclid, element_type::float32, "hnsw", std::nullopt});
  spec.hnsw.full_scan_threshold_kb = 0;  // the graph answers, however few points there are
  return spec;
}

std::vector<float> values_of(std::uint64_t id) {
  std::mt19937 random(static_cast<unsigned>(id));
  std::normal_distribution<float> normal;
  std::vector<float> values(dimension);
  for (auto& value : values) value = normal(random);
  return values;
}

std::vector<point> points_from(std::uint64_t first, std::uint64_t count) {
  std::vector<point> points;
  for (auto id = first; id < first + count; ++id)
    points.push_back({point_id(id), {{"", values_of(id)}}, payload{}});
  return points;
}

result<lsn_t> alter(test_node& node, const std::string& name, collection_change change) {
  return node.ask<lsn_t>(node.node().catalog(), actors::alter_atom::value, name,
                         actors::shared<collection_change>(
                             std::make_shared<const collection_change>(std::move(change))),
                         write_context{});
}

search_request near(std::uint64_t id, std::uint32_t limit = 1) {
  search_request wanted;
  wanted.target = dense_vector(values_of(id));
  wanted.limit = limit;
  wanted.hnsw_ef = 200;
  return wanted;
}

// Each of the points is its own nearest one.
std::size_t found_of(test_node& node, std::uint64_t first, std::uint64_t end, std::uint64_t step) {
  std::size_t found = 0;
  for (auto id = first; id < end; id += step) {
    const auto reply = node.search("docs", near(id));
    REQUIRE(reply);
    REQUIRE(reply->hits.size() == 1);
    found += reply->hits[0].id == point_id(id) ? 1 : 0;
  }
  return found;
}

collection_change other_m(std::uint32_t m) {
  collection_change change;
  change.hnsw.m = m;
  change.hnsw.ef_construct = 150;
  return change;
}

std::set<std::string> index_files(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".index") names.insert(entry.path().filename().string());
  return names;
}

}  // namespace

TEST_CASE("another index is made beside the one that is searched and takes its place") {
  const scratch_folder folder;
  std::uint64_t bytes_before = 0;
  {
    test_node node(folder.path());
    REQUIRE(node.create("docs", plain()));
    REQUIRE(node.upsert("docs", points_from(0, 3000)));
    bytes_before = node.indexed("docs").indexes[0].index_bytes;
    REQUIRE(alter(node, "docs", other_m(48)));
    const auto now = node.info("docs");
    CHECK(now.meta.spec.hnsw.m == 48);
    CHECK(now.meta.spec.vectors[0].revision == 1);
    CHECK(now.status == collection_status::yellow);
    CHECK(now.status_detail.find("made anew with other parameters") != std::string::npos);
    // Meanwhile points come and go.
    std::uint64_t end = 3000;
    while (node.info("docs").status != collection_status::green && end < 6000) {
      REQUIRE(node.upsert("docs", points_from(end, 50)));
      end += 50;
      REQUIRE(node.remove("docs", {point_id(end - 3001)}));
      CHECK(found_of(node, end - 10, end, 1) == 10);
      CHECK(found_of(node, end - 2900, end, 290) == 10);
    }
    const auto done = node.indexed("docs");
    CHECK(done.indexes[0].tail_slots == 0);
    CHECK(done.indexes[0].index_bytes > bytes_before + bytes_before / 4);  // more links
    CHECK(found_of(node, end - 2900, end, 29) >= 99);
  }
  CHECK(index_files(folder.path()) == std::set<std::string>{"vector-0-r1.index"});
  test_node again(folder.path());
  const auto now = again.info("docs");
  CHECK(now.meta.spec.hnsw.m == 48);
  CHECK(now.indexes[0].tail_slots == 0);  // loaded, not built again
  CHECK(now.indexes[0].index_bytes > bytes_before + bytes_before / 4);
}

TEST_CASE("a stop while an index is made anew leaves the new parameters and every point") {
  const scratch_folder folder;
  {
    test_node node(folder.path());
    REQUIRE(node.create("docs", plain()));
    REQUIRE(node.upsert("docs", points_from(0, 2000)));
    (void)node.indexed("docs");
    REQUIRE(alter(node, "docs", other_m(32)));
  }
  test_node again(folder.path());
  CHECK(again.info("docs").meta.spec.hnsw.m == 32);
  CHECK(found_of(again, 0, 2000, 50) == 40);
  (void)again.indexed("docs");
  CHECK(found_of(again, 0, 2000, 50) >= 39);
}

TEST_CASE("one change after another ends with the last of them") {
  const scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", plain()));
  REQUIRE(node.upsert("docs", points_from(0, 2000)));
  for (const std::uint32_t m : {8, 40, 12, 24}) REQUIRE(alter(node, "docs", other_m(m)));
  collection_change codes;
  codes.quantization = quantization_config{quantization_kind::none, 0, {}, {}};
  REQUIRE(alter(node, "docs", codes));
  const auto now = node.indexed("docs");
  CHECK(now.meta.spec.hnsw.m == 24);
  CHECK(now.meta.spec.vectors[0].revision == 5);
  CHECK(now.indexes[0].quantizer == "none");
  CHECK(found_of(node, 0, 2000, 50) >= 39);
}

TEST_CASE("what no index depends on changes at once") {
  const scratch_folder folder;
  const auto metadata = [](const char* json) {
    collection_change change;
    change.metadata = payload{json};
    return change;
  };
  {
    test_node node(folder.path());
    auto spec = plain();
    spec.metadata = R"({"owner":"me"})";
    REQUIRE(node.create("docs", spec));
    REQUIRE(alter(node, "docs", metadata(R"({"tags":[1,2],"owner":"you"})")));
    CHECK(node.info("docs").meta.spec.metadata == R"({"owner":"you","tags":[1,2]})");
    CHECK(node.info("docs").status == collection_status::green);
    collection_change threshold;
    threshold.hnsw.full_scan_threshold_kb = 77;
    REQUIRE(alter(node, "docs", threshold));
    CHECK(node.info("docs").meta.spec.vectors[0].revision == 0);
  }
  test_node again(folder.path());
  CHECK(again.info("docs").meta.spec.metadata == R"({"owner":"you","tags":[1,2]})");
  CHECK(again.info("docs").meta.spec.hnsw.full_scan_threshold_kb == 77);
  REQUIRE(alter(again, "docs", metadata("{}")));
  CHECK(again.info("docs").meta.spec.metadata.empty());
}

TEST_CASE("a change that is refused changes nothing and names what is wrong") {
  const scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", plain()));
  const auto before = node.info("docs").meta.spec;
  const auto refused = [&](const collection_change& change, errc code, const char* text) {
    const auto outcome = alter(node, "docs", change);
    REQUIRE(!outcome);
    CHECK(outcome.error().code == code);
    CHECK(outcome.error().message.find(text) != std::string::npos);
    CHECK(node.info("docs").meta.spec == before);
  };
  collection_change unknown;
  unknown.vectors.push_back({"title"});
  refused(unknown, errc::not_found, "no vector 'title'");
  collection_change unknown_sparse;
  unknown_sparse.sparse_vectors.push_back({"words"});
  refused(unknown_sparse, errc::not_found, "no sparse vector 'words'");
  refused(other_m(5000), errc::invalid_argument, "hnsw_config.m: 5000");
  collection_change long_metadata;
  long_metadata.metadata = payload{R"({"a":")" + std::string(70'000, 'x') + R"("})"};
  refused(long_metadata, errc::too_large, "metadata: ");
  const auto absent = alter(node, "absent", other_m(20));
  REQUIRE(!absent);
  CHECK(absent.error().code == errc::not_found);
}

TEST_CASE("a write over a limit of the collection is refused as a whole") {
  const scratch_folder folder;
  test_node node(folder.path());
  auto spec = plain();
  spec.limits.max_points = 10;
  REQUIRE(node.create("docs", spec));
  REQUIRE(node.upsert("docs", points_from(0, 8)));
  const auto refused = node.upsert("docs", points_from(6, 5));
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::resource_exhausted);
  CHECK(refused.error().message ==
        "collection 'docs': it would have 11 points, but limits.max_points is 10");
  CHECK(node.info("docs").points == 8);
  REQUIRE(node.upsert("docs", points_from(6, 4)));
  REQUIRE(node.upsert("docs", points_from(0, 10)));  // none is new
  collection_change less;
  less.limits = collection_limits{5, {}};
  REQUIRE(alter(node, "docs", less));
  REQUIRE(node.upsert("docs", points_from(0, 1)));
  REQUIRE(!node.upsert("docs", points_from(20, 1)));
  REQUIRE(node.remove("docs", {point_id(0)}));
  collection_change bytes;
  bytes.limits = collection_limits{{}, 9 * dimension * sizeof(float)};
  REQUIRE(alter(node, "docs", bytes));
  const auto full = node.upsert("docs", points_from(20, 1));
  REQUIRE(!full);
  CHECK(full.error().message.find("640 bytes of vectors, but limits.max_bytes is 576") !=
        std::string::npos);
  REQUIRE(node.upsert("docs", points_from(3, 2)));
  collection_change none;
  none.limits = collection_limits();
  REQUIRE(alter(node, "docs", none));
  REQUIRE(node.upsert("docs", points_from(20, 100)));
}

TEST_CASE("strict mode refuses what it bounds and only while it is enabled") {
  const scratch_folder folder;
  test_node node(folder.path());
  auto spec = plain();
  spec.strict = strict_mode();
  spec.strict->max_query_limit = 5;
  spec.strict->search_max_hnsw_ef = 200;
  spec.strict->search_allow_exact = false;
  spec.strict->search_max_oversampling = 2.0F;
  spec.strict->upsert_max_batchsize = 20;
  spec.strict->max_points_count = 30;
  REQUIRE(node.create("docs", spec));
  REQUIRE(node.upsert("docs", points_from(0, 25)));
  REQUIRE(node.search("docs", near(1, 6)));
  collection_change enable;
  enable.strict = strict_mode();
  enable.strict->enabled = true;
  REQUIRE(alter(node, "docs", enable));
  const auto forbidden = [](const auto& outcome, const char* text) {
    REQUIRE(!outcome);
    CHECK(outcome.error().code == errc::permission_denied);
    CHECK(outcome.error().message.find(text) != std::string::npos);
  };
  REQUIRE(node.search("docs", near(1, 5)));
  forbidden(node.search("docs", near(1, 6)),
            "collection 'docs': strict mode: 'limit' is 6, but max_query_limit allows at most 5");
  auto wide = near(1);
  wide.hnsw_ef = 201;
  forbidden(node.search("docs", wide), "'hnsw_ef' is 201");
  auto exact = near(1);
  exact.exact = true;
  forbidden(node.search("docs", exact), "search_allow_exact");
  auto rescored = near(1);
  rescored.codes.oversampling = 3.0F;
  forbidden(node.search("docs", rescored), "search_max_oversampling");
  forbidden(node.upsert("docs", points_from(0, 21)), "'points' is 21");
  forbidden(node.upsert("docs", points_from(20, 11)),
            "it would have 31 points, but strict mode's max_points_count is 30");
  CHECK(node.info("docs").points == 25);
}

TEST_CASE("strict mode lets so many reads and writes a minute pass") {
  const scratch_folder folder;
  test_node node(folder.path());
  auto spec = plain();
  spec.strict = strict_mode();
  spec.strict->enabled = true;
  spec.strict->read_rate_limit = 3;
  spec.strict->write_rate_limit = 2;
  REQUIRE(node.create("docs", spec));
  REQUIRE(node.upsert("docs", points_from(0, 5)));
  REQUIRE(node.upsert("docs", points_from(5, 5)));
  const auto third = node.upsert("docs", points_from(10, 1));
  REQUIRE(!third);
  CHECK(third.error().code == errc::rate_limited);
  CHECK(third.error().message.find("write_rate_limit, 2 a minute") != std::string::npos);
  for (int i = 0; i < 3; ++i) REQUIRE(node.search("docs", near(1)));
  const auto fourth = node.search("docs", near(1));
  REQUIRE(!fourth);
  CHECK(fourth.error().code == errc::rate_limited);
  CHECK(node.info("docs").points == 10);
}
