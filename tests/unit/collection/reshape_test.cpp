// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <atomic>
#include <filesystem>
#include <memory>
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

constexpr std::uint32_t dimension = 8;

vector_spec dense(const std::string& name) {
  vector_spec spec;
  spec.name = name;
  spec.size = dimension;
  spec.metric = distance::euclid;
  return spec;
}

collection_spec with(std::vector<std::string> names) {
  collection_spec spec;
  for (const auto& name : names) spec.vectors.push_back(dense(name));
  spec.hnsw.full_scan_threshold_kb = 0;  // the graph answers, however few points there are
  return spec;
}

std::vector<float> values_of(std::uint64_t id, unsigned birth = 0) {
  std::mt19937 random(static_cast<unsigned>(id * 7 + birth));
  std::normal_distribution<float> normal;
  std::vector<float> values(dimension);
  for (auto& value : values) value = normal(random);
  return values;
}

named_vector rows_of(const std::string& name, std::uint64_t id) {
  named_vector made;
  made.name = name;
  made.shape = vector_shape::multivector;
  made.size = dimension;
  for (unsigned row = 0; row < 3; ++row)
    for (const auto value : values_of(id, 100 + row)) made.values.push_back(value);
  return made;
}

named_vector words_of(const std::string& name, std::uint64_t id) {
  named_vector made;
  made.name = name;
  made.shape = vector_shape::sparse;
  made.indices = {static_cast<std::uint32_t>(id % 50), 1000};
  made.values = {2.0F, 1.0F};
  return made;
}

template <class Vectors>
std::vector<point> points_from(std::uint64_t first, std::uint64_t count, const Vectors& vectors) {
  std::vector<point> points;
  for (auto id = first; id < first + count; ++id)
    points.push_back({point_id(id), vectors(id), payload{}});
  return points;
}

result<lsn_t> alter(test_node& node, collection_change change) {
  (void)node.serving("docs");
  return node.ask<lsn_t>(node.node().catalog(), actors::alter_atom::value, std::string("docs"),
                         actors::shared<collection_change>(
                             std::make_shared<const collection_change>(std::move(change))),
                         write_context{});
}

collection_change adding(vector_spec spec) {
  collection_change change;
  change.added.push_back({std::move(spec), {}});
  return change;
}

collection_change adding_sparse(const std::string& name) {
  collection_change change;
  change.added_sparse.push_back({name});
  return change;
}

collection_change dropping(const std::string& name) {
  collection_change change;
  change.dropped.push_back(name);
  return change;
}

search_request near(named_vector query, std::uint32_t limit = 1) {
  search_request wanted;
  wanted.vector_name = query.name;
  wanted.target = std::move(query);
  wanted.limit = limit;
  wanted.hnsw_ef = 200;
  return wanted;
}

std::size_t hits_of(test_node& node, const search_request& wanted) {
  const auto reply = node.search("docs", wanted);
  REQUIRE(reply);
  return reply->hits.size();
}

point_id nearest(test_node& node, const search_request& wanted) {
  const auto reply = node.search("docs", wanted);
  REQUIRE(reply);
  REQUIRE(!reply->hits.empty());
  return reply->hits[0].id;
}

void check_unknown(test_node& node, const search_request& wanted) {
  const auto reply = node.search("docs", wanted);
  REQUIRE(!reply);
  CHECK((reply.error().code == errc::not_found || reply.error().code == errc::invalid_argument));
  CHECK(reply.error().message.find("'" + wanted.vector_name + "'") != std::string::npos);
}

std::set<std::string> files_of(const std::filesystem::path& folder, const std::string& prefix) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (const auto name = entry.path().filename().string(); name.starts_with(prefix))
      names.insert(name);
  return names;
}

const auto text_of = [](std::uint64_t id) {
  return std::vector<named_vector>{{"text", values_of(id)}};
};

}  // namespace

