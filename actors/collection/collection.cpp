// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/collection.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "actors/runtime/builder_pool.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/clock.hpp"
#include "core/fail_point.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "storage/flusher.hpp"
#include "storage/journal.hpp"

namespace thespis::actors {

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
/// Rows and slots are saved so many times as often as indexes.
constexpr std::int64_t ticks_per_interval = 4;

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
  index_pace_ = base_pace_ = save_pace(steady_time_ns());
  end_on_exception(self_, "collection '" + collection_ + "'");
  self_->link_to(reader_);
  self_->delayed_send(self_, tick_interval(needs_->settings), tick_atom::value);
}

caf::result<bool> collection_writer::load(const load_progress_ptr& progress) {
  load_promise_ = self_->make_response_promise<bool>();
  loading_ = awaits_durable_ = true;
  loaded_ = progress;
  // What committed before a failure may not be durable yet; nobody may see it before it is.
  auto me = caf::actor_cast<collection_internal>(self_);
  needs_->engine->flusher().when_durable(store_->counters().lsn, [me](lsn_t durable) {
    caf::anon_send(me, durable_atom::value, durable);
  });
  return load_promise_;
}

void collection_writer::post_load() {
  auto me = caf::actor_cast<collection_internal>(self_);
  const auto taken = needs_->builders->post_io([me, progress = loaded_, needs = needs_,
                                                store = store_] {
    auto outcome = guarded([&]() -> result<std::unique_ptr<collection_state>> {
      THESPIS_TRY(auto folder, needs->engine->derived_folder(store->meta().id));
      return collection_state::load(store, *needs->plugins, needs->engine->journal(),
                                    std::move(folder), needs->bounds(), progress.get());
    });
    caf::anon_send(me, loaded_atom::value,
                   std::make_shared<result<std::unique_ptr<collection_state>>>(std::move(outcome)));
  });
  if (!taken) fail(taken.error());
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
  if (altered_) {
    if (auto adopted = state_->adopt(*altered_, *needs_->plugins); !adopted) {
      fail(adopted.error());
      return;
    }
    altered_.reset();
  }
  publish(state_->make_view());
  // Without all of its rows, what is saved is not whole, and is soon saved again.
  based_lsn_ = state_->lost_rows() ? 0 : state_->loaded_lsn();
  if (based_lsn_ != 0 && based_lsn_ < published_->lsn) hold_journal();
  load_promise_.deliver(true);
  end_pause();
  build_more();
  after_building();
}

const char* collection_writer::absence() const {
  if (stopping_) return "it is being stopped";
  return state_ ? nullptr : "it is being loaded";
}

error collection_writer::unavailable(const char* why) const {
  return {errc::unavailable, "collection '" + collection_ + "': " + why};
}

caf::error collection_writer::refusal() const {
  if (const char* why = absence(); why != nullptr) return to_caf(unavailable(why));
  if (pending_.size() >= limits::writes_pending_max)
    return to_caf(unavailable("too many writes are waiting for the disk"));
  return {};
}

void collection_writer::on_durable(lsn_t durable) {
  if (loading_) {
    // News of writes before a reload may still come.
    if (std::exchange(awaits_durable_, false)) post_load();
    return;
  }
  std::shared_ptr<view> latest;
  auto first_waiting = pending_.begin();
  for (; first_waiting != pending_.end() && first_waiting->lsn <= durable; ++first_waiting)
    if (first_waiting->seen_after) latest = first_waiting->seen_after;
  if (latest) publish(latest);
  THESPIS_FAIL_POINT("collection.published");
  std::for_each(pending_.begin(), first_waiting, [](pending_write& done) {
    done.once = nullptr;  // before its sender can repeat it
    if (done.promise.pending()) done.promise.deliver(done.reply);
  });
  THESPIS_FAIL_POINT("collection.answered");
  pending_.erase(pending_.begin(), first_waiting);
  build_more();
  if (state_) after_building();
  stop_if_drained();
}

void collection_writer::publish(const std::shared_ptr<view>& latest) {
  published_ = latest;
  state_->refresh(*published_);
  self_->send(reader_, view_atom::value, view_ptr(published_));
}

void collection_writer::republish() { publish(std::make_shared<view>(*published_)); }

