// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/collection_change.hpp"

#include "core/rate_limiter.hpp"
#include "core/search_request.hpp"
#include "tests/support/catch.hpp"

using namespace thespis;

namespace {

collection_spec two_vectors() {
  collection_spec spec;
  for (const auto* name : {"image", "text"}) {
    auto& vector = spec.vectors.emplace_back();
    vector.name = name;
    vector.size = 4;
  }
  spec.vectors[1].hnsw = hnsw_config{8, 50, 10, index_preset::balanced};
  spec.sparse_vectors.push_back({"words"});
  return spec;
}

}  // namespace

TEST_CASE("only vectors whose index has to be made anew get another revision") {
  const auto spec = two_vectors();
  collection_change change;
  change.hnsw.m = 32;  // "text" has its own
  auto made = altered(spec, change);
  REQUIRE(made);
  CHECK(made->vectors[0].revision == 1);
  CHECK(made->vectors[1].revision == 0);
  change = {};
  change.vectors.push_back({"text", hnsw_change{}});
  made = altered(*made, change);
  REQUIRE(made);
  CHECK(!made->vectors[1].hnsw);
  CHECK(made->vectors[0].revision == 1);
  CHECK(made->vectors[1].revision == 1);
  change = {};
  change.hnsw.full_scan_threshold_kb = 5;
  change.sparse_vectors.push_back({"words", true, element_type::float32, 9});
  made = altered(*made, change);
  REQUIRE(made);
  CHECK(made->vectors[0].revision == 1);
  CHECK(made->sparse_vectors[0].idf);
  CHECK(made->sparse_vectors[0].full_scan_threshold == 9);
  change = {};
  change.vectors.push_back({"image", {}, {}, true});
  made = altered(*made, change);
  REQUIRE(made);
  CHECK(made->vectors[0].on_disk);
  CHECK(made->vectors[0].revision == 2);
  CHECK(*altered(*made, collection_change()) == *made);
}

TEST_CASE("codes whose name and bits stay are no reason for another index") {
  auto spec = two_vectors();
  spec.quantization = quantization_config{quantization_kind::scalar, 8, 0.99F, {}};
  collection_change change;
  change.quantization = quantization_config{quantization_kind::scalar, 8, {}, true};
  const auto same = altered(spec, change);
  REQUIRE(same);
  CHECK(same->quantization->always_ram == true);
  CHECK(same->vectors[0].revision == 0);
  change.quantization = quantization_config{quantization_kind::scalar, 4, {}, {}};
  CHECK(altered(spec, change)->vectors[0].revision == 1);
}

TEST_CASE("a change that cannot be made is refused") {
  const auto spec = two_vectors();
  const auto refused = [&](const collection_change& change) {
    const auto made = altered(spec, change);
    REQUIRE(!made);
    return made.error().code;
  };
  collection_change change;
  change.sparse_vectors.push_back({"words", {}, element_type::uint8});
  CHECK(refused(change) == errc::unsupported);
  change = {};
  change.vectors.push_back({"words"});
  CHECK(refused(change) == errc::not_found);
  change = {};
  change.quantization = quantization_config{quantization_kind::scalar, 5, {}, {}};
  CHECK(refused(change) == errc::invalid_argument);
}

TEST_CASE("vectors come in the order of their names and go by name") {
  auto spec = two_vectors();
  place_vectors({}, spec, {});
  CHECK(spec.next_number == 3);
  collection_change change;
  vector_addition added;
  added.spec.name = "sound";
  added.spec.size = 3;
  added.hnsw.m = 40;
  change.added.push_back(added);
  change.added_sparse.push_back({"tags"});
  change.dropped.push_back("image");
  auto made = altered(spec, change);
  REQUIRE(made);
  place_vectors(spec, *made, {2, 70});
  REQUIRE(made->vectors.size() == 2);
  CHECK(made->vectors[0].name == "sound");
  CHECK(made->vectors[0].hnsw->m == 40);
  CHECK(made->vectors[0].hnsw->ef_construct == spec.hnsw.ef_construct);
  CHECK(made->vectors[0].place == vector_place{3, {2, 70}});
  CHECK(made->vectors[1].place == spec.vectors[1].place);
  CHECK(made->vectors[1].revision == 0);
  CHECK(made->sparse_vectors[0].name == "tags");
  CHECK(made->sparse_vectors[0].place == vector_place{4, {2, 70}});
  CHECK(made->dropped == slot_mark{2, 70});
  CHECK(made->next_number == 5);
  // A name that comes again is another vector.
  change = {};
  change.dropped.push_back("sound");
  change.added.push_back(added);
  auto again = altered(*made, change);
  REQUIRE(again);
  CHECK(again->vectors[0].revision == 0);
}