TEST_CASE("a vector that is added is lacked by the points that there are and had by later ones") {
  const scratch_folder folder;
  {
    test_node node(folder.path());
    REQUIRE(node.create("docs", with({"text"})));
    REQUIRE(node.upsert("docs", points_from(0, 1000, text_of)));
    (void)node.indexed("docs");
    const auto lsn = alter(node, adding(dense("image")));
    REQUIRE(lsn);
    CHECK(*lsn > 0);
    const auto info = node.info("docs");
    INFO(info.status_detail);
    CHECK(info.indexes[0].name == "image");
    CHECK(info.indexes[0].tail_slots == 0);  // nothing of it is waited for
    CHECK(info.status == collection_status::green);
    CHECK(hits_of(node, near({"image", values_of(3)}, 10)) == 0);
    CHECK(nearest(node, near({"text", values_of(3)})) == point_id(3));
    REQUIRE(node.upsert(
        "docs", points_from(500, 600, [](std::uint64_t id) {
          return std::vector<named_vector>{{"image", values_of(id, 1)}, {"text", values_of(id)}};
        })));
    CHECK(nearest(node, near({"image", values_of(501, 1)})) == point_id(501));
    CHECK(nearest(node, near({"text", values_of(501)})) == point_id(501));
    CHECK(nearest(node, near({"text", values_of(499)})) == point_id(499));
  }
  test_node again(folder.path());
  const auto now = again.indexed("docs");
  REQUIRE(now.indexes.size() == 2);
  CHECK(now.indexes[0].name == "image");
  CHECK(nearest(again, near({"image", values_of(1099, 1)})) == point_id(1099));
  CHECK(hits_of(again, near({"image", values_of(1)}, 1000)) == 600);
  CHECK(nearest(again, near({"text", values_of(3)})) == point_id(3));
}

TEST_CASE(
    "a vector that is dropped is unknown, and its values are gone when the name comes again") {
  const scratch_folder folder;
  {
    test_node node(folder.path());
    REQUIRE(node.create("docs", with({"image", "text"})));
    REQUIRE(node.upsert(
        "docs", points_from(0, 800, [](std::uint64_t id) {
          return std::vector<named_vector>{{"image", values_of(id, 1)}, {"text", values_of(id)}};
        })));
    (void)node.indexed("docs");
  }
  REQUIRE(files_of(folder.path(), "vector-0.").size() == 3);
  for (int round = 0; round < 3; ++round) {
    test_node node(folder.path());
    REQUIRE(alter(node, dropping("image")));
    check_unknown(node, near({"image", values_of(3, 1)}));
    CHECK(files_of(folder.path(), "vector-0").empty());
    CHECK(nearest(node, near({"text", values_of(3)})) == point_id(3));
    const auto refused = node.upsert("docs", points_from(1, 1, [](std::uint64_t id) {
                                       return std::vector<named_vector>{{"image", values_of(id)}};
                                     }));
    CHECK(!refused);
    REQUIRE(node.upsert("docs", points_from(10, 5, text_of)));
    REQUIRE(alter(node, adding(dense("image"))));
    CHECK(hits_of(node, near({"image", values_of(3, 1)}, 800)) == 0);
    // The bytes that are stored already, of the vector before.
    REQUIRE(node.upsert(
        "docs", points_from(20, 5, [](std::uint64_t id) {
          return std::vector<named_vector>{{"image", values_of(id, 1)}, {"text", values_of(id)}};
        })));
    CHECK(hits_of(node, near({"image", values_of(3, 1)}, 800)) == 5);
    CHECK(nearest(node, near({"image", values_of(22, 1)})) == point_id(22));
  }
  test_node again(folder.path());
  CHECK(hits_of(again, near({"image", values_of(3, 1)}, 800)) == 5);
  CHECK(nearest(again, near({"image", values_of(22, 1)})) == point_id(22));
  CHECK(nearest(again, near({"text", values_of(700)})) == point_id(700));
}

