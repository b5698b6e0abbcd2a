// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of a collection's writer that saves derived state and holds the journal for it.

#include "actors/collection/collection.hpp"
#include "actors/runtime/builder_pool.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/clock.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "storage/journal.hpp"

namespace thespis::actors {

namespace {

job_failure failure_of(const result<void>& outcome) {
  return outcome ? nullptr : std::make_shared<const error>(outcome.error());
}

}  // namespace

void collection_writer::save_if_due() {
  if (!save_due_ || !idle_builders()) return;
  auto works = state_->unsaved(*published_);
  save_due_ = !works.empty();
  auto me = caf::actor_cast<collection_internal>(self_);
  index_pace_.begin(steady_time_ns());
  for (auto& work : works) {
    ++saves_running_;
    const auto taken = needs_->builders->post_io([me, work] {
      caf::anon_send(me, saved_atom::value, work.stamp.vector_name, work.stamp.next_slot,
                     failure_of(guarded([&] { return work.run(); })));
    });
    if (taken) continue;
    const auto full = std::make_shared<const error>(taken.error());
    self_->send(self_, saved_atom::value, work.stamp.vector_name, work.stamp.next_slot,
                job_failure(full));
  }
  save_base();
}

void collection_writer::on_saved(const std::string& vector_name, slot_t end,
                                 const job_failure& failure) {
  --saves_running_;
  if (failure) {
    log::warn("collection", "index could not be saved; it would be rebuilt after a restart",
              {{"collection", collection_}, {"vector", vector_name}, {"why", failure->message}});
    state_->note_unsaved(vector_name, failure->message);
    index_pace_.note_failure();
  } else {
    state_->note_saved(vector_name, end);
    THESPIS_FAIL_POINT("index.saved");
  }
  if (saves_running_ > 0) return;
  index_pace_.end(steady_time_ns());
  save_due_ = false;
  build_more();
  after_building();
  stop_if_drained();
}

void collection_writer::save_base() {
  if (basing_ || based_lsn_ == published_->lsn || published_->end_slot == 0) return;
  basing_ = true;
  base_pace_.begin(steady_time_ns());
  auto me = caf::actor_cast<collection_internal>(self_);
  const auto taken = needs_->builders->post_io([me, work = state_->base_of(published_)] {
    caf::anon_send(me, based_atom::value, work.seen->lsn,
                   failure_of(guarded([&] { return work.run(); })));
  });
  if (taken) return;
  self_->send(self_, based_atom::value, published_->lsn,
              job_failure(std::make_shared<const error>(taken.error())));
}

void collection_writer::on_based(lsn_t lsn, const job_failure& failure) {
  basing_ = false;
  if (failure) base_pace_.note_failure();
  base_pace_.end(steady_time_ns());
  if (failure && failure->code == errc::corruption) {
    fail(*failure);  // rows in memory can no longer be trusted
    return;
  }
  if (failure) {
    log::warn("collection", "rows and slots could not be saved; a start would read every point",
              {{"collection", collection_}, {"why", failure->message}});
    based_lsn_ = 0;  // the journal must not grow for saves that fail
    release_journal();
  } else {
    based_lsn_ = lsn;
    THESPIS_FAIL_POINT("base.saved");
    if (applied_lsn_ > lsn)
      hold_journal();
    else
      release_journal();
  }
  stop_if_drained();
}

// A start needs the entries after the saved slots.
void collection_writer::hold_journal() {
  if (held_lsn_ == based_lsn_) return;
  held_lsn_ = based_lsn_;  // takes the place of an earlier hold
  needs_->engine->journal().hold("slots of " + store_->meta().id.text(), based_lsn_);
}

void collection_writer::release_journal() {
  if (held_lsn_ == 0) return;
  held_lsn_ = 0;
  needs_->engine->journal().release("slots of " + store_->meta().id.text());
}

}  // namespace thespis::actors
