// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/dropped_tables.hpp"

#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "core/phase.hpp"
#include "storage/orphans.hpp"
#include "storage/tables.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

namespace thespis::storage {

void dropped_tables::add(const uuid& collection, std::uint32_t generation) {
  add({{collection, generation}, false, {}});
}

void dropped_tables::add_emptied(const uuid& collection, std::uint32_t generation,
                                 readers reading) {
  remove_derived(collection);
  add({{collection, generation}, true, std::move(reading)});
}

void dropped_tables::add_unused(const uuid& collection, std::uint32_t generation) {
  add({{collection, generation}, true, {}});
}

void dropped_tables::add(const left& what) {
  {
    const std::lock_guard lock(mutex_);
    pending_.push_back(what);
  }
  retry();
}

std::size_t dropped_tables::retry() {
  const std::lock_guard lock(mutex_);
  if (pending_.empty()) return 0;
  auto session = sessions_.borrow();
  if (!session) return pending_.size();
  std::erase_if(pending_, [&](const left& what) { return remove(**session, what); });
  return pending_.size();
}

void dropped_tables::remove_derived(const uuid& collection) const {
  std::error_code ignored;  // what remains of derived files is swept at the next start
  std::filesystem::remove_all(derived_root_ / collection.text(), ignored);
}

// In reverse order of creation, so that a crash in between leaves what the sweep recognises.
bool dropped_tables::remove(wt::session& session, const left& what) const {
  const auto is_open = [](const auto& reader) { return !reader.expired(); };
  if (std::any_of(what.reading.begin(), what.reading.end(), is_open)) return false;
  THESPIS_PHASE("tables.drop");
  const auto& [collection, generation] = what.tables;
  if (!what.emptied) remove_derived(collection);
  THESPIS_FAIL_POINT("drop.derived_removed");
  const auto slots = session.drop(tables::slots(collection, generation));
  if (!slots || !*slots) return false;
  THESPIS_FAIL_POINT("drop.slots_table_dropped");
  const auto points = session.drop(tables::points(collection, generation));
  if (!points || !*points) return false;
  THESPIS_FAIL_POINT("drop.points_table_dropped");
  return true;
}

result<void> dropped_tables::sweep(const std::vector<uuid>& live) {
  THESPIS_TRY(auto session, sessions_.borrow());
  const auto data_dir = derived_root_.parent_path();
  THESPIS_TRY(const auto found, find_orphans(*session, data_dir, {live.begin(), live.end()}));
  std::vector<left> unwanted;
  for (const auto& orphan : found.collections) unwanted.push_back({orphan, false, {}});
  for (const auto& orphan : found.generations) unwanted.push_back({orphan, true, {}});
  for (const auto& orphan : unwanted) {
    THESPIS_FAIL_POINT("recovery.orphan_found");
    const bool removed = remove(*session, orphan);
    log::info("storage", "removed tables that belong to nothing",
              {{"tables", tables::suffix(orphan.tables)}, {"complete", removed}});
    if (removed) continue;
    const std::lock_guard lock(mutex_);
    pending_.push_back(orphan);
  }
  // A crash within the creation or the drop of a table leaves its file listed without it.
  for (const auto& file : found.listed_files) {
    THESPIS_TRY(const bool removed, session->drop(file));
    log::info("storage", "removed a file without a table", {{"file", file}, {"complete", removed}});
  }
  remove_files(found.files);
  if (!unwanted.empty() || !found.listed_files.empty()) {
    // A table that was never whole is gone without its file.
    THESPIS_TRY(const auto rest, find_orphans(*session, data_dir, {live.begin(), live.end()}));
    remove_files(rest.files);
  }
  return remove_counters(*session, found.counters);
}

void dropped_tables::remove_files(const std::vector<std::filesystem::path>& files) {
  for (const auto& file : files) {
    std::error_code failure;
    std::filesystem::remove(file, failure);
    log::info("storage",
              failure ? "a left-over file cannot be removed" : "removed a left-over file",
              {{"file", file.string()}});
  }
}

result<void> dropped_tables::remove_counters(wt::session& session,
                                             const std::vector<uuid>& collections) {
  if (collections.empty()) return ok();
  THESPIS_TRY(auto rows, session.open(tables::counters));
  wt::transaction writing(session);
  THESPIS_CHECK(writing.begun());
  for (const auto& collection : collections) {
    THESPIS_TRY(const bool any, rows.remove(tables::key(collection)));
    log::info("storage", "removed the counters of a collection that is gone",
              {{"id", collection.text()}, {"found", any}});
  }
  return writing.commit();
}

}  // namespace thespis::storage