TEST_CASE("multivectors and sparse vectors come and go as well") {
  const scratch_folder folder;
  auto rows = dense("rows");
  rows.multivector = true;
  const auto all = [](std::uint64_t id) {
    return std::vector<named_vector>{
        rows_of("rows", id), {"text", values_of(id)}, words_of("words", id)};
  };
  {
    test_node node(folder.path());
    REQUIRE(node.create("docs", with({"text"})));
    REQUIRE(node.upsert("docs", points_from(0, 300, text_of)));
    REQUIRE(alter(node, adding(rows)));
    REQUIRE(alter(node, adding_sparse("words")));
    CHECK(hits_of(node, near(rows_of("rows", 1))) == 0);
    CHECK(hits_of(node, near(words_of("words", 1))) == 0);
    REQUIRE(node.upsert("docs", points_from(200, 200, all)));
    CHECK(nearest(node, near(rows_of("rows", 333))) == point_id(333));
    CHECK(hits_of(node, near(words_of("words", 7), 1000)) == 200);
    (void)node.indexed("docs");
  }
  {
    test_node node(folder.path());
    CHECK(nearest(node, near(rows_of("rows", 333))) == point_id(333));
    CHECK(hits_of(node, near(words_of("words", 7), 1000)) == 200);
    REQUIRE(alter(node, dropping("rows")));
    REQUIRE(alter(node, dropping("words")));
    check_unknown(node, near(rows_of("rows", 333)));
    check_unknown(node, near(words_of("words", 7)));
    CHECK(files_of(folder.path(), "vector-2").empty());
    // The names change their kinds.
    REQUIRE(alter(node, adding_sparse("rows")));
    REQUIRE(alter(node, adding(dense("words"))));
    CHECK(hits_of(node, near(words_of("rows", 7), 1000)) == 0);
    CHECK(hits_of(node, near({"words", values_of(1)}, 1000)) == 0);
    REQUIRE(node.upsert(
        "docs", points_from(0, 10, [](std::uint64_t id) {
          return std::vector<named_vector>{words_of("rows", id), {"words", values_of(id, 5)}};
        })));
  }
  test_node again(folder.path());
  CHECK(hits_of(again, near(words_of("rows", 7), 1000)) == 10);
  CHECK(nearest(again, near({"words", values_of(4, 5)})) == point_id(4));
  CHECK(hits_of(again, near({"text", values_of(1)}, 1000)) == 390);
}

TEST_CASE("the index of a multivector is made anew beside the one that is searched") {
  const scratch_folder folder;
  auto made = std::make_unique<test_node>(folder.path());
  auto& node = *made;
  auto spec = with({});
  auto rows = dense("rows");
  rows.multivector = true;
  spec.vectors.push_back(rows);
  REQUIRE(node.create("docs", spec));
  REQUIRE(node.upsert("docs", points_from(0, 1500, [](std::uint64_t id) {
                        return std::vector<named_vector>{rows_of("rows", id)};
                      })));
  const auto before = node.indexed("docs").indexes[0].index_bytes;
  collection_change change;
  change.vectors.push_back({"rows", hnsw_change{64, 150, {}, {}}});
  REQUIRE(alter(node, change));
  CHECK(node.info("docs").status_detail.find("made anew") != std::string::npos);
  CHECK(nearest(node, near(rows_of("rows", 77))) == point_id(77));
  const auto after = node.indexed("docs");
  CHECK(after.meta.spec.vectors[0].revision == 1);
  CHECK(after.indexes[0].index_bytes > before + before / 4);  // more links
  std::size_t found = 0;
  for (std::uint64_t id = 0; id < 1500; id += 30)
    found += nearest(node, near(rows_of("rows", id))) == point_id(id) ? 1 : 0;
  CHECK(found >= 48);
  made.reset();
  CHECK(files_of(folder.path(), "vector-0") ==
        std::set<std::string>{"vector-0-r1.row-index", "vector-0.numbers"});
  test_node again(folder.path());
  const auto loaded = again.info("docs").indexes[0];
  CHECK(loaded.tail_slots == 0);
  CHECK(loaded.inserted_slots == 0);  // loaded, not built again
  CHECK(loaded.index_bytes > before + before / 4);
  CHECK(nearest(again, near(rows_of("rows", 77))) == point_id(77));
}

