// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/collection/collection_state.hpp"
#include "actors/query/read.hpp"
#include "actors/query/search.hpp"
#include "core/log.hpp"
#include "plugins/host/registry.hpp"
#include "storage/catalog_store.hpp"
#include "storage/engine.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;
using actors::collection_state;
using actors::view;
using tests::scratch_folder;

namespace {

/// A collection with two vectors, of which a point may lack "b", without actors: what is applied
/// here is not published to anybody.
class unpublished {
 public:
  explicit unpublished(const std::filesystem::path& folder) {
    log::set_level(log::level::off);
    config::storage settings;
    settings.data_dir = folder;
    engine_ = *storage::engine::open(settings);
    config::plugins folders;
    folders.folders = {THESPIS_PLUGIN_FOLDER};
    plugins_ = *plugins::registry::load(folders);
    collection_spec spec;
    spec.vectors = {{"a", 2, distance::euclid, element_type::float32, "hnsw", {}},
                    {"b", 2, distance::cosine, element_type::float32, "flat", {}}};
    const auto made = engine_->catalog().create("docs", spec);
    REQUIRE(made);
    auto store = engine_->catalog().open(*made);
    REQUIRE(store);
    auto loaded = collection_state::load(*store, *plugins_, engine_->journal(),
                                         *engine_->derived_folder(made->id));
    REQUIRE(loaded);
    state_ = std::move(*loaded);
  }

  void put(std::uint64_t id, float place, const std::string& json, bool with_b = true) {
    point one{point_id(id), {{"a", {place, 0}}}, {json}};
    if (with_b) one.vectors.push_back({"b", {place, 3}});
    upsert_request request;
    request.points.push_back(std::move(one));
    auto decided = state_->decide(std::move(request), 1);
    REQUIRE(decided);
    REQUIRE(state_->apply(std::move(*decided)));
  }
  void erase(std::uint64_t id) {
    auto decided = state_->decide(delete_request{{{point_id(id)}}}, 1);
    REQUIRE(decided);
    REQUIRE(state_->apply(std::move(*decided)));
  }
  [[nodiscard]] std::shared_ptr<view> seen() const { return state_->make_view(); }

 private:
  std::shared_ptr<storage::engine> engine_;
  std::shared_ptr<plugins::registry> plugins_;
  std::unique_ptr<collection_state> state_;
};

std::string line(const scored_point& one) {
  std::string text = one.id.text() + " " + one.payload->json + " v" + std::to_string(one.version);
  for (const auto& vector : *one.vectors)
    text += " " + vector.name + std::to_string(static_cast<int>(vector.values[0]));
  return text;
}

std::vector<std::string> lines(const std::vector<scored_point>& points) {
  std::vector<std::string> out;
  for (const auto& one : points) out.push_back(line(one));
  return out;
}

/// All that a view tells: by scroll, by id and by exact search near 0.
struct told {
  std::vector<std::string> scrolled;
  std::vector<std::string> retrieved;
  std::vector<std::string> found;
  std::vector<std::string> found_bare;
  friend bool operator==(const told&, const told&) = default;
};

told tell(const view& source) {
  told all;
  scroll_request page;
  page.limit = 100;
  page.with_payload.enabled = page.with_vector.enabled = true;
  const auto scrolled = actors::scroll(source, page);
  REQUIRE(scrolled);
  all.scrolled = lines(scrolled->points);
  retrieve_request some;
  for (std::uint64_t id = 0; id < 10; ++id) some.ids.emplace_back(id);
  some.with_payload.enabled = some.with_vector.enabled = true;
  const auto retrieved = actors::retrieve(source, some);
  REQUIRE(retrieved);
  all.retrieved = lines(retrieved->points);
  search_request near;
  near.target = dense_vector({0, 0});
  near.vector_name = "a";
  near.limit = 100;
  near.exact = true;
  const auto bare = actors::search(source, near);
  REQUIRE(bare);
  for (const auto& hit : bare->hits)
    all.found_bare.push_back(hit.id.text() + " v" + std::to_string(hit.version));
  near.with_payload.enabled = near.with_vector.enabled = true;
  const auto found = actors::search(source, near);
  REQUIRE(found);
  all.found = lines(found->hits);
  for (std::uint64_t id = 0; id < 10; ++id) {
    const auto there = actors::exists(source, point_id(id));
    REQUIRE(there);
    bool listed = false;
    for (const auto& one : retrieved->points) listed = listed || one.id == point_id(id);
    CHECK(*there == listed);
  }
  return all;
}

}  // namespace

