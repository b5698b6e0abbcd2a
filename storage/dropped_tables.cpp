// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/dropped_tables.hpp"

#include <algorithm>
#include <string>
#include <system_error>

#include "core/fail_point.hpp"
#include "core/phase.hpp"
#include "storage/tables.hpp"

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
  const std::set<uuid> kept(live.begin(), live.end());
  std::vector<std::string> files;
  THESPIS_TRY(auto session, sessions_.borrow());
  std::set<uuid> orphans;
  {
    THESPIS_TRY(auto names, session->open_names());
    while (true) {
      THESPIS_TRY(const bool more, names.next());
      if (!more) break;
      THESPIS_TRY(const auto name, names.key());
      if (const auto owner = tables::owner(name); owner && !kept.contains(*owner))
        orphans.insert(*owner);
      else if (const auto holder = tables::file_owner(name); holder && !kept.contains(*holder))
        files.emplace_back(name);
    }
  }
  std::error_code failure;
  for (const auto& folder : std::filesystem::directory_iterator(derived_root_, failure)) {
    const auto owner = uuid::parse(folder.path().filename().string());
    if (owner && !kept.contains(*owner)) orphans.insert(*owner);
  }
  if (failure) return error(errc::io, "read " + derived_root_.string() + ": " + failure.message());
  for (const auto& orphan : orphans) {
    THESPIS_FAIL_POINT("recovery.orphan_found");
    if (remove(*session, orphan)) continue;
    const std::lock_guard lock(mutex_);
    pending_.push_back(orphan);
  }
  // A crash within the creation or the drop of a table leaves its file listed without it.
  for (const auto& file : files) THESPIS_CHECK(session->drop(file));
  return sweep_files(kept);
}

// A crash before a file was listed, or after it was not any more, leaves it on the disk only.
result<void> dropped_tables::sweep_files(const std::set<uuid>& kept) const {
  std::error_code failure;
  std::vector<std::filesystem::path> unlisted;
  for (const auto& file : std::filesystem::directory_iterator(database_, failure)) {
    const auto owner =
        tables::file_owner(std::string(tables::file_prefix) + file.path().filename().string());
    const auto waits =
        owner && std::find(pending_.begin(), pending_.end(), *owner) != pending_.end();
    if (owner && !kept.contains(*owner) && !waits) unlisted.push_back(file.path());
  }
  if (failure) return error(errc::io, "read " + database_.string() + ": " + failure.message());
  for (const auto& file : unlisted)
    if (!std::filesystem::remove(file, failure) && failure)
      return error(errc::io, "remove " + file.string() + ": " + failure.message());
  return ok();
}

}  // namespace thespis::storage
