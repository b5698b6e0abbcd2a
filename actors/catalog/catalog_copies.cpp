// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of the catalog that makes copies of collections. A copy is an entry that is not there
// for anybody until it serves; its steps run beside the jobs of the catalog's table.

#include <algorithm>
#include <chrono>
#include <utility>

#include "actors/catalog/catalog.hpp"
#include "actors/catalog/refusals.hpp"
#include "actors/runtime/builder_pool.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/fail_point.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "storage/catalog_store.hpp"

namespace thespis::actors {

namespace {

/// Bytes of a step: short enough for a snapshot and for whoever waits for the thread.
constexpr std::size_t step_bytes = 1u << 20;
constexpr std::chrono::milliseconds disk_patience(2);
constexpr std::chrono::seconds queue_patience(1);

}  // namespace

caf::result<collection_copy_status> catalog_keeper::copy(const std::string& named,
                                                         const std::string& to,
                                                         const write_context& context) {
  const auto from = real_name(named);
  if (stopping_) return not_now(from, "the server is stopping");
  if (auto valid = validate_collection_name(to); !valid) return to_caf(valid.error());
  if (auto* running = answered_copy(to, context)) return answer_copy(*running, context.wait);
  auto turn = begin(context);
  if (!turn) return to_caf(turn.error());
  if (turn->earlier) return copy_of_record(to, *turn->earlier);
  const auto found = entries_.find(from);
  if (found == entries_.end()) return absent(from);
  const auto& source = found->second;
  if (auto refused = refuse_change(from, source)) return refused;
  if (source.now != phase::serving) return not_now(from, absence_of(source));
  if (entries_.contains(to))
    return to_caf(error(errc::already_exists, "collection '" + to + "' already exists!"));
  if (aliases_.contains(to))
    return to_caf(
        error(errc::already_exists, "collection '" + to + "': there is an alias of that name"));
  const auto running = std::count_if(entries_.begin(), entries_.end(),
                                     [](const auto& item) { return item.second.copy != nullptr; });
  if (static_cast<std::size_t>(running) >= limits::copies_running_max)
    return not_now(from, std::to_string(running) + " copies are being made, the limit");
  auto making = std::make_shared<copy_in_making>();
  making->source = source.meta.id;
  making->status.name = to;
  making->once = std::move(turn->claim);
  auto& reserved = entries_[to];
  reserved.now = phase::creating;
  reserved.copy = making;
  post_copy_begin(source.meta, to);
  return answer_copy(*making, context.wait);
}

// At the beginning, or when it is whole.
caf::result<collection_copy_status> catalog_keeper::answer_copy(copy_in_making& making, bool wait) {
  making.answered = !wait;
  if (!wait) return status_of(making);
  return making.promise = self_->make_response_promise<collection_copy_status>();
}

void catalog_keeper::post_copy_begin(const collection_meta& source, const std::string& to) {
  auto me = caf::actor_cast<catalog_internal>(self_);
  run_job([me, needs = needs_, source, to] {
    auto begun = guarded([&] { return storage::collection_copy::begin(*needs->engine, source); });
    caf::anon_send(
        me, begun_atom::value, to,
        std::make_shared<result<std::unique_ptr<storage::collection_copy>>>(std::move(begun)));
  });
}

void catalog_keeper::on_begun(const std::string& to, const begin_outcome& outcome) {
  start_next_job();
  if (!*outcome) return give_up_copy(to, outcome->error());
  auto& copied = *entries_[to].copy;
  copied.work = std::move(**outcome);
  copied.status.points_expected = copied.work->points_expected();
  if (stopping_) return give_up_copy(to, {errc::unavailable, "the server is stopping"});
  post_copy_step(to);
}

void catalog_keeper::post_copy_step(const std::string& to) {
  auto me = caf::actor_cast<catalog_internal>(self_);
  const auto taken = needs_->builders->post_io([me, to, work = entries_[to].copy->work]() mutable {
    auto outcome = guarded([&] { return work->step(step_bytes); });
    work = nullptr;  // the catalog may give it up as soon as it knows
    caf::anon_send(
        me, copied_atom::value, to,
        std::make_shared<result<storage::collection_copy::progress>>(std::move(outcome)));
  });
  if (!taken) self_->delayed_send(self_, queue_patience, waited_atom::value, to);
}

void catalog_keeper::on_waited(const std::string& to) {
  if (stopping_) return give_up_copy(to, {errc::unavailable, "the server is stopping"});
  post_copy_step(to);
}

void catalog_keeper::on_copied(const std::string& to, const copy_outcome& outcome) {
  using progress = storage::collection_copy::progress;
  auto& copied = *entries_[to].copy;
  if (!*outcome) return give_up_copy(to, outcome->error());
  if (stopping_) return give_up_copy(to, {errc::unavailable, "the server is stopping"});
  if (**outcome == progress::more) return post_copy_step(to);
  if (**outcome == progress::waiting) {
    self_->delayed_send(self_, disk_patience, waited_atom::value, to);
    return;
  }
  copied.status.points = copied.work->points();
  const auto id = copied.work->id();
  copied.work = nullptr;
  storage::write_note note{copied.once, copied.status.points};
  note.each = {copied.status.points_expected};
  auto me = caf::actor_cast<catalog_internal>(self_);
  run_job([me, engine = needs_->engine, id, to, note = std::move(note)]() mutable {
    auto named = guarded([&]() -> result<collection_meta> {
      auto done = engine->catalog().give_name(id, to, note);
      if (!done) {
        // The start drops what cannot be dropped now.
        if (auto dropped = engine->catalog().drop_nameless(id); !dropped)
          log::warn("catalog", "an unfinished copy stays until the next start",
                    {{"collection", to}, {"why", dropped.error().message}});
      }
      return done;
    });
    note.once = nullptr;  // the copy has it until it serves
    caf::anon_send(me, created_atom::value, to,
                   std::make_shared<result<collection_meta>>(std::move(named)));
  });
}

// The copy serves, or is there and will be opened again.
void catalog_keeper::finish_copy(entry& copied) {
  auto making = std::exchange(copied.copy, nullptr);
  making->status.state = copy_state::completed;
  THESPIS_FAIL_POINT("copy.done");
  remember_copy(*making);
  making->once = nullptr;
  if (!making->answered) making->promise.deliver(making->status);
}

// What there is of it is removed, if not now then at the next start.
void catalog_keeper::give_up_copy(const std::string& to, const error& why) {
  auto& copied = *entries_[to].copy;
  copied.failure = copied.source_changed
                       ? error(errc::conflict, "collection '" + to +
                                                   "': what it was to be a copy of was emptied or "
                                                   "dropped meanwhile")
                       : why;
  if (!copied.work) return end_copy(to);
  copied.status.points = copied.work->points();
  const auto id = copied.work->id();
  copied.work = nullptr;
  if (stopping_) return end_copy(to);
  auto me = caf::actor_cast<catalog_internal>(self_);
  run_job([me, engine = needs_->engine, id, to] {
    if (auto dropped = guarded([&] { return engine->catalog().drop_nameless(id); }); !dropped)
      log::warn("catalog", "an unfinished copy stays until the next start",
                {{"collection", to}, {"why", dropped.error().message}});
    caf::anon_send(me, undone_atom::value, to);
  });
}

void catalog_keeper::on_undone(const std::string& to) {
  start_next_job();
  end_copy(to);
}

void catalog_keeper::end_copy(const std::string& to) {
  auto making = entries_[to].copy;
  making->status.state = copy_state::failed;
  making->status.why = making->failure.message;
  log::warn("catalog", "collection could not be copied",
            {{"to", to}, {"why", making->failure.message}});
  entries_.erase(to);
  remember_copy(*making);
  making->once = nullptr;
  if (!making->answered) making->promise.deliver(to_caf(making->failure));
  stop_if_empty();
}

void catalog_keeper::remember_copy(const copy_in_making& copy) {
  copies_made_.push_back({copy.source, copy.status});
  if (copies_made_.size() > limits::copies_remembered_max) copies_made_.pop_front();
}

void catalog_keeper::note_source_changed(const uuid& source) {
  for (auto& [collection, item] : entries_)
    if (item.copy && item.copy->source == source) item.copy->source_changed = true;
}

collection_copy_status catalog_keeper::status_of(const copy_in_making& copy) const {
  auto status = copy.status;
  if (copy.work) status.points = copy.work->points();
  return status;
}

caf::result<std::vector<collection_copy_status>> catalog_keeper::copies(
    const std::string& from) const {
  const auto found = entries_.find(real_name(from));
  if (found == entries_.end() || !is_there(found->second)) return absent(from);
  const auto& source = found->second.meta.id;
  std::vector<collection_copy_status> all;
  for (const auto& made : copies_made_)
    if (made.source == source) all.push_back(made.status);
  for (const auto& [collection, item] : entries_)
    if (item.copy && item.copy->source == source) all.push_back(status_of(*item.copy));
  return all;
}

}  // namespace thespis::actors
