// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/collection/collection_state.hpp"
#include "actors/query/search.hpp"
#include "core/log.hpp"
#include "plugins/host/registry.hpp"
#include "storage/catalog_store.hpp"
#include "storage/engine.hpp"
#include "tests/support/catch.hpp"

namespace thespis::tests {

/// A collection without actors: what is applied is seen at once by who asks for a view.
class loaded_collection {
 public:
  loaded_collection(const std::filesystem::path& folder, const collection_spec& spec) {
    log::set_level(log::level::off);
    config::storage settings;
    settings.data_dir = folder;
    engine_ = *storage::engine::open(settings);
    config::plugins folders;
    folders.folders = {THESPIS_PLUGIN_FOLDER};
    plugins_ = *plugins::registry::load(folders);
    const auto made = engine_->catalog().create("docs", spec);
    REQUIRE(made);
    meta_ = *made;
    REQUIRE(load());
  }

  /// Loads it anew, as a start does. Errors: those of `collection_state::load`.
  result<void> load(actors::collection_bounds bounds = {}) {
    state_.reset();
    auto store = engine_->catalog().open(meta_);
    REQUIRE(store);
    auto loaded = actors::collection_state::load(*store, *plugins_, engine_->journal(),
                                                 *engine_->derived_folder(meta_.id), bounds);
    if (!loaded) return loaded.error();
    state_ = std::move(*loaded);
    return ok();
  }

  /// Judges and applies a write.
  result<lsn_t> write(write_operation operation) {
    auto decided = state_->decide(std::move(operation), 1);
    if (!decided) return decided.error();
    return state_->apply(std::move(*decided));
  }
  result<lsn_t> put(std::vector<point> points) {
    upsert_request request;
    request.points = std::move(points);
    return write(std::move(request));
  }
  result<lsn_t> erase(std::uint64_t id) { return write(delete_request{{{point_id(id)}}}); }

  /// Inserts what waits for indexes; at most `slices` of each.
  void build(std::size_t slices = ~std::size_t{0}) {
    const auto shown = seen();
    for (const auto build : state_->builds()) {
      for (std::size_t done = 0; done < slices; ++done) {
        const auto slice = state_->take_slice(build, shown->end_slot);
        if (!slice) break;
        const auto work = state_->work_of(build, *slice, *shown);
        REQUIRE(work.index->insert(work.slots));
        state_->finish_slice(build, *slice, work.slots.size());
      }
    }
  }

  [[nodiscard]] std::shared_ptr<actors::view> seen() const { return state_->make_view(); }
  [[nodiscard]] result<search_reply> search(const search_request& wanted) const {
    return actors::search(*seen(), wanted);
  }
  [[nodiscard]] actors::collection_state& state() noexcept { return *state_; }
  /// Of its derived files.
  [[nodiscard]] std::filesystem::path folder() const { return *engine_->derived_folder(meta_.id); }

 private:
  std::shared_ptr<storage::engine> engine_;
  std::shared_ptr<plugins::registry> plugins_;
  collection_meta meta_;
  std::unique_ptr<actors::collection_state> state_;
};

}  // namespace thespis::tests
