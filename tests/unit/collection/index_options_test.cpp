// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/index_options.hpp"

#include "core/collection_change.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_node.hpp"

using namespace thespis;
using tests::scratch_folder;
using tests::test_node;

namespace {

const std::vector<std::filesystem::path> recording = {THESPIS_RECORDER_PLUGINS};

collection_spec spec_with(const char* index) {
  collection_spec spec;
  spec.vectors.push_back({"", 2, distance::dot, element_type::float32, index, std::nullopt});
  spec.hnsw.full_scan_threshold_kb = 0;
  return spec;
}

quantization_config codes(quantization_kind kind, std::uint32_t bits) {
  return {kind, bits, std::nullopt, std::nullopt};
}

point make_point(std::uint64_t id, float first) {
  return {point_id(id), {{"", {first, 1}}}, payload{}};
}

/// What the recorder was given; see there.
std::uint64_t given(test_node& node, const collection_spec& spec) {
  REQUIRE(node.create("docs", spec));
  const auto bytes = node.info("docs").indexes.at(0).index_bytes;
  REQUIRE(node.drop("docs"));
  return bytes;
}

void check_refused(test_node& node, const collection_spec& spec, errc code,
                   const std::string& part) {
  const auto made = node.create("docs", spec);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == code);
  CHECK_THAT(made.error().message, Catch::Contains("'docs'") && Catch::Contains(part));
  CHECK(node.find("docs").error().code == errc::not_found);
}

search_request near_all() {
  search_request wanted;
  wanted.target = dense_vector({1, 1});
  return wanted;
}

/// Rank that the recorder gave.
float rank_of(test_node& node, const search_request& wanted) {
  const auto found = node.search("docs", wanted);
  REQUIRE(found);
  REQUIRE(found->hits.size() == 1);
  return -found->hits[0].score;
}

}  // namespace

TEST_CASE("preset, quantizer and bits reach the index") {
  scratch_folder folder;
  test_node node(folder.path(), recording);
  auto spec = spec_with("recorder");
  CHECK(given(node, spec) == 0);
  spec.hnsw.preset = index_preset::fast;
  CHECK(given(node, spec) == 1000);
  spec.quantization = codes(quantization_kind::none, 0);
  CHECK(given(node, spec) == 1001);
  spec.quantization = codes(quantization_kind::scalar, 8);
  CHECK(given(node, spec) == 1002);
  spec.vectors[0].quantization = codes(quantization_kind::binary, 2);
  spec.vectors[0].hnsw = hnsw_config{};
  CHECK(given(node, spec) == 23);
  spec.vectors[0].quantization = codes(quantization_kind::binary, 0);
  CHECK(given(node, spec) == 13);
}

TEST_CASE("what an index was given is told, and holds after a restart") {
  scratch_folder folder;
  auto spec = spec_with("recorder");
  spec.hnsw.preset = index_preset::fast;
  spec.quantization = codes(quantization_kind::binary, 4);
  for (int start = 0; start < 2; ++start) {
    test_node node(folder.path(), recording);
    if (start == 0) REQUIRE(node.create("docs", spec));
    node.serving("docs");
    const auto info = node.info("docs");
    auto placed = spec;
    place_vectors({}, placed, {});
    CHECK(info.meta.spec == placed);
    REQUIRE(info.indexes.size() == 1);
    CHECK(info.indexes[0].quantizer == "binary");
    CHECK(info.indexes[0].quantizer_bits == 4);
    CHECK(info.indexes[0].preset == index_preset::fast);
    CHECK(info.indexes[0].index_bytes == 1043);
  }
}

TEST_CASE("a collection is not created with what a plugin refuses") {
  scratch_folder folder;
  test_node node(folder.path(), recording);
  auto spec = spec_with("recorder");
  spec.quantization = codes(quantization_kind::binary, 3);
  check_refused(node, spec, errc::unsupported, "three bits are one too many");
  spec.quantization = codes(quantization_kind::scalar, 4);
  check_refused(node, spec, errc::unsupported, "no quantizer plugin 'sq4' is loaded");
  spec = spec_with("flat");
  spec.vectors[0].name = "text";
  spec.quantization = codes(quantization_kind::scalar, 8);
  check_refused(node, spec, errc::unsupported, "vector 'text': plugin 'flat'");
  check_refused(node, spec_with("hnsw"), errc::not_found, "no index plugin 'hnsw'");
  // Nothing is left of the refused ones.
  spec.vectors[0].quantization = codes(quantization_kind::none, 0);
  REQUIRE(node.create("docs", spec));
}

TEST_CASE("how a search uses codes reaches the index") {
  scratch_folder folder;
  test_node node(folder.path(), recording);
  REQUIRE(node.create("docs", spec_with("recorder")));
  REQUIRE(node.upsert("docs", {make_point(1, 1)}));
  node.indexed("docs");
  auto wanted = near_all();
  CHECK(rank_of(node, wanted) == 0);
  wanted.codes.ignore = true;
  CHECK(rank_of(node, wanted) == 1000);
  wanted.codes.rescore = false;
  CHECK(rank_of(node, wanted) == 3000);
  wanted.codes = {};
  wanted.codes.oversampling = 2.5F;
  CHECK(rank_of(node, wanted) == 2.5F);
  wanted.exact = true;
  CHECK(rank_of(node, wanted) == -2);  // the true product
}

TEST_CASE("a search of what is indexed leaves out what waits for the index") {
  scratch_folder folder;
  test_node node(folder.path(), recording);
  REQUIRE(node.create("docs", spec_with("recorder")));
  REQUIRE(node.upsert("docs", {make_point(1, 1)}));
  CHECK(node.indexed("docs").indexes[0].inserted_slots == 1);
  REQUIRE(node.upsert("docs", {make_point(2, 99)}));  // takes two seconds
  auto wanted = near_all();
  const auto all = node.search("docs", wanted);
  wanted.indexed_only = true;
  const auto indexed = node.search("docs", wanted);
  wanted.exact = true;
  const auto exact = node.search("docs", wanted);
  REQUIRE(node.info("docs").indexes[0].tail_slots == 1);  // else the test came too late
  REQUIRE((all && indexed && exact));
  CHECK(all->hits.size() == 2);
  REQUIRE(indexed->hits.size() == 1);
  CHECK(indexed->hits[0].id == point_id(1));
  REQUIRE(exact->hits.size() == 1);
  CHECK(exact->hits[0].id == point_id(1));
  CHECK(node.indexed("docs").indexes[0].inserted_slots == 2);
  CHECK(node.search("docs", wanted)->hits.size() == 2);
}
