// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/health/stored_walk.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace thespis::actors {

namespace {

constexpr const char* restart = "restart the server, which reads the table again";

}  // namespace

stored_walk::stored_walk(const storage::engine& engine, const collection_meta& meta)
    : check_(engine.check(meta, [this](const point_id& id,
                                       const storage::point_record& row) { compare(id, row); })),
      of_collection_(true) {}

result<std::size_t> stored_walk::step(std::size_t bytes_max, view_ptr seen) {
  seen_ = std::move(seen);
  auto read = check_->step(bytes_max);
  seen_ = nullptr;  // a view keeps tables from being dropped
  return read;
}

// The view is older than the snapshot. A point that was not written in between is the same in both.
void stored_walk::compare(const point_id& id, const storage::point_record& row) {
  if (seen_ == nullptr || row.lsn > seen_->lsn) return;
  ++table_.checked;
  const auto wrong = [&](const std::string& what) {
    table_.add({"point " + id.text(), what, restart, true, {}});
  };
  const auto slot = "slot " + std::to_string(row.slot);
  if (row.slot >= seen_->end_slot) {
    wrong(slot + " is stored, but not in memory");
    return;
  }
  if (seen_->retired.contains(row.slot))
    wrong(slot + " is stored, but dead in memory");
  else if (seen_->slots.id(row.slot) != id)
    wrong(slot + " belongs to point " + seen_->slots.id(row.slot).text() + " in memory");
  else if (seen_->slots.version(row.slot) < row.lsn)
    wrong(slot + " has version " + std::to_string(seen_->slots.version(row.slot)) +
          " in memory, stored is " + std::to_string(row.lsn));
}

std::vector<health_component> stored_walk::found() const {
  auto found = check_->found();
  if (of_collection_) found.push_back(table_);
  return found;
}

}  // namespace thespis::actors
