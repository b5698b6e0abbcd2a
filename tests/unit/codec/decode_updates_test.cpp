// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_updates.hpp"

#include "core/limits.hpp"
#include "protocols/codec/decode_points.hpp"
#include "tests/support/catch.hpp"

using namespace thespis;
using namespace thespis::codec;

namespace {

constexpr std::size_t depth = 32;

template <class T>
void check_refused(const result<T>& read, errc code, const std::vector<std::string>& words) {
  REQUIRE_FALSE(read);
  INFO(read.error().message);
  CHECK(read.error().code == code);
  for (const auto& word : words) CHECK(read.error().message.find(word) != std::string::npos);
}

}  // namespace

TEST_CASE("upserts say modes, conditions and versions") {
  const auto read = decode_upsert(
      R"({"update_mode":"update_only","update_filter":{"must":[{"has_id":[1]}]},
          "points":[{"id":1,"vector":{}},{"id":2,"vector":[1],"if_version":7},
                    {"id":3,"vector":[1],"if_version":null}]})",
      depth);
  REQUIRE(read);
  CHECK(read->mode == update_mode::update_only);
  CHECK(read->update_filter);
  CHECK(read->points[0].vectors.empty());
  CHECK(read->if_versions == expected_versions{std::nullopt, 7});
  CHECK(decode_upsert(R"({"points":[],"update_mode":null,"update_filter":null})", depth)->mode ==
        update_mode::upsert);
  check_refused(decode_upsert(R"({"points":[],"update_mode":"never"})", depth),
                errc::invalid_argument, {"update_mode", "insert_only or update_only"});
  check_refused(decode_upsert(R"({"points":[{"id":1,"vector":[],"if_version":-1}]})", depth),
                errc::invalid_argument, {"points[0].if_version"});
}

TEST_CASE("points of a write are ids, ids with versions, or a filter") {
  const auto read = decode_delete(R"({"points":[4,{"id":"k","if_version":0},5]})", depth);
  REQUIRE(read);
  CHECK(read->ids.size() == 3);
  CHECK(read->ids[1].string() == "k");
  CHECK(read->if_versions == expected_versions{std::nullopt, 0});
  CHECK_FALSE(read->where);
  CHECK(decode_clear_payload(R"({"filter":{}})", depth)->where->empty());
  CHECK(decode_clear_payload(R"({"filter":{},"points":null})", depth)->where);
  check_refused(decode_delete("{}", depth), errc::invalid_argument, {"'points' is missing"});
  check_refused(decode_delete(R"({"filter":null})", depth), errc::invalid_argument,
                {"'points' is missing"});
  check_refused(decode_delete(R"({"points":[1],"filter":{}})", depth), errc::invalid_argument,
                {"not both"});
  check_refused(decode_delete(R"({"points":[{"if_version":1}]})", depth), errc::invalid_argument,
                {"points[0]", "'id' is missing"});
  check_refused(decode_delete(R"({"points":[{"id":1,"version":1}]})", depth),
                errc::invalid_argument, {"'version'"});
  check_refused(decode_delete(R"({"points":[1],"shard_key":"a"})", depth), errc::unsupported,
                {"shard_key"});
}

