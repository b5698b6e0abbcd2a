// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Every write of points through a node, alone and in batches.

#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_node.hpp"

using namespace thespis;
using tests::scratch_folder;
using tests::test_node;

namespace {

collection_spec two_vectors() {
  collection_spec spec;
  spec.vectors = {{"image", 2, distance::euclid, element_type::float32, "flat", {}},
                  {"text", 3, distance::dot, element_type::float32, "hnsw", {}}};
  return spec;
}

point whole(std::uint64_t id, float value, std::string json = {}) {
  return {point_id(id), {{"image", {value, 0}}, {"text", {value, 1, 2}}}, payload{std::move(json)}};
}

struct docs {
  docs() : node(folder.path()) { REQUIRE(node.create("docs", two_vectors())); }

  result<write_reply> write(write_operation operation) {
    return node.ask<write_reply>(node.serving("docs")->writer, std::move(operation),
                                 write_context{});
  }
  result<write_reply> batch(std::vector<write_operation> operations) {
    return node.ask<write_reply>(node.serving("docs")->writer, batch_request{std::move(operations)},
                                 write_context{});
  }
  write_reply done(write_operation operation) {
    auto reply = write(std::move(operation));
    REQUIRE(reply);
    return std::move(*reply);
  }
  std::optional<scored_point> find(std::uint64_t id) {
    auto wanted = std::make_shared<retrieve_request>();
    wanted->ids = {point_id(id)};
    wanted->with_payload.enabled = wanted->with_vector.enabled = true;
    auto reply = node.ask<actors::shared<retrieve_reply>>(
        node.serving("docs")->reader, actors::shared<retrieve_request>(std::move(wanted)));
    REQUIRE(reply);
    if ((*reply)->points.empty()) return std::nullopt;
    return (*reply)->points.front();
  }
  scored_point existing(std::uint64_t id) {
    auto found = find(id);
    REQUIRE(found);
    return std::move(*found);
  }
  std::vector<std::uint64_t> near(const std::string& vector, std::vector<float> target) {
    search_request wanted;
    wanted.target = dense_vector(std::move(target));
    wanted.vector_name = vector;
    const auto reply = node.search("docs", wanted);
    REQUIRE(reply);
    std::vector<std::uint64_t> ids;
    for (const auto& hit : reply->hits) ids.push_back(hit.id.number());
    return ids;
  }

