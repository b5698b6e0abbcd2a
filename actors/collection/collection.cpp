// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/collection.hpp"

#include <algorithm>
#include <chrono>

#include "actors/runtime/builder_pool.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "storage/flusher.hpp"
#include "storage/journal.hpp"

namespace thespis::actors {

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

/// How often a writer looks for indexes to save; also how long it must be idle to let go of
/// storage sessions.
std::chrono::seconds tick_interval(const config::storage& settings) {
  return std::chrono::seconds(std::clamp<std::uint32_t>(settings.index_save_interval_s / 4, 1, 15));
}

job_failure failure_of(const result<void>& outcome) {
  return outcome ? nullptr : std::make_shared<const error>(outcome.error());
}

}  // namespace

void collection_writer::start(pointer self, dependencies_ptr needs, reader_internal reader,
                              std::shared_ptr<storage::collection_store> store) {
  self_ = self;
  needs_ = std::move(needs);
  reader_ = std::move(reader);
  store_ = std::move(store);
  collection_ = store_->meta().name;
  saved_at_ns_ = steady_time_ns();
  end_on_exception(self_, "collection '" + collection_ + "'");
  self_->link_to(reader_);
  self_->delayed_send(self_, tick_interval(needs_->settings), tick_atom::value);
}

caf::result<bool> collection_writer::load() {
  load_promise_ = self_->make_response_promise<bool>();
  loading_ = true;
  auto me = caf::actor_cast<collection_internal>(self_);
  const auto taken = needs_->builders->post_io([me, needs = needs_, store = store_] {
    auto outcome = guarded([&]() -> result<std::unique_ptr<collection_state>> {
      THESPIS_TRY(auto folder, needs->engine->derived_folder(store->meta().id));
      return collection_state::load(store, *needs->plugins, std::move(folder));
    });
    caf::anon_send(me, loaded_atom::value,
                   std::make_shared<result<std::unique_ptr<collection_state>>>(std::move(outcome)));
  });
  if (!taken) fail(taken.error());
  return load_promise_;
}

void collection_writer::finish_load(const load_outcome& outcome) {
  loading_ = false;
  if (!*outcome) {
    fail(outcome->error());
    return;
  }
  if (stopping_) {
    stop_if_drained();
    return;
  }
  state_ = std::move(**outcome);
  publish(state_->make_view());
  load_promise_.deliver(true);
  build_more();
}

caf::error collection_writer::refusal() const {
  const auto refuse = [&](const char* why) {
    return to_caf(error(errc::unavailable, "collection '" + collection_ + "': " + why));
  };
  if (stopping_) return refuse("it is being stopped");
  if (!state_) return refuse("it is being loaded");
  if (pending_.size() >= limits::writes_pending_max)
    return refuse("too many writes are waiting for the disk");
  return {};
}

caf::result<write_reply> collection_writer::write(upsert_request&& request) {
  if (auto refused = refusal()) return refused;
  return commit(state_->decide(std::move(request), wall_time_us()));
}

caf::result<write_reply> collection_writer::write(const delete_request& request) {
  if (auto refused = refusal()) return refused;
  return commit(state_->decide(request));
}

caf::result<write_reply> collection_writer::commit(result<std::vector<effect>>&& decided) {
  busy_since_tick_ = true;
  if (!decided) return to_caf(decided.error());
  pending_write waiting;
  if (!decided->empty()) {
    const auto lsn = state_->apply(*decided);
    if (!lsn && state_->broken()) {
      fail(lsn.error());
      return to_caf(outcome_unknown(lsn.error()));
    }
    if (!lsn) return to_caf(lsn.error());
    applied_lsn_ = *lsn;
    waiting.seen_after = state_->make_view();
    waiting.reply = {*lsn, decided->size()};
  } else if (pending_.empty()) {
    return write_reply{};
  }
  // What was found unchanged may rest on a write that is not durable yet, so it waits as well.
  waiting.lsn = applied_lsn_;
  waiting.promise = self_->make_response_promise<write_reply>();
  const auto promise = waiting.promise;
  pending_.push_back(std::move(waiting));
  auto me = caf::actor_cast<collection_internal>(self_);
  needs_->engine->flusher().when_durable(
      applied_lsn_, [me](lsn_t durable) { caf::anon_send(me, durable_atom::value, durable); });
  return promise;
}

void collection_writer::on_durable(lsn_t durable) {
  std::shared_ptr<view> latest;
  auto first_waiting = pending_.begin();
  for (; first_waiting != pending_.end() && first_waiting->lsn <= durable; ++first_waiting)
    if (first_waiting->seen_after) latest = first_waiting->seen_after;
  if (latest) publish(latest);
  std::for_each(pending_.begin(), first_waiting,
                [](pending_write& done) { done.promise.deliver(done.reply); });
  pending_.erase(pending_.begin(), first_waiting);
  build_more();
  stop_if_drained();
}

void collection_writer::publish(const std::shared_ptr<view>& latest) {
  published_ = latest;
  state_->refresh(*published_);
  self_->send(reader_, view_atom::value, view_ptr(published_));
}

void collection_writer::republish() { publish(std::make_shared<view>(*published_)); }

void collection_writer::build_more() {
  if (save_due_ || stopping_ || !state_) return;
  auto me = caf::actor_cast<collection_internal>(self_);
  // One slice runs and one waits per thread, so that none idles while a message travels.
  const std::size_t in_flight_max = std::size_t{2} * needs_->builder_threads;
  for (std::uint32_t vector = 0; vector < state_->vector_count(); ++vector) {
    while (state_->slices_in_flight() < in_flight_max) {
      const auto slice = state_->take_slice(vector, published_->end_slot);
      if (!slice) break;
      auto work = state_->work_of(vector, *slice);
      const auto taken =
          needs_->builders->post_build([me, vector, slice = *slice, work = std::move(work)] {
            caf::anon_send(me, sliced_atom::value, vector, slice,
                           failure_of(guarded([&] { return work.index->insert(work.slots); })));
          });
      if (!taken) {
        fail(taken.error());
        return;
      }
    }
  }
}

