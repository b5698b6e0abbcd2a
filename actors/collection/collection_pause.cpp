// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of a collection's writer that stands still while the catalog changes the collection.

#include <utility>

#include "actors/api/failure.hpp"
#include "actors/collection/collection.hpp"
#include "core/limits.hpp"

namespace thespis::actors {

caf::result<bool> collection_writer::pause() {
  if (const char* why = absence(); why != nullptr) return to_caf(unavailable(why));
  if (pausing_) return to_caf(unavailable("it is being changed"));
  pausing_ = true;
  pause_promise_ = self_->make_response_promise<bool>();
  const auto promise = pause_promise_;
  pause_if_idle();
  return promise;
}

// Writes are held only once the jobs are done, which may take longer.
void collection_writer::pause_if_idle() {
  if (!pausing_ || paused_ || stopping_) return;
  if (!idle_builders() || basing_) return;
  holding_ = true;
  if (!pending_.empty()) return;
  paused_ = true;
  pause_promise_.deliver(true);
}

bool collection_writer::held_full() const noexcept {
  return held_.size() >= limits::writes_pending_max;
}

caf::result<bool> collection_writer::resume(const new_tables& tables) {
  if (!tables.emptied) {
    paused_ = false;
    end_pause();
    build_more();
    if (state_) after_building();
    stop_if_drained();
    return true;
  }
  // What is in memory belongs to tables that are gone. Searches keep its view until the next one.
  state_ = nullptr;
  release_journal();
  based_lsn_ = 0;
  save_due_ = false;
  checks_.refuse_waiting(unavailable("it was emptied"));
  store_->idle();
  load_promise_ = self_->make_response_promise<bool>();
  const auto promise = load_promise_;
  if (stopping_) {
    paused_ = false;
    load_promise_.deliver(true);
    stop_if_drained();
    return promise;
  }
  if (tables.store == nullptr) {
    fail(error(errc::io, "its new tables cannot be opened"));
    return promise;
  }
  store_ = tables.store;
  applied_lsn_ = store_->counters().lsn;
  damage_.clear();
  loaded_ = std::make_shared<load_progress>();
  loading_ = true;
  post_load();
  return promise;
}

// Writes that were held are judged after this message, in the order in which they came.
void collection_writer::end_pause() {
  if (pause_promise_.pending()) pause_promise_.deliver(to_caf(unavailable("it is being stopped")));
  pausing_ = holding_ = paused_ = false;
  for (auto& waiting : std::exchange(held_, {})) waiting.send_again();
}

void collection_writer::refuse_held(const error& why) {
  for (auto& waiting : std::exchange(held_, {})) waiting.promise.deliver(to_caf(why));
}

void collection_writer::rename(const std::string& new_name) {
  collection_ = new_name;
  store_->rename(new_name);
  if (state_) {
    state_->rename(new_name);
    const auto meta = std::make_shared<const collection_meta>(state_->meta());
    for (auto& waiting : pending_)
      if (waiting.seen_after) waiting.seen_after->meta = meta;
    auto latest = std::make_shared<view>(*published_);
    latest->meta = meta;
    publish(latest);
  }
  self_->send(reader_, rename_atom::value, new_name);
}

}  // namespace thespis::actors
