// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of collection_state that builds indexes, and puts others in place of those that are
// searched.

#include <algorithm>
#include <utility>

#include "actors/collection/collection_state.hpp"
#include "actors/collection/derived_files.hpp"
#include "actors/collection/index_options.hpp"
#include "core/fail_point.hpp"

namespace thespis::actors {

namespace {

/// Slots per slice: short enough that a builder thread soon looks for other work.
constexpr slot_t slice_slots = 128;
/// So few slots that an index lacks may be scanned: it takes the place of the one before it.
constexpr slot_t left_max = 1'024;

}  // namespace

std::vector<std::uint32_t> collection_state::builds() const {
  std::vector<std::uint32_t> all;
  for (const auto& vector : vectors_) all.push_back(vector.build);
  multi_.add_builds(false, all);
  for (const auto& vector : vectors_)
    if (vector.next) all.push_back(vector.next->build);
  multi_.add_builds(true, all);
  return all;
}

std::optional<collection_state::index_build> collection_state::find_build(
    std::uint32_t build) const noexcept {
  for (std::size_t i = 0; i < vectors_.size(); ++i) {
    if (vectors_[i].build == build) return index_build{i, false};
    if (vectors_[i].next && vectors_[i].next->build == build) return index_build{i, true};
  }
  return std::nullopt;
}

std::optional<slot_range> collection_state::take_slice(std::uint32_t build, slot_t limit) {
  if (multi_.builds(build)) return multi_.take_slice(build, limit, bounds_.memory.get());
  const auto found = find_build(build);
  if (!found) return std::nullopt;
  auto& owner = vectors_[found->vector];
  auto& progress = found->next ? owner.next->progress : owner.progress;
  auto& starved = found->next ? owner.next->starved : owner.starved;
  if (bounds_.memory && progress.waits(limit)) {
    const auto& index = found->next ? *owner.next->index : *owner.index;
    const auto bytes = index_row_bytes(index, progress.indexed_end(), owner.spec,
                                       found->next ? owner.next->hnsw : owner.hnsw);
    starved = !bounds_.memory->fits_resident(slice_slots * bytes);
    if (starved) return std::nullopt;
  }
  return progress.take(limit, slice_slots);
}

slice_work collection_state::work_of(std::uint32_t build, slot_range slice,
                                     const view& seen) const {
  if (multi_.builds(build)) return multi_.work_of(build, slice, seen);
  slice_work work;
  const auto found = find_build(build);
  if (!found) return work;
  const auto& owner = vectors_[found->vector];
  work.index = found->next ? owner.next->index : owner.index;
  work.slots.reserve(slice.end - slice.first);
  const auto& dead = seen.vectors[found->vector].dead;
  for (auto slot = slice.first; slot < slice.end; ++slot)
    if (!dead.contains(slot)) work.slots.push_back(slot);
  return work;
}

void collection_state::finish_slice(std::uint32_t build, slot_range slice, std::size_t inserted) {
  if (multi_.builds(build)) {
    multi_.finish_slice(build, slice, inserted);
    return account();
  }
  const auto found = find_build(build);
  if (!found) return;  // of an index that another has taken the place of
  auto& owner = vectors_[found->vector];
  const auto slots = slice.end - slice.first;
  (found->next ? owner.next->progress : owner.progress).finish(slice);
  (found->next ? owner.next->upkeep : owner.upkeep).note_inserted(inserted, slots - inserted);
  owner.inserted_slots += slots;
  switch_if_ready(owner);
  account();
}

result<void> collection_state::adopt(const collection_spec& spec,
                                     const plugins::registry& plugins) {
  const bool reshaped = reshapes(spec);
  auto meta = *meta_;
  meta.spec = spec;
  meta_ = std::make_shared<const collection_meta>(std::move(meta));
  store_->alter(spec);
  if (reshaped) THESPIS_CHECK(reshape(plugins));
  for (auto& vector : vectors_) {
    const auto* wanted = spec.find(vector.spec.name);
    if (wanted == nullptr) continue;
    const bool remade = vector.spec.revision != wanted->revision;
    if (vector.spec.on_disk != wanted->on_disk) vector.arena->set_on_disk(wanted->on_disk);
    vector.spec = *wanted;
    vector.hnsw.full_scan_threshold_kb = spec.hnsw_for(*wanted).full_scan_threshold_kb;
    if (remade) THESPIS_CHECK(begin_successor(vector, plugins));
  }
  THESPIS_CHECK(multi_.adopt(spec, folder_, plugins, next_build_));
  for (auto& vector : sparse_.all())
    if (const auto* wanted = spec.find_sparse(vector.spec.name)) vector.spec = *wanted;
  account();
  return ok();
}

result<void> collection_state::begin_successor(vector_state& vector,
                                               const plugins::registry& plugins) {
  auto next = std::make_unique<index_successor>();
  next->build = next_build_++;
  next->hnsw = meta_->spec.hnsw_for(vector.spec);
  next->file = derived_files::of_index(folder_, vector.spec, derived_files::index_extension);
  THESPIS_TRY(next->index, plugins.create_index(vector.spec.index, vector.arena,
                                                index_params_of(meta_->spec, vector.spec)));
  if (next->index->scans() || !vector.without_graph.empty()) {
    // Nothing is built: what is new holds for the next start, which may have memory for it.
    vector.hnsw = next->hnsw;
    vector.file = next->file;
    return ok();
  }
  vector.next = std::move(next);
  switch_if_ready(vector);
  return ok();
}

void collection_state::switch_if_ready(vector_state& vector) {
  if (!vector.next) return;
  const auto left = vector.progress.indexed_end() -
                    std::min(vector.next->progress.indexed_end(), vector.progress.indexed_end());
  if (left > (vector.next->progress.indexed_end() > 0 ? left_max : 0)) return;
  THESPIS_FAIL_POINT("alter.index_switched");
  auto next = std::move(vector.next);
  vector.build = next->build;
  vector.hnsw = next->hnsw;
  vector.index = std::move(next->index);
  vector.progress = std::move(next->progress);
  vector.upkeep = next->upkeep;
  vector.outdated = std::exchange(vector.file, std::move(next->file));
  vector.saved_end = 0;
  vector.reordered = false;
  vector.owed.reset();
  vector.put_off.clear();
  vector.unsaved.clear();
  vector.starved = next->starved;
}

}  // namespace thespis::actors