void collection_writer::on_sliced(std::uint32_t vector, slot_range slice,
                                  const job_failure& failure) {
  if (failure) {
    fail(*failure);
    return;
  }
  state_->finish_slice(vector, slice);
  republish();
  build_more();
  save_if_due();
  stop_if_drained();
}

void collection_writer::on_tick() {
  if (!busy_since_tick_) store_->idle();
  busy_since_tick_ = false;
  const auto since_s = (steady_time_ns() - saved_at_ns_) / ns_per_s;
  if (state_ && since_s >= needs_->settings.index_save_interval_s && !stopping_) {
    saved_at_ns_ = steady_time_ns();
    save_due_ = !state_->unsaved(published_->lsn).empty();
    save_if_due();
  }
  self_->delayed_send(self_, tick_interval(needs_->settings), tick_atom::value);
}

void collection_writer::save_if_due() {
  if (!save_due_ || saves_running_ > 0 || state_->slices_in_flight() > 0) return;
  auto works = state_->unsaved(published_->lsn);
  save_due_ = !works.empty();
  auto me = caf::actor_cast<collection_internal>(self_);
  for (auto& work : works) {
    ++saves_running_;
    const auto taken = needs_->builders->post_io([me, work] {
      caf::anon_send(me, saved_atom::value, work.stamp.vector_name, work.stamp.next_slot,
                     failure_of(guarded([&] { return work.index->save(work.file, work.stamp); })));
    });
    if (taken) continue;
    const auto full = std::make_shared<const error>(taken.error());
    self_->send(self_, saved_atom::value, work.stamp.vector_name, work.stamp.next_slot,
                job_failure(full));
  }
}

void collection_writer::on_saved(const std::string& vector_name, slot_t end,
                                 const job_failure& failure) {
  --saves_running_;
  if (failure) {
    log::warn("collection", "index could not be saved; it would be rebuilt after a restart",
              {{"collection", collection_}, {"vector", vector_name}, {"why", failure->message}});
  } else {
    state_->note_saved(vector_name, end);
  }
  if (saves_running_ > 0) return;
  save_due_ = false;
  build_more();
  stop_if_drained();
}

caf::result<collection_info> collection_writer::info() const {
  if (state_) return state_->info();
  collection_info loading;
  loading.meta = store_->meta();
  loading.status = collection_status::yellow;
  loading.status_detail = "it is being loaded";
  return loading;
}

caf::result<bool> collection_writer::stop(bool save) {
  stopping_ = true;
  stop_promise_ = self_->make_response_promise<bool>();
  const auto promise = stop_promise_;
  if (!save) {
    pending_.clear();
    quit_stopped();
    return promise;
  }
  stop_if_drained();
  return promise;
}

void collection_writer::stop_if_drained() {
  if (!stopping_ || loading_ || !pending_.empty() || saves_running_ > 0) return;
  if (state_) {
    if (state_->slices_in_flight() > 0) return;
    if (!save_due_ && !state_->unsaved(published_->lsn).empty() && !stop_saved_) {
      stop_saved_ = save_due_ = true;
      save_if_due();
      return;
    }
  }
  if (stop_promise_.pending()) quit_stopped();
}

void collection_writer::quit_stopped() {
  stop_promise_.deliver(true);
  // A link passes on failures only; the reader must go too, because its view holds the tables.
  self_->send_exit(reader_, caf::exit_reason::user_shutdown);
  self_->quit();
}

void collection_writer::fail(const error& reason) {
  log::error(
      "collection", "collection failed",
      {{"collection", collection_}, {"kind", to_string(reason.code)}, {"why", reason.message}});
  const error outward(reason.code, "collection '" + collection_ + "': " + reason.message);
  if (load_promise_.pending()) load_promise_.deliver(to_caf(outward));
  if (stop_promise_.pending()) stop_promise_.deliver(true);
  for (auto& waiting : pending_) waiting.promise.deliver(to_caf(outcome_unknown(reason)));
  pending_.clear();
  self_->quit(to_caf(outward));
}

// What committed before the failure will be there after the restart.
error collection_writer::outcome_unknown(const error& reason) const {
  return {errc::unavailable, "collection '" + collection_ +
                                 "': it failed during this write, which may or may not have taken "
                                 "effect: " +
                                 reason.message};
}

collection_internal::behavior_type collection(collection_writer::pointer self,
                                              dependencies_ptr needs, reader_internal reader,
                                              std::shared_ptr<storage::collection_store> store) {
  self->state.start(self, std::move(needs), std::move(reader), std::move(store));
  auto& state = self->state;
  return {[&state](upsert_request& request) { return state.write(std::move(request)); },
          [&state](const delete_request& request) { return state.write(request); },
          [&state](info_atom) { return state.info(); },
          [&state](stop_atom) { return state.stop(true); },
          [&state](load_atom) { return state.load(); },
          [&state](drop_atom) { return state.stop(false); },
          [&state](loaded_atom, const load_outcome& outcome) { state.finish_load(outcome); },
          [&state](durable_atom, lsn_t durable) { state.on_durable(durable); },
          [&state](sliced_atom, std::uint32_t vector, slot_range slice,
                   const job_failure& failure) { state.on_sliced(vector, slice, failure); },
          [&state](saved_atom, const std::string& vector, slot_t end, const job_failure& failure) {
            state.on_saved(vector, end, failure);
          },
          [&state](tick_atom) { state.on_tick(); }};
}

}  // namespace thespis::actors
