// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/multi_rows.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "actors/collection/index_options.hpp"
#include "actors/query/vector_fit.hpp"
#include "core/limits.hpp"

namespace thespis::actors {

namespace {

/// Rows per slice, about: short enough that a builder thread soon looks for other work.
constexpr row_t slice_rows = 128;
/// Of a row in memory beside its floats: padding, norm and slot.
constexpr std::uint64_t row_extra_bytes = 128;

const named_vector* find(std::span<const named_vector> vectors, const std::string& name) noexcept {
  for (const auto& vector : vectors)
    if (vector.name == name) return &vector;
  return nullptr;
}

}  // namespace

result<void> multi_rows::open(const collection_spec& spec, const std::filesystem::path& folder,
                              const plugins::index_file_stamp& expected,
                              const plugins::registry& plugins) {
  for (std::size_t i = 0; i < spec.vectors.size(); ++i) {
    const auto& vector = spec.vectors[i];
    if (!vector.multivector) continue;
    one added;
    added.spec = vector;
    added.hnsw = spec.hnsw_for(vector);
    added.params = index_params_of(spec, vector);
    THESPIS_TRY(added.arena, plugins::arena::create(vector.size, vector.metric));
    THESPIS_TRY(added.compute, plugins.create_compute("cpu"));
    THESPIS_TRY(added.index, plugins.create_index(vector.index, added.arena, added.params));
    auto stamp = expected;
    stamp.vector_name = vector.name;
    if (added.index->scans())
      added.progress = index_progress(expected.next_slot);
    else
      added.files.open(folder, i, stamp);
    all_.push_back(std::move(added));
  }
  return ok();
}

result<void> multi_rows::reserve(std::span<const effect> effects) {
  for (auto& known : all_) {
    std::uint64_t end = known.rows.end_row();
    for (const auto& change : effects) {
      const auto* upsert = std::get_if<upsert_effect>(&change);
      if (upsert == nullptr) continue;
      if (const auto* vector = find(upsert->point.vectors, known.spec.name))
        end += vector->values.size() / known.spec.size;
    }
    if (end > limits::slots_max)
      return error(errc::too_large, "vector '" + known.spec.name + "' would have " +
                                        std::to_string(end) + " rows, at most " +
                                        std::to_string(limits::slots_max));
    THESPIS_CHECK(known.arena->reserve(static_cast<slot_t>(end)));
  }
  return ok();
}

result<std::size_t> multi_rows::put(slot_t slot, std::span<const named_vector> vectors) {
  std::size_t taken = 0;
  for (auto& known : all_) {
    const auto* vector = find(vectors, known.spec.name);
    const auto size = known.spec.size;
    const auto count =
        vector == nullptr ? row_t{0} : static_cast<row_t>(vector->values.size() / size);
    known.files.reach(slot, count, known.rows, known.dead_rows);
    if (vector == nullptr) continue;
    const std::span values(vector->values);
    const auto first = known.rows.end_row();
    for (row_t i = 0; i < count; ++i)
      THESPIS_CHECK(known.arena->put(first + i, values.subspan(std::size_t{i} * size, size)));
    known.rows.put(slot, count);
    ++taken;
  }
  return taken;
}

result<void> multi_rows::load_index(std::size_t vector, bool wanted,
                                    const plugins::index_file_stamp& expected,
                                    const plugins::registry& plugins) {
  auto& owner = all_[vector];
  if (owner.index->scans()) return ok();
  auto stamp = expected;
  stamp.vector_name = owner.spec.name;
  THESPIS_TRY(const auto end, owner.files.load(*owner.index, wanted, *owner.arena, stamp,
                                               owner.rows, owner.dead_rows));
  if (!end) {
    THESPIS_TRY(owner.index, plugins.create_index(owner.spec.index, owner.arena, owner.params));
    return ok();
  }
  owner.progress = index_progress(*end);
  owner.saved_end = *end;
  for (row_t row = 0; row < owner.rows.end_row() && owner.rows.slot(row) < *end; ++row)
    owner.inserted_rows += owner.dead_rows.contains(row) ? 0 : 1;
  return ok();
}

std::vector<multi_rows::save_work> multi_rows::unsaved(const plugins::index_file_stamp& now) const {
  std::vector<save_work> works;
  for (const auto& vector : all_) {
    const auto end = vector.progress.indexed_end();
    if (vector.index->scans() || end == vector.saved_end) continue;
    auto stamp = now;
    stamp.vector_name = vector.spec.name;
    stamp.next_slot = end;
    const auto dead = static_cast<row_t>(vector.dead_rows.size());
    works.push_back({stamp, vector.files.index_file(),
                     [index = vector.index, files = vector.files, rows = vector.rows, stamp, dead] {
                       return files.save(*index, stamp, rows, dead);
                     },
                     vector.index->bytes() + std::uint64_t{end} * sizeof(row_t)});
  }
  return works;
}

bool multi_rows::any_unsaved(const std::function<bool(slot_t, slot_t)>& much) const {
  return std::any_of(all_.begin(), all_.end(), [&](const one& vector) {
    return !vector.index->scans() && much(vector.progress.indexed_end(), vector.saved_end);
  });
}

void multi_rows::note_saved(const std::string& vector_name, slot_t end) {
  for (auto& vector : all_) {
    if (vector.spec.name != vector_name) continue;
    vector.saved_end = end;
    vector.unsaved.clear();
  }
}

void multi_rows::note_unsaved(const std::string& vector_name, const std::string& why) {
  for (auto& vector : all_)
    if (vector.spec.name == vector_name) vector.unsaved = why;
}

void multi_rows::retire(slot_t slot) {
  for (auto& vector : all_) {
    const auto rows = vector.rows.rows(slot);
    for (row_t i = 0; i < rows.count; ++i) vector.dead_rows.insert(rows.first + i);
  }
}

std::vector<multi_view> multi_rows::views() const {
  std::vector<multi_view> made;
  made.reserve(all_.size());
  for (const auto& vector : all_)
    made.push_back({vector.spec, vector.hnsw, vector.arena, vector.rows, vector.compute,
                    vector.index, 0, vector.dead_rows});
  return made;
}

void multi_rows::refresh(view& made) const {
  for (std::size_t i = 0; i < all_.size(); ++i)
    made.multivectors[i].indexed_end = std::min(all_[i].progress.indexed_end(), made.end_slot);
}

void multi_rows::tell(slot_t end, collection_info& info) const {
  for (const auto& vector : all_) {
    auto& told = info.indexes.emplace_back();
    told.name = vector.spec.name;
    told.index = vector.spec.index;
    told.indexed_slots = vector.progress.indexed_end();
    told.tail_slots = end - vector.progress.indexed_end();
    told.inserted_slots = vector.inserted_slots;
    told.quantizer = vector.params.quantizer;
    told.quantizer_bits = vector.params.quantizer_bits;
    told.preset = vector.hnsw.preset;
    told.index_bytes = vector.index->bytes();
    told.arena_bytes = vector.arena->bytes() + vector.rows.bytes();
    if (info.status != collection_status::green) continue;
    if (!vector.unsaved.empty()) {
      info.status = collection_status::yellow;
      info.status_detail = describe_vector(vector.spec.name) +
                           ": its index could not be saved, and would be built again after a "
                           "restart: " +
                           vector.unsaved;
    }
    if (told.tail_slots == 0) continue;
    info.status = collection_status::yellow;
    info.status_detail = describe_vector(vector.spec.name) + ": " +
                         std::to_string(told.tail_slots) + " slots wait for " +
                         (vector.starved ? "memory for the index" : "the index") +
                         " and are scanned";
  }
}

std::optional<slot_range> multi_rows::take_slice(std::size_t vector, slot_t limit,
                                                 const memory_budget* memory) {
  auto& owner = all_[vector];
  if (!owner.progress.waits(limit)) return std::nullopt;
  const auto rows_per_slot = owner.rows.end_row() / limit + 1;
  if (memory != nullptr) {
    owner.starved = !memory->fits_resident((slice_rows + rows_per_slot) * index_row_cost(owner));
    if (owner.starved) return std::nullopt;
  }
  return owner.progress.take(limit, std::max<slot_t>(slice_rows / rows_per_slot, 1));
}

std::vector<row_t> multi_rows::rows_of(std::size_t vector, slot_range slice,
                                       const view& seen) const {
  std::vector<row_t> found;
  for (auto slot = slice.first; slot < slice.end; ++slot) {
    if (seen.retired.contains(slot)) continue;
    const auto rows = all_[vector].rows.rows(slot);
    for (row_t i = 0; i < rows.count; ++i) found.push_back(rows.first + i);
  }
  return found;
}

void multi_rows::finish_slice(std::size_t vector, slot_range slice, std::size_t inserted) {
  auto& owner = all_[vector];
  owner.progress.finish(slice);
  owner.inserted_slots += slice.end - slice.first;
  owner.inserted_rows += inserted;
}

std::size_t multi_rows::slices_in_flight() const noexcept {
  std::size_t sum = 0;
  for (const auto& vector : all_) sum += vector.progress.in_flight();
  return sum;
}

std::uint64_t multi_rows::index_row_cost(const one& vector) {
  return index_row_bytes(*vector.index, vector.inserted_rows, vector.spec, vector.hnsw);
}

std::uint64_t multi_rows::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& vector : all_) sum += vector.arena->bytes() + vector.rows.bytes();
  return sum;
}

std::uint64_t multi_rows::index_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& vector : all_) sum += vector.index->bytes();
  return sum;
}

std::uint64_t multi_rows::waiting_bytes(slot_t end) const noexcept {
  std::uint64_t sum = 0;
  for (const auto& vector : all_) {
    if (vector.progress.indexed_end() >= end) continue;
    const auto known = vector.inserted_rows + vector.dead_rows.size();
    sum += index_row_cost(vector) *
           (vector.rows.end_row() - std::min<std::uint64_t>(vector.rows.end_row(), known));
  }
  return sum;
}

std::uint64_t multi_rows::bytes_of(const point& written) const {
  std::uint64_t sum = 0;
  for (const auto& known : all_)
    if (const auto* vector = find(written.vectors, known.spec.name))
      sum += vector->values.size() * sizeof(float) +
             vector->values.size() / known.spec.size * (row_extra_bytes + index_row_cost(known));
  return sum;
}

}  // namespace thespis::actors