TEST_CASE("bodies of payload writes are read and refused") {
  const auto set = decode_set_payload(
      R"({"payload":{"a": 1.0},"points":[1],"key":"b.c[].d","shard_key":null})", depth);
  REQUIRE(set);
  CHECK(set->payload.json == R"({"a":1.0})");
  CHECK(set->key->text() == "b.c[].d");
  CHECK(decode_overwrite_payload(R"({"payload":{},"points":[1]})", depth)->payload.empty());
  check_refused(decode_set_payload(R"({"points":[1]})", depth), errc::invalid_argument,
                {"'payload' is missing"});
  check_refused(decode_set_payload(R"({"payload":null,"points":[1]})", depth),
                errc::invalid_argument, {"payload", "expected an object"});
  check_refused(decode_overwrite_payload(R"({"payload":{},"points":[1],"key":"a..b"})", depth),
                errc::invalid_argument, {"key", "a..b"});
  const auto cut = decode_delete_payload(R"({"keys":["a","b[].c"],"points":[1]})", depth);
  REQUIRE(cut);
  CHECK(cut->keys.size() == 2);
  check_refused(decode_delete_payload(R"({"points":[1]})", depth), errc::invalid_argument,
                {"'keys' is missing"});
  check_refused(decode_delete_payload(R"({"keys":["a","b[2]"],"points":[1]})", depth),
                errc::invalid_argument, {"keys[1]", "b[2]"});
  std::string many = R"({"points":[1],"keys":["a")";
  for (std::size_t i = 0; i < limits::payload_keys_per_request_max; ++i) many += R"(,"a")";
  check_refused(decode_delete_payload(many + "]}", depth), errc::invalid_argument, {"at most"});
}

TEST_CASE("bodies of vector writes are read and refused") {
  const auto read = decode_update_vectors(
      R"({"points":[{"id":1,"vector":{"b":[2],"a":[1]},"if_version":3}],"update_filter":{}})",
      depth);
  REQUIRE(read);
  CHECK(read->points[0].vectors[0].name == "a");
  CHECK(read->if_versions == expected_versions{3});
  CHECK(read->update_filter);
  check_refused(decode_update_vectors(R"({"points":[{"id":1}]})", depth), errc::invalid_argument,
                {"'vector' is missing"});
  check_refused(decode_update_vectors(R"({"points":[{"id":1,"vector":[1],"payload":{}}]})", depth),
                errc::invalid_argument, {"'payload'"});
  check_refused(decode_update_vectors("{}", depth), errc::invalid_argument, {"'points'"});
  CHECK(decode_delete_vectors(R"({"points":[1],"vector":["","a"]})", depth)->names.size() == 2);
  check_refused(decode_delete_vectors(R"({"points":[1],"vector":[]})", depth),
                errc::invalid_argument, {"'vector'"});
  check_refused(decode_delete_vectors(R"({"points":[1]})", depth), errc::invalid_argument,
                {"'vector'"});
}

TEST_CASE("a batch is a list of named operations") {
  const auto read = decode_batch(
      R"({"operations":[{"upsert":{"points":[{"id":1,"vector":[1]}]}},{"delete":{"points":[1]}},
          {"set_payload":{"payload":{},"points":[1]}},
          {"overwrite_payload":{"payload":{},"points":[1]}},
          {"delete_payload":{"keys":[],"points":[1]}},{"clear_payload":{"filter":{}}},
          {"update_vectors":{"points":[]}},{"delete_vectors":{"vector":["a"],"points":[1]}}]})",
      depth);
  REQUIRE(read);
  REQUIRE(read->operations.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK(read->operations[i].index() == i);
  CHECK(std::string(name_of(read->operations[3])) == "overwrite_payload");
  CHECK(decode_batch(R"({"operations":[]})", depth)->operations.empty());
  check_refused(decode_batch("{}", depth), errc::invalid_argument, {"'operations' is missing"});
  check_refused(decode_batch(R"({"operations":[{}]})", depth), errc::invalid_argument,
                {"operations[0]"});
  check_refused(decode_batch(R"({"operations":[{"truncate":{}}]})", depth), errc::invalid_argument,
                {"operations[0]", "'truncate'"});
  check_refused(
      decode_batch(R"({"operations":[{"delete":{"points":[]},"upsert":{"points":[]}}]})", depth),
      errc::invalid_argument, {"operations[0]", "one name"});
  std::string many = R"({"operations":[{"delete":{"points":[]}})";
  for (std::size_t i = 0; i < limits::operations_per_batch_max; ++i)
    many += R"(,{"delete":{"points":[]}})";
  check_refused(decode_batch(many + "]}", depth), errc::invalid_argument,
                {"1001 operations, at most 1000"});
}