void collection_writer::build_more() {
  if (save_due_ || ordering_ > 0 || stopping_ || pausing_ || !state_) return;
  auto me = caf::actor_cast<collection_internal>(self_);
  // A check waits for what was there when it was asked for, not for what comes after that.
  const auto end = checks_.waiting() ? checks_.end() : published_->end_slot;
  // One slice runs and one waits per thread, so that none idles while a message travels.
  const std::size_t in_flight_max = std::size_t{2} * needs_->builder_threads;
  for (const auto build : state_->builds()) {
    while (state_->slices_in_flight() < in_flight_max) {
      const auto slice = state_->take_slice(build, end);
      if (!slice) break;
      auto work = state_->work_of(build, *slice, *published_);
      const auto taken =
          needs_->builders->post_build([me, build, slice = *slice, work = std::move(work)] {
            const std::uint64_t count = work.slots.size();
            caf::anon_send(me, sliced_atom::value, build, slice, count,
                           failure_of(guarded([&] { return work.index->insert(work.slots); })));
          });
      if (!taken) {
        fail(taken.error());
        return;
      }
    }
  }
}

void collection_writer::on_sliced(std::uint32_t build, slot_range slice, std::uint64_t inserted,
                                  const job_failure& failure) {
  if (failure) {
    fail(*failure);
    return;
  }
  state_->finish_slice(build, slice, inserted);
  republish();
  build_more();
  after_building();
  stop_if_drained();
}

bool collection_writer::idle_builders() const {
  return state_ && saves_running_ == 0 && ordering_ == 0 && state_->slices_in_flight() == 0;
}

// What is built is first put in order and then saved.
void collection_writer::after_building() {
  if (!idle_builders() || pausing_) return;
  if (!save_due_ && order_if_due()) return;
  if (!stopping_ && state_->much_unsaved() && index_pace_.due(steady_time_ns(), ns_per_s))
    save_due_ = true;
  save_if_due();
}

bool collection_writer::order_if_due() {
  if (stopping_) return false;
  const bool asked = checks_.waiting() && state_->covers(checks_.end());
  if (asked) checks_.begin(state_->blank_checks());
  for (const auto& work :
       asked ? state_->all_orders(*published_) : state_->out_of_order(*published_))
    if (!put_in_order(work)) return true;
  if (ordering_ > 0) return true;
  if (asked) {  // and all of them scan
    checks_.finish();
    build_more();
  }
  return false;
}

bool collection_writer::put_in_order(const order_work& work) {
  auto me = caf::actor_cast<collection_internal>(self_);
  const auto taken = needs_->builders->post_build([me, work, collection = collection_] {
    auto outcome = guarded([&] { return work.run(); });
    if (outcome && outcome->nodes > 0)
      log::info("collection", "index put in order",
                {{"collection", collection},
                 {"nodes", outcome->nodes},
                 {"dropped", outcome->dropped},
                 {"unreachable", outcome->unreachable},
                 {"mended", outcome->mended}});
    caf::anon_send(me, ordered_atom::value, work.vector, work.dead_slots(),
                   order_outcome(std::make_shared<const result<plugins::index_maintenance>>(
                       std::move(outcome))));
  });
  if (taken) {
    ++ordering_;
    return true;
  }
  fail(taken.error());
  return false;
}

void collection_writer::on_ordered(std::uint32_t vector, std::uint64_t dead,
                                   const order_outcome& outcome) {
  --ordering_;
  if (!*outcome && outcome->error().code != errc::resource_exhausted) {
    fail(outcome->error());
    return;
  }
  if (*outcome) {
    checks_.note(vector, **outcome);
  } else {
    const auto& why = outcome->error();
    log::warn("collection", "index could not be put in order",
              {{"collection", collection_}, {"why", why.message}});
    checks_.note_failure({why.code, "collection '" + collection_ + "': " + why.message});
    state_->note_put_off(vector, why.message);
  }
  if (ordering_ == 0) checks_.finish();
  state_->note_ordered(vector, dead, outcome->has_value());
  build_more();
  after_building();
  stop_if_drained();
}

void collection_writer::on_tick() {
  if (!busy_since_tick_) store_->idle();
  busy_since_tick_ = false;
  if (state_ && !stopping_ && !pausing_) {
    state_->tidy();
    build_more();
    const auto now_ns = steady_time_ns();
    const auto interval_ns = needs_->settings.index_save_interval_s * ns_per_s;
    if (index_pace_.due(now_ns, interval_ns) && saves_running_ == 0 && ordering_ == 0)
      save_due_ = !state_->unsaved(*published_).empty();
    if (base_pace_.due(now_ns, interval_ns / ticks_per_interval)) save_base();
    if (based_lsn_ == published_->lsn && pending_.empty()) release_journal();
    after_building();
  }
  self_->delayed_send(self_, tick_interval(needs_->settings), tick_atom::value);
}