TEST_CASE("writes and searches go on while vectors come and go") {
  const scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", with({"text"})));
  REQUIRE(node.upsert("docs", points_from(0, 500, text_of)));
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> written = 500;
  std::atomic<int> failures = 0;
  std::thread writer([&] {
    while (!done) {
      const auto first = written.load();
      if (!node.upsert("docs", points_from(first, 10, text_of))) ++failures;
      written = first + 10;
    }
  });
  std::thread reader([&] {
    for (std::uint64_t id = 0; !done; id = (id + 1) % 500) {
      const auto reply = node.search("docs", near({"text", values_of(id)}));
      if (!reply || reply->hits.empty()) ++failures;
    }
  });
  for (unsigned birth = 1; birth <= 10; ++birth) {
    const auto added = alter(node, adding(dense("image")));
    REQUIRE(added);
    const auto of_birth = [&](std::uint64_t id) {
      return std::vector<named_vector>{{"image", values_of(id, birth)}, {"text", values_of(id)}};
    };
    REQUIRE(node.upsert("docs", points_from(birth * 20, 20, of_birth)));
    CHECK(hits_of(node, near({"image", values_of(1)}, 1000)) == 20);
    const auto twice = alter(node, adding(dense("image")));
    REQUIRE(!twice);
    CHECK(twice.error().code == errc::already_exists);
    REQUIRE(alter(node, dropping("image")));
  }
  done = true;
  writer.join();
  reader.join();
  CHECK(failures == 0);
  const auto now = node.indexed("docs");
  CHECK(now.points == written);
  CHECK(now.indexes.size() == 1);
  CHECK(nearest(node, near({"text", values_of(written - 5)})) == point_id(written - 5));
  const auto absent = alter(node, dropping("image"));
  REQUIRE(!absent);
  CHECK(absent.error().code == errc::not_found);
  const auto last = alter(node, dropping("text"));
  REQUIRE(!last);
  CHECK(last.error().code == errc::invalid_argument);
}

TEST_CASE("an emptied collection has the vectors that it had, and its copy has them too") {
  const scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", with({"text"})));
  REQUIRE(node.upsert("docs", points_from(0, 50, text_of)));
  REQUIRE(alter(node, adding(dense("image"))));
  const auto both = [](std::uint64_t id) {
    return std::vector<named_vector>{{"image", values_of(id, 1)}, {"text", values_of(id)}};
  };
  REQUIRE(node.upsert("docs", points_from(20, 50, both)));
  REQUIRE(alter(node, dropping("text")));
  REQUIRE(alter(node, adding(dense("text"))));
  REQUIRE(node.ask<collection_copy_status>(node.node().catalog(), actors::copy_atom::value,
                                           std::string("docs"), std::string("copy"),
                                           write_context{}));
  auto wanted = near({"text", values_of(1)}, 100);
  auto reply = node.search("copy", wanted);
  REQUIRE(reply);
  CHECK(reply->hits.empty());
  reply = node.search("copy", near({"image", values_of(1, 1)}, 100));
  REQUIRE(reply);
  CHECK(reply->hits.size() == 50);
  REQUIRE(node.ask<bool>(node.node().catalog(), actors::truncate_atom::value, std::string("docs"),
                         write_context{}));
  REQUIRE(node.upsert("docs", points_from(0, 7, both)));
  CHECK(hits_of(node, near({"text", values_of(1)}, 100)) == 7);
  CHECK(nearest(node, near({"image", values_of(3, 1)})) == point_id(3));
}
