// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/view_reader.hpp"

#include <utility>

namespace thespis::actors {

result<view_reader> view_reader::open(const view& source) {
  THESPIS_TRY(auto snapshot, source.store->snapshot());
  return view_reader(source, std::move(snapshot));
}

result<std::optional<storage::point_record>> view_reader::find(const point_id& id) {
  THESPIS_TRY(auto record, snapshot_->find(id));
  if (record && record->lsn <= source_->lsn) return record;
  // Written or deleted after the view was made, or never there.
  if (const auto* former = source_->at->former(id)) return former->record;
  return record;
}

result<std::vector<named_vector>> view_reader::vectors(const point_id& id,
                                                       const storage::point_record& record) {
  const auto* former = source_->at->former(id);
  if (former == nullptr) return snapshot_->vectors(record.slot);
  if (former->vectors) return *former->vectors;
  // Storage may have other vectors by now; rows stay.
  std::vector<named_vector> found;
  for (const auto& vector : source_->vectors) {
    if (vector.dead.contains(record.slot)) continue;
    const auto* row = vector.arena->row(record.slot);
    auto& dense = found.emplace_back(dense_vector({row, row + vector.spec.size}, vector.spec.name));
    dense.elements = vector.spec.elements;
  }
  return found;
}

result<void> view_reader::scan(const std::optional<point_id>& first, const visitor& visit) {
  moment::walk changed(*source_->at, first);
  bool more = true;
  const auto visit_former = [&] {
    const auto& former = *changed.here();
    if (former.record) more = visit(former.id, storage::point_record(*former.record));
    changed.advance();
  };
  THESPIS_CHECK(snapshot_->scan(first, [&](const point_id& id, storage::point_record&& record) {
    while (more && changed.here() != nullptr && changed.here()->id < id) visit_former();
    if (!more) return false;
    if (changed.here() != nullptr && changed.here()->id == id)
      visit_former();
    else
      more = visit(id, std::move(record));
    return more;
  }));
  while (more && changed.here() != nullptr) visit_former();
  return ok();
}

}  // namespace thespis::actors