  scratch_folder folder;
  test_node node;
};

template <class Request>
Request about(std::vector<std::uint64_t> ids) {
  Request made;
  for (const auto id : ids) made.ids.emplace_back(id);
  return made;
}

upsert_request put(std::vector<point> points, update_mode mode = update_mode::upsert) {
  upsert_request made;
  made.points = std::move(points);
  made.mode = mode;
  return made;
}

set_payload_request set(std::vector<std::uint64_t> ids, std::string json) {
  auto made = about<set_payload_request>(std::move(ids));
  made.payload.json = std::move(json);
  return made;
}

update_vectors_request vectors_of(std::uint64_t id, std::vector<named_vector> vectors) {
  update_vectors_request made;
  made.points.push_back({point_id(id), std::move(vectors), {}});
  return made;
}

delete_vectors_request no_vectors(std::vector<std::uint64_t> ids, std::vector<std::string> names) {
  auto made = about<delete_vectors_request>(std::move(ids));
  made.names = std::move(names);
  return made;
}

void check_refused(const result<write_reply>& reply, errc code,
                   const std::vector<std::string>& words) {
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == code);
  for (const auto& word : words) {
    INFO(reply.error().message);
    CHECK(reply.error().message.find(word) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("vectors are updated and deleted by name, and the others stay") {
  docs db;
  const auto first = db.done(put({whole(1, 1, R"({"a":1})"), whole(2, 9)}));
  auto reply = db.done(vectors_of(1, {{"text", {5, 5, 5}}}));
  CHECK(reply.affected == 1);
  CHECK(reply.lsn > first.lsn);
  auto now = db.existing(1);
  CHECK(now.version == reply.lsn);
  CHECK(*now.vectors == std::vector<named_vector>{{"image", {1, 0}}, {"text", {5, 5, 5}}});
  CHECK(now.payload->json == R"({"a":1})");
  CHECK(db.existing(2).version == first.lsn);

  reply = db.done(no_vectors({1}, {"image"}));
  CHECK(*db.existing(1).vectors == std::vector<named_vector>{{"text", {5, 5, 5}}});
  CHECK(db.near("image", {1, 0}) == std::vector<std::uint64_t>{2});
  CHECK(db.near("text", {1, 1, 1}).size() == 2);
  db.done(no_vectors({1}, {"image", "text"}));
  CHECK(db.existing(1).vectors->empty());
  CHECK(db.existing(1).payload->json == R"({"a":1})");
  CHECK(db.near("text", {1, 1, 1}) == std::vector<std::uint64_t>{2});
  db.done(vectors_of(1, {{"image", {7, 7}}}));
  CHECK(db.near("image", {7, 7}).front() == 1);
}

TEST_CASE("vectors of a point that does not exist or that do not fit are refused") {
  docs db;
  db.done(put({whole(1, 1), whole(2, 2)}));
  check_refused(db.write(vectors_of(3, {{"image", {1, 2}}})), errc::not_found,
                {"'docs'", "point 3 does not exist"});
  check_refused(db.write(vectors_of(1, {{"image", {1, 2, 3}}})), errc::dimension_mismatch,
                {"point 1", "3 dimensions, expected 2"});
  check_refused(db.write(vectors_of(1, {{"sound", {1, 2, 3}}})), errc::invalid_argument,
                {"point 1", "'sound'"});
  check_refused(db.write(no_vectors({1}, {"sound"})), errc::invalid_argument, {"'sound'"});
  check_refused(db.write(no_vectors({1, 4}, {"text"})), errc::not_found, {"point 4"});
  CHECK(*db.existing(1).vectors == whole(1, 1).vectors);
}

TEST_CASE("payloads are set, overwritten, cut and cleared without a new slot") {
  docs db;
  const auto first = db.done(put({whole(1, 1, R"({"a":1})"), whole(2, 2)}));
  CHECK(db.done(set({1, 2, 1}, R"({"b":{"c":2}})")).affected == 2);
  CHECK(db.existing(1).payload->json == R"({"a":1,"b":{"c":2}})");
  CHECK(db.existing(2).payload->json == R"({"b":{"c":2}})");
  auto deep = set({1}, R"({"d":3})");
  deep.key = *json_path::parse("b");
  db.done(deep);
  CHECK(db.existing(1).payload->json == R"({"a":1,"b":{"c":2,"d":3}})");
  auto cut = about<delete_payload_request>({1});
  cut.keys = {*json_path::parse("b.c"), *json_path::parse("a")};
  db.done(cut);
  CHECK(db.existing(1).payload->json == R"({"b":{"d":3}})");
  auto fresh = about<overwrite_payload_request>({1});
  fresh.payload.json = R"({"e":5})";
  const auto last = db.done(fresh);
  CHECK(db.existing(1).payload->json == R"({"e":5})");
  CHECK(db.existing(1).version == last.lsn);
  CHECK(*db.existing(1).vectors == whole(1, 1).vectors);
  db.done(about<clear_payload_request>({1}));
  CHECK(db.existing(1).payload->empty());
  CHECK(db.node.info("docs").tombstones == 0);
  CHECK(first.lsn < last.lsn);
  check_refused(db.write(set({2, 7}, "{\"z\":1}")), errc::not_found, {"point 7 does not exist"});
  check_refused(db.write(about<clear_payload_request>({7})), errc::not_found, {"point 7"});
  CHECK(db.existing(2).payload->json == R"({"b":{"c":2}})");
}

TEST_CASE("a bad point anywhere in a request changes nothing and is named") {
  docs db;
  db.done(put({whole(1, 1, "{\"old\":1}")}));
  auto bad = whole(3, 3);
  bad.vectors[0].values.push_back(1);
  const auto before = db.existing(1).version;
  check_refused(db.write(put({whole(1, 5), whole(2, 2), bad})), errc::dimension_mismatch,
                {"point 3", "'image'"});
  CHECK_FALSE(db.find(2));
  CHECK(db.existing(1).version == before);
  update_vectors_request some = vectors_of(1, {{"image", {8, 8}}});
  some.points.push_back({point_id(9), {}, {}});
  check_refused(db.write(some), errc::not_found, {"point 9"});
  CHECK(db.existing(1).version == before);
}

TEST_CASE("points may come without some or all of their vectors") {
  docs db;
  db.done(put({whole(1, 1), {point_id(2), {{"text", {1, 1, 1}}}, {}}, {point_id(3), {}, {}}}));
  CHECK(db.existing(3).vectors->empty());
  CHECK(db.near("image", {0, 0}) == std::vector<std::uint64_t>{1});
  CHECK(db.near("text", {1, 1, 1}).size() == 2);
  CHECK(db.node.info("docs").points == 3);
  db.done(put({{point_id(1), {{"image", {4, 4}}}, {}}}));  // the whole point is replaced
  CHECK(*db.existing(1).vectors == std::vector<named_vector>{{"image", {4, 4}}});
}

TEST_CASE("modes of an upsert pass over points that exist, or that do not") {
  docs db;
  db.done(put({whole(1, 1)}));
  CHECK(db.done(put({whole(1, 5), whole(2, 5)}, update_mode::insert_only)).affected == 1);
  CHECK(*db.existing(1).vectors == whole(1, 1).vectors);
  CHECK(*db.existing(2).vectors == whole(2, 5).vectors);
  CHECK(db.done(put({whole(1, 6), whole(3, 6)}, update_mode::update_only)).affected == 1);
  CHECK(*db.existing(1).vectors == whole(1, 6).vectors);
  CHECK_FALSE(db.find(3));
  CHECK(db.done(put({whole(4, 6)}, update_mode::update_only)).affected == 0);
}

TEST_CASE("a point is written only at the version that is expected") {
  docs db;
  const auto version = db.done(put({whole(1, 1)})).lsn;
  auto next = put({whole(1, 2)});
  next.if_versions = {version + 5};
  check_refused(db.write(next), errc::conflict,
                {"point 1 has version " + std::to_string(version),
                 "expected version " + std::to_string(version + 5)});
  next.if_versions = {version};
  const auto newer = db.done(next).lsn;
  check_refused(db.write(next), errc::conflict, {"point 1 has version " + std::to_string(newer)});
  auto made = put({whole(2, 2), whole(3, 3)});
  made.if_versions = {std::nullopt, 0};
  CHECK(db.done(made).affected == 2);
  check_refused(db.write(made), errc::conflict, {"point 3", "that it does not exist"});
  auto gone = about<delete_request>({1, 2});
  gone.if_versions = {std::nullopt, 77};
  check_refused(db.write(gone), errc::conflict, {"point 2", "expected version 77"});
  CHECK(db.find(1));
  auto absent = about<delete_request>({8});
  absent.if_versions = {4};
  check_refused(db.write(absent), errc::conflict, {"point 8 does not exist, expected version 4"});
  auto edit = set({1}, "{\"a\":1}");
  edit.if_versions = {newer};
  db.done(edit);
  check_refused(db.write(edit), errc::conflict, {"point 1"});
}

TEST_CASE("a filter stands for the points that pass it, as they are then") {
  docs db;
  db.done(put({whole(1, 1, R"({"k":1})"), whole(2, 2, R"({"k":2})"), whole(3, 3, R"({"k":2})")}));
  const auto key_is = [](std::int64_t value) {
    field_condition asked{*json_path::parse("k"), {match_value{value}}};
    filter made;
    made.must.push_back({std::move(asked)});
    return made;
  };
  auto edit = set({}, R"({"new":true})");
  edit.where = key_is(2);
  CHECK(db.done(edit).affected == 2);
  CHECK(db.existing(1).payload->json == R"({"k":1})");
  CHECK(db.existing(3).payload->json == R"({"k":2,"new":true})");
  auto fresh = set({1}, R"({"k":2})");
  auto cut = about<delete_payload_request>({});
  cut.keys = {*json_path::parse("new")};
  cut.where = key_is(2);
  auto gone = about<delete_request>({});
  gone.where = key_is(7);
  const auto reply =
      db.batch({fresh, put({whole(4, 4, R"({"k":2})")}), about<delete_request>({3}), cut, gone});
  REQUIRE(reply);
  CHECK(reply->each == std::vector<std::uint64_t>{1, 1, 1, 3, 0});
  auto bare = no_vectors({}, {"image"});
  bare.where.emplace().must.push_back({has_vector_condition{"text"}});
  bare.where->must_not.push_back({has_id_condition{{point_id(4)}}});
  CHECK(db.done(bare).affected == 2);
  CHECK(db.existing(4).vectors->size() == 2);
  CHECK(db.existing(1).vectors->size() == 1);
  gone.where.emplace();
  CHECK(db.done(gone).affected == 3);
  CHECK(db.node.info("docs").points == 0);
}

TEST_CASE("points that exist are replaced only if they pass the filter of an update") {
  docs db;
  db.done(put({whole(1, 1, R"({"v":1})"), whole(2, 2, R"({"v":2})")}));
  number_range below_two;
  below_two.lt = 2;
  const field_condition old{*json_path::parse("v"), {below_two}};
  auto next = put({whole(1, 5), whole(2, 5), whole(3, 5)});
  next.update_filter.emplace().must.push_back({old});
  CHECK(db.done(next).affected == 2);
  CHECK(*db.existing(1).vectors == whole(1, 5).vectors);
  CHECK(*db.existing(2).vectors == whole(2, 2).vectors);
  CHECK(*db.existing(3).vectors == whole(3, 5).vectors);
  next.mode = update_mode::update_only;
  next.points.push_back(whole(4, 5));
  CHECK(db.done(next).affected == 0);
  auto moved = vectors_of(2, {{"image", {9, 9}}});
  moved.update_filter = next.update_filter;
  CHECK(db.done(moved).affected == 0);
  moved.points[0].id = point_id(8);
  check_refused(db.write(moved), errc::not_found, {"point 8"});
}

TEST_CASE("operations of a batch see those before them and take effect as one") {
  docs db;
  db.done(put({whole(1, 1, R"({"a":1})"), whole(2, 2)}));
  const auto before = db.node.info("docs").tombstones;
  auto cut = about<delete_payload_request>({3});
  cut.keys = {*json_path::parse("x")};
  const auto reply =
      db.batch({put({whole(3, 3, R"({"x":1,"y":2})")}), set({1, 3}, R"({"b":2})"), cut,
                vectors_of(3, {{"image", {9, 9}}}), about<delete_request>({2}),
                about<delete_request>({2}), put({whole(2, 7)}), no_vectors({1}, {"text"})});
  REQUIRE(reply);
  CHECK(reply->each == std::vector<std::uint64_t>{1, 2, 1, 1, 1, 0, 1, 1});
  CHECK(reply->affected == 3);
  for (const std::uint64_t id : {1, 2, 3}) CHECK(db.existing(id).version == reply->lsn);
  CHECK(db.existing(1).payload->json == R"({"a":1,"b":2})");
  CHECK(*db.existing(1).vectors == std::vector<named_vector>{{"image", {1, 0}}});
  CHECK(*db.existing(2).vectors == whole(2, 7).vectors);
  CHECK(db.existing(3).payload->json == R"({"y":2,"b":2})");
  CHECK(*db.existing(3).vectors ==
        std::vector<named_vector>{{"image", {9, 9}}, {"text", {3, 1, 2}}});
  CHECK(db.node.info("docs").tombstones == before + 2);
}

TEST_CASE("a bad operation anywhere in a batch changes nothing and is named with its position") {
  docs db;
  db.done(put({whole(1, 1)}));
  const auto before = db.existing(1).version;
  check_refused(db.batch({set({1}, "{\"a\":1}"), put({whole(2, 2)}), set({1, 5}, "{\"b\":1}")}),
                errc::not_found, {"operations[2] (set_payload)", "point 5 does not exist"});
  check_refused(db.batch({about<delete_request>({1}), set({1}, "{\"b\":1}")}), errc::not_found,
                {"operations[1] (set_payload)", "point 1 does not exist"});
  CHECK(db.existing(1).version == before);
  CHECK_FALSE(db.find(2));
  const auto nothing = db.batch({put({whole(8, 1)}), about<delete_request>({8})});
  REQUIRE(nothing);
  CHECK(nothing->each == std::vector<std::uint64_t>{1, 1});
  CHECK(nothing->affected == 0);
}

TEST_CASE("points without vectors and changed payloads are there after a restart") {
  const scratch_folder folder;
  lsn_t last = 0;
  for (int start = 0; start < 3; ++start) {
    test_node node(folder.path());
    if (start == 0) REQUIRE(node.create("docs", two_vectors()));
    const auto writer = node.serving("docs")->writer;
    if (start > 0) {
      const auto now = node.info("docs");
      CHECK(now.points == 20);
      search_request wanted;
      wanted.target = dense_vector({0, 0});
      wanted.vector_name = "image";
      wanted.limit = 100;
      wanted.with_payload.enabled = true;
      const auto found = node.search("docs", wanted);
      REQUIRE(found);
      CHECK(found->hits.size() == 10);
      for (const auto& hit : found->hits) {
        CHECK(hit.payload->json == "{\"start\":" + std::to_string(start - 1) + "}");
        CHECK(hit.version == last);
      }
    } else {
      std::vector<point> points;
      for (std::uint64_t id = 0; id < 20; ++id)
        points.push_back(id % 2 == 0 ? whole(id, 1) : point{point_id(id), {}, {}});
      REQUIRE(
          node.ask<write_reply>(writer, write_operation(put(std::move(points))), write_context{}));
    }
    set_payload_request all = set({}, "{\"start\":" + std::to_string(start) + "}");
    for (std::uint64_t id = 0; id < 20; ++id) all.ids.emplace_back(id);
    const auto reply =
        node.ask<write_reply>(writer, write_operation(std::move(all)), write_context{});
    REQUIRE(reply);
    last = reply->lsn;
  }
}