TEST_CASE("a vector that is there is not added, and one that is not is not dropped") {
  const auto spec = two_vectors();
  const auto refused = [&](const collection_change& change) {
    const auto made = altered(spec, change);
    REQUIRE(!made);
    return made.error().code;
  };
  collection_change change;
  vector_addition added;
  added.spec.name = "words";
  added.spec.size = 3;
  change.added.push_back(added);
  CHECK(refused(change) == errc::already_exists);
  change = {};
  change.added_sparse.push_back({"image"});
  CHECK(refused(change) == errc::already_exists);
  change = {};
  change.dropped.push_back("sound");
  CHECK(refused(change) == errc::not_found);
  change = {};
  change.dropped = {"image", "text", "words"};
  CHECK(refused(change) == errc::invalid_argument);  // none is left
  change = {};
  added.spec.name = "wide";
  added.spec.size = 70'000;
  change.added.push_back(added);
  CHECK(refused(change) == errc::invalid_argument);
}

TEST_CASE("metadata is merged key by key, and strict mode rule by rule") {
  collection_spec spec = two_vectors();
  const auto merge = [&](const char* json) {
    collection_change change;
    change.metadata = payload{json};
    auto made = altered(spec, change);
    REQUIRE(made);
    spec = *made;
    return spec.metadata;
  };
  CHECK(merge(R"({"a":1,"b":{"c":2}})") == R"({"a":1,"b":{"c":2}})");
  CHECK(merge(R"({"b":3})") == R"({"a":1,"b":3})");
  CHECK(merge(R"({"a":null})") == R"({"b":3})");
  CHECK(merge("{}").empty());
  collection_change change;
  change.strict = strict_mode();
  change.strict->max_query_limit = 5;
  change.strict->enabled = true;
  spec = *altered(spec, change);
  change.strict = strict_mode();
  change.strict->search_allow_exact = false;
  spec = *altered(spec, change);
  CHECK(spec.strict->max_query_limit == 5U);
  CHECK(spec.strict->search_allow_exact == false);
  CHECK(spec.strict->holds());
}

TEST_CASE("rules of strict mode count the searches of a batch and name the one at fault") {
  std::optional<strict_mode> rules = strict_mode();
  rules->max_query_limit = 5;
  rules->search_max_batchsize = 2;
  search_batch_request batch;
  batch.searches.resize(3);
  CHECK(check_rules(rules, batch));
  rules->enabled = true;
  CHECK(check_rules(rules, batch).error().message ==
        "strict mode: 'searches' is 3, but search_max_batchsize allows at most 2");
  batch.searches.resize(2);
  batch.searches[0].limit = 5;
  CHECK(check_rules(rules, batch).error().message ==
        "searches[1]: strict mode: 'limit' is 10, but max_query_limit allows at most 5");
}

TEST_CASE("a rate passes as many as its minute has and fills up evenly") {
  constexpr std::int64_t second_ns = 1'000'000'000;
  rate_limiter rate;
  std::int64_t now_ns = 5 * second_ns;
  for (int i = 0; i < 60; ++i) CHECK(rate.take(60, 1, now_ns) == 0);
  CHECK(rate.take(60, 1, now_ns) > 0);
  now_ns += second_ns + second_ns / 10;
  CHECK(rate.take(60, 1, now_ns) == 0);
  CHECK(rate.take(60, 1, now_ns) > 0);
  CHECK(rate.take(60, 10, now_ns) == 10);
  now_ns += 600 * second_ns;
  CHECK(rate.take(60, 100, now_ns) == 0);  // more than there ever is: when it is full
  CHECK(rate.take(60, 1, now_ns) > 0);
  CHECK(rate.take(30, 30, now_ns) == 0);  // another rate begins anew
}
