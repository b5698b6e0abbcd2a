// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of the catalog that changes collections as a whole: aliases, names, and emptying.

#include <utility>

#include "actors/catalog/catalog.hpp"
#include "actors/catalog/refusals.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "storage/catalog_store.hpp"

namespace thespis::actors {

const std::string& catalog_keeper::real_name(const std::string& collection) const {
  const auto found = aliases_.find(collection);
  return found == aliases_.end() ? collection : found->second;
}

// Until its creation was answered, it is not there.
bool catalog_keeper::is_there(const entry& one) const {
  return one.now != phase::creating && one.now != phase::dropping &&
         !one.create_promise.pending() && !one.copy;
}

// Why a collection cannot be changed now; none if it can.
caf::error catalog_keeper::refuse_change(const std::string& collection, const entry& one) const {
  if (!is_there(one)) return absent(collection);
  if (one.change != nullptr) return not_now(collection, one.change);
  if (one.now == phase::serving || one.now == phase::quarantined) return {};
  return not_now(collection, absence_of(one));
}

caf::result<bool> catalog_keeper::change_aliases(const std::vector<alias_action>& actions,
                                                 const write_context& context) {
  if (stopping_) return to_caf(error(errc::unavailable, "aliases: the server is stopping"));
  auto turn = begin(context);
  if (!turn) return to_caf(turn.error());
  if (turn->earlier) return true;
  auto promise = self_->make_response_promise<bool>();
  alias_answers_.push_back({promise, turn->claim});
  auto me = caf::actor_cast<catalog_internal>(self_);
  run_job([me, engine = needs_->engine, actions, once = std::move(turn->claim)]() mutable {
    auto outcome = guarded([&]() -> result<std::vector<collection_alias>> {
      THESPIS_CHECK(engine->catalog().change_aliases(actions, once));
      return engine->catalog().aliases();
    });
    once = nullptr;  // what waits for the answer has it
    caf::anon_send(me, aliased_atom::value,
                   std::make_shared<result<std::vector<collection_alias>>>(std::move(outcome)));
  });
  return promise;
}

void catalog_keeper::on_aliased(const alias_outcome& outcome) {
  start_next_job();
  auto due = std::move(alias_answers_.front());
  alias_answers_.pop_front();
  due.once = nullptr;
  if (!*outcome) {
    due.promise.deliver(to_caf(outcome->error()));
  } else {
    aliases_.clear();
    for (auto& one : **outcome) aliases_.emplace(std::move(one.alias), std::move(one.collection));
    log::info("catalog", "aliases changed", {{"aliases", aliases_.size()}});
    THESPIS_FAIL_POINT("alias.seen");
    due.promise.deliver(true);
  }
  stop_if_empty();
}

caf::result<std::vector<collection_alias>> catalog_keeper::aliases(
    const std::string& collection) const {
  const auto& wanted = real_name(collection);
  if (!collection.empty()) {
    const auto found = entries_.find(wanted);
    if (found == entries_.end() || !is_there(found->second)) return absent(collection);
  }
  std::vector<collection_alias> found;
  for (const auto& [alias, target] : aliases_)
    if (collection.empty() || target == wanted) found.push_back({alias, target});
  return found;
}

caf::result<bool> catalog_keeper::rename(const std::string& collection, const std::string& new_name,
                                         const write_context& context) {
  if (stopping_) return not_now(collection, "the server is stopping");
  if (auto valid = validate_collection_name(new_name); !valid) return to_caf(valid.error());
  auto turn = begin(context);
  if (!turn) return to_caf(turn.error());
  if (turn->earlier) return true;
  if (aliases_.contains(collection))
    return to_caf(error(errc::invalid_argument,
                        "collection '" + collection +
                            "': it is an alias, which is renamed by POST /collections/aliases"));
  const auto found = entries_.find(collection);
  if (found == entries_.end()) return absent(collection);
  auto& renamed = found->second;
  if (auto refused = refuse_change(collection, renamed)) return refused;
  if (collection == new_name) {
    if (turn->claim) return keep_unchanged(std::move(turn->claim), true);
    return true;
  }
  if (entries_.contains(new_name))
    return to_caf(error(errc::already_exists, "collection '" + new_name + "' already exists!"));
  if (aliases_.contains(new_name))
    return to_caf(error(errc::already_exists,
                        "collection '" + new_name + "': there is an alias of that name"));
  renamed.change = "it is being renamed";
  renamed.change_promise = self_->make_response_promise<bool>();
  renamed.change_once = turn->claim;
  const auto promise = renamed.change_promise;
  entries_[new_name].now = phase::creating;  // keeps the name
  auto me = caf::actor_cast<catalog_internal>(self_);
  run_job([me, engine = needs_->engine, collection, new_name,
           once = std::move(turn->claim)]() mutable {
    auto outcome = guarded([&] { return engine->catalog().rename(collection, new_name, once); });
    once = nullptr;  // the entry has it until the answer
    caf::anon_send(me, renamed_atom::value, collection, new_name,
                   std::make_shared<result<void>>(std::move(outcome)));
  });
  return promise;
}

void catalog_keeper::on_renamed(const std::string& collection, const std::string& new_name,
                                const drop_outcome& outcome) {
  start_next_job();
  entries_.erase(new_name);  // which kept the name
  const auto found = entries_.find(collection);
  if (found == entries_.end()) return stop_if_empty();
  found->second.change = nullptr;
  found->second.change_once = nullptr;
  auto promise = std::move(found->second.change_promise);
  auto name_now = collection;
  if (*outcome) {
    name_now = new_name;
    auto node = entries_.extract(found);
    node.key() = new_name;
    auto& renamed = node.mapped();
    renamed.meta.name = new_name;
    if (renamed.handles) {
      auto handles = std::make_shared<collection_handles>(*renamed.handles);
      handles->meta.name = new_name;
      renamed.handles = std::move(handles);
    }
    if (renamed.writer) self_->send(renamed.writer, rename_atom::value, new_name);
    entries_.insert(std::move(node));
    for (auto& [alias, target] : aliases_)
      if (target == collection) target = new_name;
    log::info("catalog", "collection renamed", {{"collection", collection}, {"to", new_name}});
    THESPIS_FAIL_POINT("rename.seen");
    promise.deliver(true);
  } else {
    promise.deliver(to_caf(outcome->error()));
  }
  // It failed meanwhile.
  if (entries_[name_now].now == phase::restarting && !stopping_) open(name_now);
  stop_if_empty();
}

caf::result<bool> catalog_keeper::truncate(const std::string& named, const write_context& context) {
  const auto collection = real_name(named);
  if (stopping_) return not_now(collection, "the server is stopping");
  auto turn = begin(context);
  if (!turn) return to_caf(turn.error());
  if (turn->earlier) return true;
  const auto found = entries_.find(collection);
  if (found == entries_.end()) return absent(collection);
  auto& emptied = found->second;
  if (auto refused = refuse_change(collection, emptied)) return refused;
  emptied.change = "it is being emptied";
  emptied.change_promise = self_->make_response_promise<bool>();
  emptied.change_once = std::move(turn->claim);
  const auto promise = emptied.change_promise;
  if (!emptied.writer) {
    post_truncation(collection);
    return promise;
  }
  // Once the writer has paused, nobody writes. One that ends instead leaves nobody either.
  self_->request(emptied.writer, caf::infinite, pause_atom::value)
      .then([this, collection](bool) { post_truncation(collection); },
            [this, collection](const caf::error&) { post_truncation(collection); });
  return promise;
}

void catalog_keeper::post_truncation(const std::string& collection) {
  auto me = caf::actor_cast<catalog_internal>(self_);
  const auto found = entries_.find(collection);
  if (found == entries_.end()) return;
  if (stopping_) {
    found->second.change = nullptr;
    found->second.change_once = nullptr;
    found->second.change_promise.deliver(not_now(collection, "the server is stopping"));
    resume(found->second);
    return;
  }
  run_job([me, engine = needs_->engine, meta = found->second.meta,
           once = found->second.change_once]() mutable {
    auto outcome = std::make_shared<truncation>(
        truncation{guarded([&] { return engine->catalog().truncate(meta.name, once); }),
                   error(errc::unavailable, "its tables were not replaced")});
    once = nullptr;  // the entry has it until the answer
    if (outcome->emptied) outcome->reopened = guarded([&] { return engine->catalog().open(meta); });
    caf::anon_send(me, emptied_atom::value, meta.name, std::move(outcome));
  });
}

void catalog_keeper::on_emptied(const std::string& collection, const truncate_outcome& outcome) {
  start_next_job();
  const auto found = entries_.find(collection);
  if (found == entries_.end()) return stop_if_empty();
  auto& emptied = found->second;
  emptied.change = nullptr;
  auto promise = std::move(emptied.change_promise);
  auto once = std::exchange(emptied.change_once, nullptr);
  if (outcome->emptied) {
    note_source_changed(emptied.meta.id);
    log::info("catalog", "collection emptied", {{"collection", collection}});
  }
  THESPIS_FAIL_POINT("truncate.reopened");
  if (emptied.writer && emptied.now == phase::serving) {
    auto tables = std::make_shared<new_tables>();
    tables->emptied = outcome->emptied.has_value();
    if (outcome->reopened) tables->store = *outcome->reopened;
    self_->request(emptied.writer, caf::infinite, resume_atom::value, std::move(tables))
        .then(
            [promise, done = outcome->emptied, once](bool) mutable {
              once = nullptr;
              if (done)
                promise.deliver(true);
              else
                promise.deliver(to_caf(done.error()));
            },
            [promise](const caf::error& failure) mutable { promise.deliver(failure); });
    return;
  }
  if (outcome->emptied)
    promise.deliver(true);
  else
    promise.deliver(to_caf(outcome->emptied.error()));
  const bool wanted =
      emptied.now == phase::restarting || (emptied.now == phase::quarantined && outcome->emptied);
  if (wanted && !stopping_) {
    emptied.failures = 0;
    open(collection);
  }
  stop_if_empty();
}

}  // namespace thespis::actors
