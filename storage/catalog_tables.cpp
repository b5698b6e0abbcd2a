// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/catalog_tables.hpp"

#include <array>
#include <set>
#include <utility>

#include "core/clock.hpp"
#include "core/collection_change.hpp"
#include "core/fail_point.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "core/phase.hpp"
#include "storage/codec.hpp"
#include "storage/collection_tables.hpp"
#include "storage/damaged_tables.hpp"
#include "storage/generations.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

/// What the tables of a collection take before they hold anything.
constexpr std::size_t new_tables_bytes = 64u << 10;
/// Memory of a collection that holds nothing.
constexpr std::size_t new_memory_bytes = 1u << 20;

}  // namespace

result<std::unique_ptr<catalog_tables>> catalog_tables::open(parts& shared) {
  auto store = std::unique_ptr<catalog_tables>(new catalog_tables(shared));
  THESPIS_CHECK(store->load());
  std::vector<uuid> live;
  for (const auto& [name, meta] : store->by_name_) live.push_back(meta.id);
  for (const auto& [id, meta] : store->nameless_) live.push_back(id);
  // Before tables without a collection are removed, what names the collections has to be whole.
  THESPIS_CHECK(store->check_against_counters());
  THESPIS_CHECK(shared.dropped.sweep(live));
  THESPIS_TRY(store->damaged_,
              verify_noted(shared.sessions, shared.settings.data_dir, {live.begin(), live.end()}));
  THESPIS_CHECK(store->drop_unfinished());
  return store;
}

result<void> catalog_tables::load() {
  THESPIS_TRY(auto session, shared_.sessions.borrow());
  THESPIS_CHECK(session->create(tables::catalog));
  THESPIS_CHECK(session->create(tables::counters));
  THESPIS_CHECK(session->create(tables::aliases));
  THESPIS_TRY(auto writer, writer::open(shared_));
  THESPIS_TRY(auto catalog, writer.session().open(tables::catalog, wt::writes::strict));
  THESPIS_TRY(auto counters, writer.session().open(tables::counters, wt::writes::strict));
  THESPIS_TRY(auto aliases, writer.session().open(tables::aliases));
  while (true) {
    THESPIS_TRY(const bool more, catalog.next());
    if (!more) break;
    THESPIS_TRY(const auto bytes, catalog.value());
    THESPIS_TRY(auto meta, codec::decode_collection(bytes, "catalog: a collection's row"));
    if (meta.name.empty()) {
      nameless_.emplace(meta.id, std::move(meta));
      continue;
    }
    auto name = meta.name;
    by_name_.emplace(std::move(name), std::move(meta));
  }
  catalog.reset();
  handles_.emplace(
      handles{std::move(writer), std::move(catalog), std::move(counters), std::move(aliases)});
  return load_aliases();
}

// An alias that is damaged or means nothing is left out: it must not keep collections from serving.
result<void> catalog_tables::load_aliases() {
  std::set<uuid> known;
  for (const auto& [name, meta] : by_name_) known.insert(meta.id);
  auto& rows = handles_->aliases;
  while (true) {
    THESPIS_TRY(const bool more, rows.next());
    if (!more) break;
    THESPIS_TRY(const auto key, rows.key());
    const std::string alias(key);
    THESPIS_TRY(const auto bytes, rows.value());
    const auto row = codec::decode_alias(bytes, "a row of the table of aliases");
    if (row && row->alias == alias && known.contains(row->collection) && !by_name_.contains(alias))
      aliases_.emplace(alias, row->collection);
    else
      log::error("storage", "an alias is damaged and left out; run 'thespis check'",
                 {{"alias", alias}, {"why", row ? "it means no collection" : row.error().message}});
  }
  rows.reset();
  return ok();
}

