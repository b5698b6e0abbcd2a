// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of the catalog that changes collections as a whole: aliases, names, and new tables.

#include <array>
#include <utility>

#include "core/fail_point.hpp"
#include "core/limits.hpp"
#include "core/phase.hpp"
#include "storage/catalog_tables.hpp"
#include "storage/codec.hpp"
#include "storage/generations.hpp"

namespace thespis::storage {

namespace {

constexpr std::size_t new_tables_bytes = 64u << 10;

result<void> check_alias(const std::string& alias) {
  auto valid = validate_collection_name(alias);
  if (valid) return ok();
  return error(valid.error().code, "alias: " + valid.error().message);
}

error no_alias(const std::string& alias) {
  return {errc::not_found, "alias '" + alias + "' doesn't exist"};
}

error no_collection(const std::string& name) {
  return {errc::not_found, "collection '" + name + "' doesn't exist"};
}

}  // namespace

result<std::vector<collection_alias>> catalog_tables::aliases() {
  const std::lock_guard lock(mutex_);
  std::map<uuid, std::string> names;
  for (const auto& [name, meta] : by_name_) names.emplace(meta.id, name);
  std::vector<collection_alias> all;
  all.reserve(aliases_.size());
  for (const auto& [alias, target] : aliases_) all.push_back({alias, names.at(target)});
  return all;
}

result<void> catalog_tables::change_aliases(std::span<const alias_action> actions,
                                            const idempotency_claim& once) {
  const std::lock_guard lock(mutex_);
  THESPIS_TRY(auto after, decide(actions));
  std::vector<effect> effects;
  for (const auto& [alias, target] : aliases_)
    if (!after.contains(alias)) effects.emplace_back(alias_effect{alias, std::nullopt});
  for (const auto& [alias, target] : after) {
    const auto before = aliases_.find(alias);
    if (before == aliases_.end() || before->second != target)
      effects.emplace_back(alias_effect{alias, target});
  }
  if (effects.empty()) {
    if (once) return keep_note({once, 0, write_outcome::unchanged});
    return ok();
  }
  THESPIS_PHASE("aliases.change");
  const auto rows = [&](const journal_log::ticket&) { return put_aliases(aliases_, after); };
  THESPIS_TRY(const lsn_t lsn, commit(uuid(), effects, rows, {once, effects.size()}));
  THESPIS_FAIL_POINT("alias.committed");
  aliases_ = std::move(after);
  shared_.flusher->wait_durable(lsn);
  THESPIS_FAIL_POINT("alias.durable");
  return ok();
}

// What all aliases mean after the steps.
result<catalog_tables::alias_map> catalog_tables::decide(
    std::span<const alias_action> actions) const {
  auto after = aliases_;
  const auto check_free_of_collections = [&](const std::string& alias) -> result<void> {
    THESPIS_CHECK(check_alias(alias));
    if (!by_name_.contains(alias)) return ok();
    return error(errc::already_exists, "alias '" + alias + "': there is a collection of that name");
  };
  for (const auto& action : actions) {
    switch (action.what) {
      case alias_action::kind::create: {
        THESPIS_CHECK(check_free_of_collections(action.alias));
        const auto target = by_name_.find(action.to);
        if (target == by_name_.end()) return no_collection(action.to);
        after[action.alias] = target->second.id;
        break;
      }
      case alias_action::kind::remove: after.erase(action.alias); break;
      case alias_action::kind::rename: {
        THESPIS_CHECK(check_free_of_collections(action.to));
        const auto old = after.find(action.alias);
        if (old == after.end()) return no_alias(action.alias);
        const auto target = old->second;
        after.erase(old);
        after[action.to] = target;
        break;
      }
    }
  }
  if (after.size() > limits::aliases_max && after.size() > aliases_.size())
    return error(errc::resource_exhausted, "aliases: there would be " +
                                               std::to_string(after.size()) + ", at most " +
                                               std::to_string(limits::aliases_max));
  return after;
}

// Only rows that differ are written.
result<void> catalog_tables::put_aliases(const alias_map& before, const alias_map& after) {
  std::string row;
  for (const auto& [alias, target] : before) {
    if (after.contains(alias)) continue;
    THESPIS_TRY([[maybe_unused]] const bool known, handles_->aliases.remove(alias));
  }
  for (const auto& [alias, target] : after) {
    if (const auto old = before.find(alias); old != before.end() && old->second == target) continue;
    THESPIS_CHECK(codec::encode_alias({alias, target}, row));
    THESPIS_CHECK(handles_->aliases.put(alias, row));
  }
  return ok();
}

result<void> catalog_tables::rename(const std::string& name, const std::string& new_name,
                                    const idempotency_claim& once) {
  THESPIS_CHECK(validate_collection_name(new_name));
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return no_collection(name);
  if (name == new_name) {
    if (once) return keep_note({once, 0, write_outcome::unchanged});
    return ok();
  }
  THESPIS_CHECK(check_free(new_name));
  THESPIS_PHASE("collection.rename");
  auto meta = found->second;
  meta.name = new_name;
  THESPIS_TRY(const lsn_t lsn, commit_name(meta, {once, 1}));
  THESPIS_FAIL_POINT("rename.committed");
  by_name_.erase(found);
  by_name_.emplace(new_name, std::move(meta));
  shared_.flusher->wait_durable(lsn);
  THESPIS_FAIL_POINT("rename.durable");
  return ok();
}

result<lsn_t> catalog_tables::commit_name(const collection_meta& named, const write_note& note) {
  const std::array<effect, 1> effects{rename_collection_effect{named.name}};
  const auto rows = [&](const journal_log::ticket&) -> result<void> {
    std::string row;
    THESPIS_CHECK(codec::encode_collection(named, row));
    THESPIS_TRY(const bool listed, handles_->catalog.update(tables::key(named.id), row));
    if (listed) return ok();
    return error(errc::corruption, "collection '" + named.name + "': its row is missing");
  };
  return commit(named.id, effects, rows, note);
}

result<void> catalog_tables::truncate(const std::string& name, const idempotency_claim& once) {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return no_collection(name);
  const auto& meta = found->second;
  // Like a drop, it is how a full disk is emptied.
  THESPIS_CHECK(shared_.disk.check(new_tables_bytes, false));
  THESPIS_PHASE("collection.truncate");
  THESPIS_TRY(const auto old, generation_of(handles_->writer.session(), meta.id));
  auto made = make_tables({meta.id, old + 1});
  THESPIS_FAIL_POINT("truncate.tables_made");
  auto lsn = made ? commit_truncation(meta, old + 1, once) : result<lsn_t>(std::move(made).error());
  if (!lsn) {
    shared_.dropped.add_unused(meta.id, old + 1);
    return std::move(lsn).error();
  }
  THESPIS_FAIL_POINT("truncate.committed");
  damaged_.erase(meta.id);
  // The old tables go only when no crash can make them the collection's again.
  shared_.flusher->wait_durable(*lsn);
  THESPIS_FAIL_POINT("truncate.durable");
  dropped_tables::readers reading;
  const auto [first, last] = stores_.equal_range(meta.id);
  for (auto store = first; store != last; ++store) reading.push_back(store->second);
  shared_.dropped.add_emptied(meta.id, old, std::move(reading));
  return ok();
}

result<lsn_t> catalog_tables::commit_truncation(const collection_meta& meta,
                                                std::uint32_t generation,
                                                const idempotency_claim& once) {
  const std::array<effect, 1> effects{truncate_collection_effect{}};
  const auto rows = [&](const journal_log::ticket& spent) -> result<void> {
    collection_counters counters;
    counters.generation = generation;
    counters.updated_us = spent.time_us;
    counters.lsn = spent.lsn;
    std::string row;
    THESPIS_CHECK(codec::encode_counters(counters, row));
    THESPIS_TRY(const bool any, handles_->counters.update(tables::key(meta.id), row));
    if (any) return ok();
    return error(errc::corruption, "collection '" + meta.name + "': its counters are missing");
  };
  return commit(meta.id, effects, rows, {once, 1});
}

result<collection_meta> catalog_tables::create_nameless(const collection_spec& spec) {
  THESPIS_CHECK(validate(spec));
  const std::lock_guard lock(mutex_);
  THESPIS_TRY(auto meta, create_tables({}, spec, nullptr));
  nameless_.emplace(meta.id, meta);
  return meta;
}

result<collection_meta> catalog_tables::give_name(const uuid& id, const std::string& name,
                                                  const write_note& note) {
  THESPIS_CHECK(validate_collection_name(name));
  const std::lock_guard lock(mutex_);
  const auto found = nameless_.find(id);
  if (found == nameless_.end())
    return error(errc::not_found, "collection '" + name + "': its copy is gone");
  THESPIS_CHECK(check_free(name));
  auto meta = found->second;
  meta.name = name;
  THESPIS_TRY(const lsn_t lsn, commit_name(meta, note));
  THESPIS_FAIL_POINT("copy.named");
  nameless_.erase(found);
  by_name_.emplace(name, meta);
  shared_.flusher->wait_durable(lsn);
  THESPIS_FAIL_POINT("copy.durable");
  return meta;
}

result<void> catalog_tables::drop_nameless(const uuid& id) {
  const std::lock_guard lock(mutex_);
  const auto found = nameless_.find(id);
  if (found == nameless_.end())
    return error(errc::not_found, "collection " + id.text() + ": its copy is gone");
  const auto meta = found->second;
  THESPIS_CHECK(drop_tables(meta, nullptr));
  nameless_.erase(id);
  return ok();
}

}  // namespace thespis::storage