caf::result<collection_info> collection_writer::info() const {
  if (state_) {
    auto now = state_->info();
    if (ordering_ > 0 && now.status == collection_status::green) {
      now.status = collection_status::yellow;
      now.status_detail = "an index is put in order";
    }
    if (!damage_.empty()) {
      now.status = collection_status::red;
      now.status_detail = damage_;
    }
    return now;
  }
  collection_info loading;
  loading.meta = store_->meta();
  loading.status = collection_status::yellow;
  loading.status_detail = "it is being loaded";
  return loading;
}

caf::result<bool> collection_writer::alter(const collection_spec& spec) {
  if (!state_) {
    altered_ = spec;
    return true;
  }
  if (state_->meta().spec == spec) return true;
  const bool reshaped = state_->reshapes(spec);
  if (reshaped && !paused_) {
    fail(error(errc::unavailable, "it has other vectors now"));  // it is loaded again, with them
    return true;
  }
  if (auto adopted = state_->adopt(spec, *needs_->plugins); !adopted) {
    const auto why = adopted.error();
    fail(why);  // it is loaded again, with what the catalog has
    return to_caf(why);
  }
  log::info("collection", "collection altered", {{"collection", collection_}});
  if (reshaped)
    publish(state_->make_view());
  else
    republish();
  build_more();
  after_building();
  return true;
}

caf::result<index_check_reply> collection_writer::check() {
  if (const char* why = absence(); why != nullptr) return to_caf(unavailable(why));
  if (checks_.full()) return to_caf(unavailable("too many checks of its indexes are waiting"));
  const auto promise = self_->make_response_promise<index_check_reply>();
  checks_.add(promise, published_->end_slot);
  build_more();
  after_building();
  return promise;
}

caf::result<bool> collection_writer::stop(bool save) {
  stopping_ = true;
  refuse_held(unavailable("it is being stopped"));
  if (!paused_ && pausing_) end_pause();
  checks_.refuse_waiting(unavailable("it is being stopped"));
  stop_promise_ = self_->make_response_promise<bool>();
  const auto promise = stop_promise_;
  if (!save) {
    pending_.clear();
    checks_.refuse(unavailable("it is being dropped"));
    quit_stopped();
    return promise;
  }
  stop_if_drained();
  return promise;
}

void collection_writer::stop_if_drained() {
  pause_if_idle();
  if (paused_) return;
  if (stopping_ && !loading_ && state_ && pending_.empty() && !stop_based_) {
    // Not after an index that is still put in order: patience may end before that.
    stop_based_ = true;
    save_base();
  }
  if (!stopping_ || loading_ || !pending_.empty() || saves_running_ > 0 || ordering_ > 0 || basing_)
    return;
  if (state_) {
    if (state_->slices_in_flight() > 0) return;
    if (!stop_saved_) {
      stop_saved_ = save_due_ = true;
      save_if_due();
      if (saves_running_ > 0 || basing_) return;
    }
  }
  if (stop_promise_.pending()) quit_stopped();
}

void collection_writer::quit_stopped() {
  release_journal();
  stop_promise_.deliver(true);
  // A link passes on failures only; the reader must go too, because its view holds the tables.
  self_->send_exit(reader_, caf::exit_reason::user_shutdown);
  self_->quit();
}

void collection_writer::fail(const error& reason) {
  release_journal();
  log::error(
      "collection", "collection failed",
      {{"collection", collection_}, {"kind", to_string(reason.code)}, {"why", reason.message}});
  const error outward(reason.code, "collection '" + collection_ + "': " + reason.message);
  if (load_promise_.pending()) load_promise_.deliver(to_caf(outward));
  if (stop_promise_.pending()) stop_promise_.deliver(true);
  for (auto& waiting : pending_) {
    waiting.once = nullptr;
    if (waiting.promise.pending()) waiting.promise.deliver(to_caf(outcome_unknown(reason)));
  }
  pending_.clear();
  refuse_held(unavailable("it is restarted after a failure"));
  if (pause_promise_.pending()) pause_promise_.deliver(to_caf(outward));
  checks_.refuse(outward);
  self_->quit(to_caf(outward));
}

// What committed before the failure will be there after the restart.
error collection_writer::outcome_unknown(const error& reason) const {
  return {errc::unavailable, "collection '" + collection_ +
                                 "': it failed during this write, which may or may not have taken "
                                 "effect: " +
                                 reason.message};
}

}  // namespace thespis::actors
