// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/multi_rows.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "actors/collection/derived_files.hpp"
#include "actors/collection/index_options.hpp"
#include "actors/query/vector_fit.hpp"
#include "core/limits.hpp"

namespace thespis::actors {

namespace {

/// Rows per slice, about: short enough that a builder thread soon looks for other work.
constexpr row_t slice_rows = 128;
/// So few rows that an index lacks may be scanned: it takes the place of the one before it.
constexpr row_t rows_left_max = 1'024;
/// Of a row in memory beside its floats: padding, norm and slot.
constexpr std::uint64_t row_extra_bytes = 128;

const named_vector* find_in(std::span<const named_vector> vectors,
                            const std::string& name) noexcept {
  for (const auto& vector : vectors)
    if (vector.name == name) return &vector;
  return nullptr;
}

}  // namespace

hnsw_config multi_rows::one::hnsw() const noexcept {
  auto config = now.params.hnsw;
  config.full_scan_threshold_kb = full_scan_threshold_kb;
  return config;
}

result<multi_rows::one> multi_rows::make(const collection_spec& spec, const vector_spec& vector,
                                         const plugins::registry& plugins,
                                         std::uint32_t& next_build) {
  one made;
  made.spec = vector;
  made.full_scan_threshold_kb = spec.hnsw_for(vector).full_scan_threshold_kb;
  THESPIS_TRY(made.arena, plugins::arena::create(vector.size, vector.metric));
  THESPIS_TRY(made.compute, plugins.create_compute("cpu"));
  made.now.number = next_build++;
  made.now.params = index_params_of(spec, vector);
  THESPIS_TRY(made.now.index, plugins.create_index(vector.index, made.arena, made.now.params));
  return made;
}

result<void> multi_rows::open(const collection_spec& spec, const std::filesystem::path& folder,
                              const plugins::index_file_stamp& expected,
                              const plugins::registry& plugins, std::uint32_t& next_build) {
  for (const auto& vector : spec.vectors) {
    if (!vector.multivector) continue;
    THESPIS_TRY(auto added, make(spec, vector, plugins, next_build));
    auto stamp = expected;
    stamp.vector_name = vector.name;
    if (added.now.index->scans())
      added.now.progress = index_progress(expected.next_slot);
    else
      added.files.open(folder, vector, stamp);
    all_.push_back(std::move(added));
  }
  return ok();
}

result<void> multi_rows::reshape(const collection_spec& spec, const std::filesystem::path& folder,
                                 const plugins::index_file_stamp& expected,
                                 const plugins::registry& plugins, std::uint32_t& next_build) {
  std::erase_if(all_, [&](const one& vector) {
    const auto* kept = spec.find(vector.spec.name);
    const bool gone = kept == nullptr || kept->place != vector.spec.place;
    if (gone) derived_files::remove_all(folder, vector.spec.place);
    return gone;
  });
  for (const auto& vector : spec.vectors) {
    const bool known = std::any_of(
        all_.begin(), all_.end(), [&](const one& there) { return there.spec.name == vector.name; });
    if (!vector.multivector || known) continue;
    THESPIS_TRY(auto added, make(spec, vector, plugins, next_build));
    added.now.progress = index_progress(expected.next_slot);
    auto stamp = expected;
    stamp.vector_name = vector.name;
    if (!added.now.index->scans()) added.files.open(folder, vector, stamp);
    all_.push_back(std::move(added));
  }
  std::sort(all_.begin(), all_.end(),
            [](const one& a, const one& b) { return a.spec.name < b.spec.name; });
  return ok();
}

result<void> multi_rows::adopt(const collection_spec& spec, const std::filesystem::path& folder,
                               const plugins::registry& plugins, std::uint32_t& next_build) {
  for (auto& vector : all_) {
    const auto* wanted = spec.find(vector.spec.name);
    if (wanted == nullptr) continue;
    const bool remade = vector.spec.revision != wanted->revision;
    vector.spec = *wanted;
    vector.full_scan_threshold_kb = spec.hnsw_for(*wanted).full_scan_threshold_kb;
    if (!remade) continue;
    built next;
    next.number = next_build++;
    next.params = index_params_of(spec, *wanted);
    next.file = derived_files::of_index(folder, *wanted, derived_files::row_index_extension);
    THESPIS_TRY(next.index, plugins.create_index(wanted->index, vector.arena, next.params));
    if (next.index->scans()) next.progress = vector.now.progress;
    vector.next = std::move(next);
    switch_if_ready(vector);
  }
  return ok();
}

void multi_rows::switch_if_ready(one& vector) {
  if (!vector.next) return;
  const auto end = vector.now.progress.indexed_end();
  const auto ready = vector.next->progress.indexed_end();
  const auto rows_per_slot = end > 0 ? vector.rows.end_row() / end + 1 : 1;
  if (end > ready + (ready > 0 ? rows_left_max / rows_per_slot : 0)) return;
  vector.now = std::move(*vector.next);
  vector.next.reset();
  vector.outdated = vector.files.revise(vector.now.file);
  vector.saved_end = 0;
  vector.unsaved.clear();
}

result<void> multi_rows::load_index(std::size_t vector, bool wanted,
                                    const plugins::index_file_stamp& expected,
                                    const plugins::registry& plugins) {
  auto& owner = all_[vector];
  auto& now = owner.now;
  if (now.index->scans()) return ok();
  auto stamp = expected;
  stamp.vector_name = owner.spec.name;
  THESPIS_TRY(const auto end, owner.files.load(*now.index, wanted, *owner.arena, stamp, owner.rows,
                                               owner.dead_rows));
  if (!end) {
    THESPIS_TRY(now.index, plugins.create_index(owner.spec.index, owner.arena, now.params));
    return ok();
  }
  now.progress = index_progress(*end);
  owner.saved_end = *end;
  for (row_t row = 0; row < owner.rows.end_row() && owner.rows.slot(row) < *end; ++row)
    now.inserted_rows += owner.dead_rows.contains(row) ? 0 : 1;
  return ok();
}

std::vector<save_work> multi_rows::unsaved(const plugins::index_file_stamp& now) const {
  std::vector<save_work> works;
  for (const auto& vector : all_) {
    const auto end = vector.now.progress.indexed_end();
    if (vector.now.index->scans() || vector.next || end == vector.saved_end) continue;
    auto stamp = now;
    stamp.vector_name = vector.spec.name;
    stamp.next_slot = end;
    const auto dead = static_cast<row_t>(vector.dead_rows.size());
    works.push_back({stamp,
                     vector.files.index_file(),
                     [index = vector.now.index, files = vector.files, rows = vector.rows, stamp,
                      dead] { return files.save(*index, stamp, rows, dead); },
                     vector.now.index->bytes() + std::uint64_t{end} * sizeof(row_t),
                     {},
                     vector.outdated});
  }
  return works;
}

bool multi_rows::any_unsaved(const std::function<bool(slot_t, slot_t)>& much) const {
  return std::any_of(all_.begin(), all_.end(), [&](const one& vector) {
    return !vector.now.index->scans() && !vector.next &&
           much(vector.now.progress.indexed_end(), vector.saved_end);
  });
}

void multi_rows::note_saved(const std::string& vector_name, slot_t end) {
  for (auto& vector : all_) {
    if (vector.spec.name != vector_name) continue;
    vector.saved_end = end;
    vector.outdated.clear();
    vector.unsaved.clear();
  }
}

void multi_rows::note_unsaved(const std::string& vector_name, const std::string& why) {
  for (auto& vector : all_)
    if (vector.spec.name == vector_name) vector.unsaved = why;
}

result<void> multi_rows::reserve(std::span<const effect> effects) {
  for (auto& known : all_) {
    std::uint64_t end = known.rows.end_row();
    for (const auto& change : effects) {
      const auto* upsert = std::get_if<upsert_effect>(&change);
      if (upsert == nullptr) continue;
      if (const auto* vector = find_in(upsert->point.vectors, known.spec.name))
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
    const auto* vector = find_in(vectors, known.spec.name);
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
    made.push_back({vector.spec, vector.hnsw(), vector.arena, vector.rows, vector.compute,
                    vector.now.index, 0, vector.dead_rows});
  return made;
}

void multi_rows::refresh(view& made) const {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const auto& vector = all_[i];
    auto& shown = made.multivectors[i];
    shown.spec = vector.spec;
    shown.hnsw = vector.hnsw();
    shown.index = vector.now.index;
    shown.indexed_end = std::min(vector.now.progress.indexed_end(), made.end_slot);
  }
}

void multi_rows::tell(slot_t end, collection_info& info) const {
  for (const auto& vector : all_) {
    const auto& now = vector.now;
    auto& told = info.indexes.emplace_back();
    told.name = vector.spec.name;
    told.index = vector.spec.index;
    told.indexed_slots = now.progress.indexed_end();
    told.tail_slots = end - now.progress.indexed_end();
    told.inserted_slots = vector.inserted_slots;
    told.quantizer = now.params.quantizer;
    told.quantizer_bits = now.params.quantizer_bits;
    told.preset = now.params.hnsw.preset;
    told.index_bytes = now.index->bytes();
    told.arena_bytes = vector.arena->bytes() + vector.rows.bytes();
    if (info.status != collection_status::green) continue;
    if (!vector.unsaved.empty()) {
      info.status = collection_status::yellow;
      info.status_detail = describe_vector(vector.spec.name) +
                           ": its index could not be saved, and would be built again after a "
                           "restart: " +
                           vector.unsaved;
    }
    if (told.tail_slots == 0 && !vector.next) continue;
    info.status = collection_status::yellow;
    const auto what = describe_vector(vector.spec.name) + ": ";
    if (vector.next)
      info.status_detail =
          what + describe_remaking(vector.next->progress.indexed_end(), end, vector.next->starved);
    else
      info.status_detail = what + std::to_string(told.tail_slots) + " slots wait for " +
                           (now.starved ? "memory for the index" : "the index") +
                           " and are scanned";
  }
}

void multi_rows::add_builds(bool next, std::vector<std::uint32_t>& all) const {
  for (const auto& vector : all_) {
    if (!next) all.push_back(vector.now.number);
    if (next && vector.next) all.push_back(vector.next->number);
  }
}

template <class Vectors>
auto multi_rows::find(Vectors& all, std::uint32_t build) noexcept {
  std::pair found(all.data(), &all.data()->now);
  found = {};
  for (auto& vector : all) {
    if (vector.now.number == build) found = {&vector, &vector.now};
    if (vector.next && vector.next->number == build) found = {&vector, &*vector.next};
  }
  return found;
}

bool multi_rows::builds(std::uint32_t build) const noexcept {
  return find(all_, build).first != nullptr;
}

std::optional<slot_range> multi_rows::take_slice(std::uint32_t build, slot_t limit,
                                                 const memory_budget* memory) {
  const auto [owner, index] = find(all_, build);
  if (owner == nullptr || !index->progress.waits(limit)) return std::nullopt;
  const auto rows_per_slot = owner->rows.end_row() / limit + 1;
  if (memory != nullptr) {
    index->starved =
        !memory->fits_resident((slice_rows + rows_per_slot) * row_cost(*owner, *index));
    if (index->starved) return std::nullopt;
  }
  return index->progress.take(limit, std::max<slot_t>(slice_rows / rows_per_slot, 1));
}

slice_work multi_rows::work_of(std::uint32_t build, slot_range slice, const view& seen) const {
  const auto [owner, index] = find(all_, build);
  slice_work work;
  if (owner == nullptr) return work;
  work.index = index->index;
  for (auto slot = slice.first; slot < slice.end; ++slot) {
    if (seen.retired.contains(slot)) continue;
    const auto rows = owner->rows.rows(slot);
    for (row_t i = 0; i < rows.count; ++i) work.slots.push_back(rows.first + i);
  }
  return work;
}

void multi_rows::finish_slice(std::uint32_t build, slot_range slice, std::size_t inserted) {
  const auto [owner, index] = find(all_, build);
  if (owner == nullptr) return;  // of an index that another has taken the place of
  index->progress.finish(slice);
  index->inserted_rows += inserted;
  owner->inserted_slots += slice.end - slice.first;
  switch_if_ready(*owner);
}

std::size_t multi_rows::slices_in_flight() const noexcept {
  std::size_t sum = 0;
  for (const auto& vector : all_)
    sum += vector.now.progress.in_flight() + (vector.next ? vector.next->progress.in_flight() : 0);
  return sum;
}

std::uint64_t multi_rows::row_cost(const one& owner, const built& index) {
  return index_row_bytes(*index.index, index.inserted_rows, owner.spec, index.params.hnsw);
}

std::uint64_t multi_rows::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& vector : all_) sum += vector.arena->bytes() + vector.rows.bytes();
  return sum;
}