// What a crash has left of copies.
result<void> catalog_tables::drop_unfinished() {
  const std::lock_guard lock(mutex_);
  while (!nameless_.empty()) {
    const auto meta = nameless_.begin()->second;
    THESPIS_FAIL_POINT("recovery.copy_found");
    log::info("storage", "removed an unfinished copy of a collection", {{"id", meta.id.text()}});
    THESPIS_CHECK(drop_tables(meta, nullptr));
    nameless_.erase(meta.id);
  }
  return ok();
}

result<void> catalog_tables::check_against_counters() {
  auto& counters = handles_->counters;
  std::size_t counted = 0;
  while (true) {
    THESPIS_TRY(const bool more, counters.next());
    if (!more) break;
    ++counted;
  }
  counters.reset();
  const auto listed = by_name_.size() + nameless_.size();
  if (counted == listed) return ok();
  return error(errc::corruption,
               "catalog: it has " + std::to_string(listed) + " collections, but " +
                   std::to_string(counted) +
                   " have counters, so rows of it are lost; nothing was removed: restore the data "
                   "folder from a backup, or run `thespis check`");
}

result<std::vector<collection_meta>> catalog_tables::list() {
  const std::lock_guard lock(mutex_);
  std::vector<collection_meta> all;
  all.reserve(by_name_.size());
  for (const auto& [name, meta] : by_name_) all.push_back(meta);
  return all;
}

result<collection_meta> catalog_tables::create(const std::string& name, const collection_spec& spec,
                                               const idempotency_claim& once) {
  THESPIS_CHECK(validate_collection_name(name));
  THESPIS_CHECK(validate(spec));
  const std::lock_guard lock(mutex_);
  THESPIS_CHECK(check_free(name));
  THESPIS_TRY(auto meta, create_tables(name, spec, once));
  by_name_.emplace(name, meta);
  return meta;
}

// Neither a collection nor an alias has the name.
result<void> catalog_tables::check_free(const std::string& name) const {
  if (by_name_.contains(name))
    return error(errc::already_exists, "collection '" + name + "': exists already");
  if (aliases_.contains(name))
    return error(errc::already_exists, "collection '" + name + "': there is an alias of that name");
  return ok();
}

// A collection in the tables of the node, with tables of its own, durably.
result<collection_meta> catalog_tables::create_tables(const std::string& name,
                                                      const collection_spec& spec,
                                                      const idempotency_claim& once) {
  const auto listed = by_name_.size() + nameless_.size();
  if (listed >= limits::collections_max)
    return error(errc::resource_exhausted, "collection '" + name + "': there are " +
                                               std::to_string(listed) + " collections, the limit");
  THESPIS_CHECK(shared_.disk.check(new_tables_bytes, true));
  if (shared_.memory)
    THESPIS_CHECK(shared_.memory->check(new_memory_bytes, "collection '" + name + "'"));
  THESPIS_PHASE("collection.create");
  collection_meta meta{uuid::random(), name, spec, wall_time_us()};
  place_vectors({}, meta.spec, {});
  auto made = make_tables({meta.id, 0});
  auto lsn = made ? commit_creation(meta, once) : result<lsn_t>(std::move(made).error());
  if (!lsn) {
    shared_.dropped.add(meta.id, 0);
    return std::move(lsn).error();
  }
  THESPIS_FAIL_POINT("create.row_committed");
  shared_.flusher->wait_durable(*lsn);
  THESPIS_FAIL_POINT("create.durable");
  return meta;
}

result<void> catalog_tables::make_tables(const tables::table_owner& owner) {
  THESPIS_TRY(auto session, shared_.sessions.borrow());
  THESPIS_CHECK(session->create(tables::points(owner.collection, owner.generation)));
  THESPIS_FAIL_POINT("create.points_table_made");
  THESPIS_CHECK(session->create(tables::slots(owner.collection, owner.generation)));
  THESPIS_FAIL_POINT("create.slots_table_made");
  return ok();
}

