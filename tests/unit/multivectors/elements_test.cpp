// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <random>
#include <string>
#include <vector>

#include "actors/query/read.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/unit/multivectors/loaded_collection.hpp"
#include "tests/unit/multivectors/max_sim_model.hpp"

using namespace thespis;
using tests::loaded_collection;
using tests::scratch_folder;

namespace {

constexpr std::uint32_t size = 6;

/// A dense vector "d" and a multivector "m" of the same elements.
collection_spec of_elements(element_type elements) {
  collection_spec spec;
  vector_spec vector;
  vector.size = size;
  vector.metric = distance::euclid;
  vector.elements = elements;
  for (const auto* name : {"d", "m"}) {
    vector.name = name;
    vector.multivector = vector.name == "m";
    spec.vectors.push_back(vector);
  }
  return spec;
}

std::vector<float> draw(std::mt19937& random, element_type elements, std::size_t count) {
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> bytes(0, 255.9F);
  std::vector<float> made(count);
  for (auto& value : made) value = elements == element_type::uint8 ? bytes(random) : normal(random);
  return made;
}

point make_point(std::uint64_t id, std::vector<float> dense, std::vector<float> rows) {
  named_vector multi;
  multi.name = "m";
  multi.values = std::move(rows);
  multi.shape = vector_shape::multivector;
  multi.size = size;
  return {point_id(id), {dense_vector(std::move(dense), "d"), multi}, {}};
}

search_request near(const named_vector& query) {
  search_request wanted;
  wanted.target = query;
  wanted.vector_name = query.name;
  wanted.limit = 100;
  wanted.with_vector.enabled = true;
  return wanted;
}

}  // namespace

TEST_CASE("vectors of other elements are kept and compared as rounded") {
  for (const auto elements : {element_type::float16, element_type::uint8}) {
    INFO("elements " << to_string(elements));
    scratch_folder folder;
    loaded_collection docs(folder.path(), of_elements(elements));
    std::mt19937 random(11);
    std::vector<point> rounded;
    for (std::uint64_t id = 0; id < 40; ++id) {
      auto one = make_point(id, draw(random, elements, size), draw(random, elements, 3 * size));
      REQUIRE(docs.put({one}));
      const auto given = one;
      for (auto& vector : one.vectors) {
        REQUIRE(round_values(vector.values, elements));
        vector.elements = elements;
      }
      REQUIRE(one.vectors[0].values != given.vectors[0].values);
      rounded.push_back(std::move(one));
    }
    const auto before = docs.seen();
    const auto check = [&](const actors::view& seen) {
      for (std::size_t at = 0; at < 2; ++at) {
        auto query = rounded[3].vectors[at];
        query.values = draw(random, element_type::float32, query.values.size());
        const auto found = actors::search(seen, near(query));
        REQUIRE(found);
        REQUIRE(found->hits.size() == 40);
        for (const auto& hit : found->hits) {
          const auto& stored = rounded[hit.id.number()];
          CHECK(*hit.vectors == stored.vectors);
          const auto truth = tests::max_sim(distance::euclid, query, stored.vectors[at], size);
          CHECK(hit.score == Approx(truth).epsilon(1e-4));
        }
      }
    };
    check(*docs.seen());
    docs.build();
    check(*docs.seen());
    REQUIRE(docs.load());
    check(*docs.seen());
    // A view from before a change has what was.
    const auto kept = docs.seen();
    REQUIRE(docs.put({make_point(3, draw(random, elements, size), draw(random, elements, size))}));
    check(*kept);
    REQUIRE(docs.erase(4));
    check(*kept);
  }
}

TEST_CASE("values that the elements have no room for are refused") {
  const std::vector<float> good(size, 1.0F);
  const auto refused = [&](loaded_collection& docs, float value, const std::string& text) {
    auto bad = good;
    bad[2] = value;
    for (const bool in_rows : {false, true}) {
      const auto written = docs.put({make_point(1, in_rows ? good : bad, in_rows ? bad : good)});
      REQUIRE_FALSE(written);
      CHECK(written.error().code == errc::invalid_argument);
      CHECK(written.error().message.find(in_rows ? "vector 'm': element 2"
                                                 : "vector 'd': element 2") != std::string::npos);
      CHECK(written.error().message.find(text) != std::string::npos);
    }
  };
  scratch_folder halves;
  loaded_collection half(halves.path(), of_elements(element_type::float16));
  refused(half, 70'000.0F, "a float16 is at most 65504");
  refused(half, -70'000.0F, "a float16 is at most 65504");
  scratch_folder bytes;
  loaded_collection byte(bytes.path(), of_elements(element_type::uint8));
  refused(byte, 256.0F, "a uint8 is 0 to 255");
  refused(byte, -1.0F, "a uint8 is 0 to 255");
  CHECK(half.seen()->points == 0);
  // What a query is compared with need not fit.
  REQUIRE(byte.put({make_point(1, good, good)}));
  CHECK(byte.search(near(dense_vector(std::vector<float>(size, -3.0F), "d"))));
}
