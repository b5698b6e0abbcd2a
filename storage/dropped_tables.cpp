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

namespace thespis::storage {

void dropped_tables::add(const uuid& collection) {
  {
    const std::lock_guard lock(mutex_);
    pending_.push_back(collection);
  }
  retry();
}

std::size_t dropped_tables::retry() {
  const std::lock_guard lock(mutex_);
  if (pending_.empty()) return 0;
  auto session = sessions_.borrow();
  if (!session) return pending_.size();
  std::erase_if(pending_, [&](const uuid& collection) { return remove(**session, collection); });
  return pending_.size();
}

// In reverse order of creation, so that a crash in between leaves what the sweep recognises.
bool dropped_tables::remove(wt::session& session, const uuid& collection) const {
  THESPIS_PHASE("tables.drop");
  std::error_code ignored;  // what remains of derived files is swept at the next start
  std::filesystem::remove_all(derived_root_ / collection.text(), ignored);
  THESPIS_FAIL_POINT("drop.derived_removed");
  const auto slots = session.drop(tables::slots(collection));
  if (!slots || !*slots) return false;
  THESPIS_FAIL_POINT("drop.slots_table_dropped");
  const auto points = session.drop(tables::points(collection));
  if (!points || !*points) return false;
  THESPIS_FAIL_POINT("drop.points_table_dropped");
  return true;
}

result<void> dropped_tables::sweep(const std::vector<uuid>& live) {
  THESPIS_TRY(auto session, sessions_.borrow());
  const auto data_dir = derived_root_.parent_path();
  THESPIS_TRY(const auto found, find_orphans(*session, data_dir, {live.begin(), live.end()}));
  for (const auto& orphan : found.collections) {
    THESPIS_FAIL_POINT("recovery.orphan_found");
    const bool removed = remove(*session, orphan);
    log::info("storage", "removed what a collection that is gone has left",
              {{"id", orphan.text()}, {"complete", removed}});
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
  if (!found.collections.empty() || !found.listed_files.empty()) {
    // A table that was never whole is gone without its file.
    THESPIS_TRY(const auto left, find_orphans(*session, data_dir, {live.begin(), live.end()}));
    remove_files(left.files);
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
