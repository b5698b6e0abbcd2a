// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/point_drafts.hpp"

#include <utility>

#include "core/limits.hpp"

namespace thespis::actors {

namespace {

std::size_t bytes_of(const std::vector<named_vector>& vectors) {
  std::size_t bytes = 0;
  for (const auto& vector : vectors)
    bytes += vector.values.size() * sizeof(float) + vector.indices.size() * sizeof(std::uint32_t);
  return bytes;
}

}  // namespace

result<void> point_drafts::hold(std::size_t bytes) {
  bytes_ += bytes;
  if (bytes_ <= limits::write_points_bytes_max) return ok();
  return error(errc::too_large,
               "collection '" + store_->meta().name + "': the points of a write take more than " +
                   std::to_string(limits::write_points_bytes_max) + " bytes; name fewer at a time");
}

result<point_draft*> point_drafts::find(const point_id& id) {
  const auto known = by_id_.find(id);
  if (known != by_id_.end()) return known->second;
  THESPIS_TRY(auto former, store_->find(id));
  if (former) THESPIS_CHECK(hold(former->payload.json.size()));
  auto& made = drafts_.emplace_back();
  made.id = id;
  made.exists = former.has_value();
  made.former = std::move(former);
  by_id_.emplace(id, &made);
  return &made;
}

result<void> point_drafts::put(point_draft& where, point&& whole) {
  THESPIS_CHECK(hold(whole.payload.json.size() + bytes_of(whole.vectors)));
  where.fresh = where.fresh || !where.exists;
  where.exists = where.changed = where.replaced = true;
  where.vectors = std::move(whole.vectors);
  where.payload = std::move(whole.payload);
  return ok();
}

result<void> point_drafts::put_payload(point_draft& where, payload&& value) {
  THESPIS_CHECK(hold(value.json.size()));
  where.changed = true;
  where.payload = std::move(value);
  return ok();
}

result<std::vector<named_vector>*> point_drafts::edit_vectors(point_draft& where) {
  if (!where.vectors) {
    THESPIS_TRY(where.vectors, store_->vectors(where.former->slot));
    THESPIS_CHECK(hold(bytes_of(*where.vectors)));
  }
  if (!where.changed) where.payload = where.former->payload;
  where.changed = true;
  return &*where.vectors;
}

void point_drafts::erase(point_draft& where) noexcept {
  where.exists = false;
  where.changed = true;
  where.vectors.reset();
  where.payload = {};
}

bool point_drafts::changed(const point_id& id) const {
  const auto known = by_id_.find(id);
  return known != by_id_.end() && known->second->changed;
}

decision point_drafts::finish(std::int64_t now_us) && {
  decision decided;
  for (auto& draft : drafts_) {
    if (!draft.changed || (!draft.exists && !draft.former)) continue;
    if (!draft.exists) {
      decided.effects.emplace_back(delete_effect{draft.id});
    } else if (!draft.vectors) {
      decided.effects.emplace_back(payload_effect{draft.id, std::move(draft.payload), now_us});
    } else {
      point whole{draft.id, std::move(*draft.vectors), std::move(draft.payload)};
      decided.effects.emplace_back(
          upsert_effect{std::move(whole), draft.fresh ? now_us : draft.former->created_us, now_us,
                        draft.replaced ? 0 : draft.former->expires_us});
    }
    decided.formers.push_back({std::move(draft.id), std::move(draft.former)});
  }
  return decided;
}

}  // namespace thespis::actors
