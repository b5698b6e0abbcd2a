// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of the catalog's actor that changes parameters of collections.

#include <algorithm>
#include <utility>

#include "actors/catalog/catalog.hpp"
#include "actors/catalog/refusals.hpp"
#include "actors/collection/index_options.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/fail_point.hpp"
#include "storage/catalog_store.hpp"

namespace thespis::actors {

namespace {

// What a collection becomes, judged against what it is when its turn has come.
result<storage::alteration> alter_now(const dependencies& needs, const uuid& id,
                                      const std::string& collection,
                                      const collection_change& change,
                                      const storage::idempotency_claim& once) {
  const auto named = [&](const error& why) {
    return error(why.code, "collection '" + collection + "': " + why.message);
  };
  THESPIS_TRY(const auto known, needs.engine->catalog().list());
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const collection_meta& one) { return one.id == id; });
  if (found == known.end())
    return error(errc::not_found, "collection '" + collection + "' doesn't exist");
  auto spec = altered(found->spec, change);
  if (!spec) return named(spec.error());
  if (*spec == found->spec) {
    if (once) THESPIS_CHECK(needs.engine->catalog().keep_unchanged(once));
    return storage::alteration{std::move(*spec), 0};
  }
  if (auto taken = try_indexes(*spec, *needs.plugins); !taken) return named(taken.error());
  auto done = needs.engine->catalog().alter(id, *spec, once);
  if (!done) return named(done.error());
  return done;
}

}  // namespace

// Changes of a collection's parameters wait for each other, those of another kind are refused.
caf::result<lsn_t> catalog_keeper::alter(const std::string& named,
                                         const shared<collection_change>& change,
                                         const write_context& context) {
  const auto collection = real_name(named);
  if (stopping_) return not_now(collection, "the server is stopping");
  auto turn = begin(context);
  if (!turn) return to_caf(turn.error());
  if (const auto& earlier = turn->earlier)
    return earlier->outcome == storage::write_outcome::changed ? earlier->lsn : lsn_t{0};
  const auto found = entries_.find(collection);
  if (found == entries_.end() || !is_there(found->second)) return absent(collection);
  auto& changed = found->second;
  const bool first = changed.alterations.empty();
  if (first && changed.change != nullptr) return not_now(collection, changed.change);
  if (changed.now != phase::serving) return not_now(collection, absence_of(changed));
  auto promise = self_->make_response_promise<lsn_t>();
  changed.alterations.push_back({change, promise, std::move(turn->claim)});
  if (first) begin_alteration(collection, changed);
  return promise;
}

// While vectors come and go nobody writes: a slot is of the time before or of that after.
void catalog_keeper::begin_alteration(const std::string& collection, entry& changed) {
  changed.change = "its parameters are being changed";
  if (!changed.alterations.front().change->reshapes()) return post_alteration(collection);
  self_->request(changed.writer, caf::infinite, pause_atom::value)
      .then([this, collection](bool) { post_alteration(collection); },
            [this, collection](const caf::error& failure) {
              const auto found = entries_.find(collection);
              if (found == entries_.end()) return;
              auto given_up = std::move(found->second.alterations.front());
              found->second.alterations.pop_front();
              given_up.once = nullptr;
              given_up.promise.deliver(failure);
              end_alteration(collection, found->second);
            });
}

void catalog_keeper::post_alteration(const std::string& collection) {
  const auto found = entries_.find(collection);
  if (found == entries_.end()) return;
  auto me = caf::actor_cast<catalog_internal>(self_);
  run_job([me, needs = needs_, id = found->second.meta.id, collection,
           change = found->second.alterations.front().change,
           once = found->second.alterations.front().once]() mutable {
    auto outcome = guarded([&] { return alter_now(*needs, id, collection, *change, once); });
    once = nullptr;  // the entry has it until the answer
    caf::anon_send(me, altered_atom::value, id,
                   std::make_shared<result<storage::alteration>>(std::move(outcome)));
  });
}

void catalog_keeper::on_altered(const uuid& id, const alter_outcome& outcome) {
  start_next_job();
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const auto& item) { return item.second.meta.id == id; });
  if (found == entries_.end()) return stop_if_empty();
  auto& [collection, changed] = *found;
  auto made = std::move(changed.alterations.front());
  changed.alterations.pop_front();
  made.once = nullptr;
  if (*outcome) {
    changed.meta.spec = (*outcome)->spec;
    THESPIS_FAIL_POINT("alter.done");
    tell_spec(changed, made.promise, (*outcome)->lsn);
  } else {
    made.promise.deliver(to_caf(outcome->error()));
  }
  if (made.change->reshapes()) resume(changed);
  end_alteration(collection, changed);
  stop_if_empty();
}

// The next change begins, or the collection is free for others.
void catalog_keeper::end_alteration(const std::string& collection, entry& changed) {
  changed.change = nullptr;
  if (stopping_ || changed.now != phase::serving) {
    const auto why = stopping_ ? std::string("the server is stopping") : absence_of(changed);
    for (auto& waiting : std::exchange(changed.alterations, {}))
      waiting.promise.deliver(not_now(collection, why));
    // It failed meanwhile.
    if (changed.now == phase::restarting && !stopping_) open(std::string(collection));
  } else if (!changed.alterations.empty()) {
    begin_alteration(collection, changed);
  }
}

// After what it was told meanwhile.
void catalog_keeper::resume(const entry& paused) {
  if (paused.writer)
    self_->request(paused.writer, caf::infinite, resume_atom::value, std::make_shared<new_tables>())
        .then([](bool) {}, [](const caf::error&) {});
}

// Answers when the collection goes by it. One that fails meanwhile does when it serves again.
void catalog_keeper::tell_spec(entry& altered, caf::typed_response_promise<lsn_t> promise,
                               lsn_t lsn) {
  const auto done = [promise, lsn] {
    auto waiting = promise;
    if (waiting.pending()) waiting.deliver(lsn);
  };
  if (altered.handles) {
    auto handles = std::make_shared<collection_handles>(*altered.handles);
    handles->meta.spec = altered.meta.spec;
    altered.handles = std::move(handles);
  }
  if (!altered.writer) {
    done();
    return;
  }
  self_->request(altered.writer, caf::infinite, alter_atom::value, altered.meta.spec)
      .then([done](bool) { done(); }, [done](const caf::error&) { done(); });
}

}  // namespace thespis::actors