std::uint64_t multi_rows::live_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& vector : all_)
    sum += (vector.rows.end_row() - vector.dead_rows.size()) * vector.spec.size * sizeof(float);
  return sum;
}

std::uint64_t multi_rows::live_bytes(slot_t slot) const noexcept {
  std::uint64_t sum = 0;
  for (const auto& vector : all_)
    sum += std::uint64_t{vector.rows.rows(slot).count} * vector.spec.size * sizeof(float);
  return sum;
}

std::uint64_t multi_rows::index_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& vector : all_)
    sum += vector.now.index->bytes() + (vector.next ? vector.next->index->bytes() : 0);
  return sum;
}

std::uint64_t multi_rows::waiting_bytes(slot_t end) const noexcept {
  std::uint64_t sum = 0;
  for (const auto& vector : all_)
    sum += waiting_bytes(vector, vector.now, end) +
           (vector.next ? waiting_bytes(vector, *vector.next, end) : 0);
  return sum;
}

std::uint64_t multi_rows::waiting_bytes(const one& owner, const built& index, slot_t end) {
  if (index.progress.indexed_end() >= end) return 0;
  const auto known = index.inserted_rows + owner.dead_rows.size();
  const auto rows = owner.rows.end_row();
  return row_cost(owner, index) * (rows - std::min<std::uint64_t>(rows, known));
}

std::uint64_t multi_rows::bytes_of(const point& written) const {
  std::uint64_t sum = 0;
  for (const auto& known : all_)
    if (const auto* vector = find_in(written.vectors, known.spec.name))
      sum +=
          vector->values.size() * sizeof(float) +
          vector->values.size() / known.spec.size * (row_extra_bytes + row_cost(known, known.now));
  return sum;
}

}  // namespace thespis::actors