TEST_CASE("a view reads its points although storage has newer ones") {
  scratch_folder folder;
  unpublished docs(folder.path());
  docs.put(1, 1, R"({"n":1})");
  docs.put(2, 2, R"({"n":2})", false);
  docs.put(3, 3, R"({"n":3})");
  docs.put(5, 5, R"({"n":5})");
  const auto before = docs.seen();
  const auto expected = tell(*before);
  REQUIRE(expected.scrolled.size() == 4);
  CHECK(expected.retrieved == expected.scrolled);
  CHECK(expected.found == expected.scrolled);
  CHECK(expected.found.front().starts_with(R"(1 {"n":1})"));
  CHECK(expected.found[1].ends_with(" a2"));

  SECTION("payloads changed") {
    docs.put(1, 1, R"({"n":10})");
    docs.put(3, 3, R"({"n":30})");
  }
  SECTION("vectors changed") {
    docs.put(1, 8, R"({"n":10})");
    docs.put(2, 7, R"({"n":20})", true);
    docs.put(1, 9, R"({"n":11})");
  }
  SECTION("points went") {
    docs.erase(1);
    docs.erase(5);
  }
  SECTION("points came") {
    docs.put(0, 0, "{}");
    docs.put(4, 4, "{}");
    docs.put(9, 9, "{}");
  }
  SECTION("points went and came again") {
    docs.erase(3);
    docs.put(3, 6, R"({"n":31})");
    docs.put(4, 4, "{}");
    docs.erase(4);
    docs.erase(2);
  }
  CHECK(tell(*before) == expected);
  CHECK_FALSE(tell(*docs.seen()) == expected);
}

TEST_CASE("pages of an older view meet points that went and points that came") {
  scratch_folder folder;
  unpublished docs(folder.path());
  for (std::uint64_t id = 0; id < 20; id += 2) docs.put(id, 1, "{}");
  const auto before = docs.seen();
  for (std::uint64_t id = 0; id < 20; id += 4) docs.erase(id);
  for (std::uint64_t id = 1; id < 20; id += 2) docs.put(id, 1, "{}");
  docs.erase(18);
  for (const std::uint32_t limit : {1U, 3U, 10U, 11U}) {
    std::vector<std::uint64_t> ids;
    scroll_request page;
    page.limit = limit;
    do {
      const auto reply = actors::scroll(*before, page);
      REQUIRE(reply);
      CHECK(reply->points.size() <= limit);
      for (const auto& one : reply->points) ids.push_back(one.id.number());
      page.offset = reply->next_page_offset;
    } while (page.offset);
    CHECK(ids == std::vector<std::uint64_t>{0, 2, 4, 6, 8, 10, 12, 14, 16, 18});
  }
}

TEST_CASE("a search by a point's id takes the vector that the view has") {
  scratch_folder folder;
  unpublished docs(folder.path());
  docs.put(1, 1, "{}");
  docs.put(2, 2, "{}");
  docs.put(3, 30, "{}");
  const auto before = docs.seen();
  docs.put(1, 29, "{}");
  search_request like;
  like.target = point_id(1);
  like.vector_name = "a";
  like.limit = 1;
  const auto found = actors::search(*before, like);
  REQUIRE(found);
  REQUIRE(found->hits.size() == 1);
  CHECK(found->hits[0].id == point_id(2));
  docs.erase(1);
  CHECK(actors::search(*before, like));
  const auto gone = actors::search(*docs.seen(), like);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == errc::not_found);
}