result<lsn_t> catalog_tables::commit_creation(const collection_meta& meta,
                                              const idempotency_claim& once) {
  const auto rows = [&](const journal_log::ticket& spent) -> result<void> {
    std::string row;
    THESPIS_CHECK(codec::encode_collection(meta, row));
    THESPIS_CHECK(handles_->catalog.put(tables::key(meta.id), row));
    collection_counters counters;
    counters.updated_us = spent.time_us;
    counters.lsn = spent.lsn;
    THESPIS_CHECK(codec::encode_counters(counters, row));
    return handles_->counters.put(tables::key(meta.id), row);
  };
  const std::array<effect, 1> effects{
      create_collection_effect{meta.name, meta.spec, meta.created_us}};
  return commit(meta.id, effects, rows, {once, 1});
}

result<lsn_t> catalog_tables::commit(const uuid& collection, std::span<const effect> effects,
                                     const writer::change& rows, const write_note& note) {
  return handles_->writer.commit(collection, effects, 0, rows, note.once ? &note : nullptr);
}

result<void> catalog_tables::keep_unchanged(const idempotency_claim& once) {
  const std::lock_guard lock(mutex_);
  return keep_note({once, 0, write_outcome::unchanged});
}

// A key of what has no effects. The lock is held.
result<void> catalog_tables::keep_note(const write_note& note) {
  const auto nothing = [](const journal_log::ticket&) { return ok(); };
  THESPIS_TRY(const lsn_t lsn, commit({}, {}, nothing, note));
  shared_.flusher->wait_durable(lsn);
  return ok();
}

result<void> catalog_tables::drop(const std::string& name, const idempotency_claim& once) {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end())
    return error(errc::not_found, "collection '" + name + "': does not exist");
  const auto meta = found->second;
  THESPIS_CHECK(drop_tables(meta, once));
  by_name_.erase(name);
  std::erase_if(aliases_, [&](const auto& alias) { return alias.second == meta.id; });
  return ok();
}

result<void> catalog_tables::drop_tables(const collection_meta& meta,
                                         const idempotency_claim& once) {
  THESPIS_PHASE("collection.drop");
  THESPIS_TRY(const auto generation, generation_of(handles_->writer.session(), meta.id));
  THESPIS_TRY(const lsn_t lsn, commit_drop(meta, once));
  THESPIS_FAIL_POINT("drop.row_committed");
  // Tables go only when no crash can bring the catalog's row back.
  shared_.flusher->wait_durable(lsn);
  THESPIS_FAIL_POINT("drop.durable");
  shared_.dropped.add(meta.id, generation);
  return ok();
}

result<lsn_t> catalog_tables::commit_drop(const collection_meta& meta,
                                          const idempotency_claim& once) {
  const auto rows = [&](const journal_log::ticket&) -> result<void> {
    THESPIS_TRY(const bool listed, handles_->catalog.remove(tables::key(meta.id)));
    // A damaged collection may have lost its counters; it can go all the same.
    THESPIS_TRY([[maybe_unused]] const bool counted,
                handles_->counters.remove(tables::key(meta.id)));
    for (const auto& [alias, target] : aliases_) {
      if (target != meta.id) continue;
      THESPIS_TRY([[maybe_unused]] const bool known, handles_->aliases.remove(alias));
    }
    if (listed) return ok();
    return error(errc::corruption, "collection '" + meta.name + "': its row is missing");
  };
  const std::array<effect, 1> effects{drop_collection_effect{meta.name}};
  return commit(meta.id, effects, rows, {once, 1});
}

result<std::shared_ptr<collection_store>> catalog_tables::open(const collection_meta& meta) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = damaged_.find(meta.id); found != damaged_.end())
      return error(errc::corruption, found->second +
                                         "; drop the collection, or restore the data folder from "
                                         "a backup; `thespis check` tells more");
  }
  THESPIS_TRY(auto store, collection_tables::open(shared_, meta));
  const std::lock_guard lock(mutex_);
  std::erase_if(stores_, [](const auto& one) { return one.second.expired(); });
  stores_.emplace(meta.id, store);
  return store;
}

void catalog_tables::close() {
  const std::lock_guard lock(mutex_);
  handles_.reset();
}

}  // namespace thespis::storage
