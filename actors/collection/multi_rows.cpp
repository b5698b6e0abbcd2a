// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/multi_rows.hpp"

#include <string>
#include <utility>

#include "core/limits.hpp"

namespace thespis::actors {

namespace {

/// Of a row in memory beside its floats: padding, norm and slot.
constexpr std::uint64_t row_extra_bytes = 128;

const named_vector* find(std::span<const named_vector> vectors, const std::string& name) noexcept {
  for (const auto& vector : vectors)
    if (vector.name == name) return &vector;
  return nullptr;
}

}  // namespace

result<void> multi_rows::open(const collection_spec& spec, const plugins::registry& plugins) {
  for (const auto& vector : spec.vectors) {
    if (!vector.multivector) continue;
    one added{vector, spec.hnsw_for(vector), nullptr, {}, nullptr};
    THESPIS_TRY(added.arena, plugins::arena::create(vector.size, vector.metric));
    THESPIS_TRY(added.compute, plugins.create_compute("cpu"));
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
    if (vector == nullptr) continue;
    const auto size = known.spec.size;
    const std::span values(vector->values);
    const auto count = static_cast<row_t>(values.size() / size);
    const auto first = known.rows.end_row();
    for (row_t i = 0; i < count; ++i)
      THESPIS_CHECK(known.arena->put(first + i, values.subspan(std::size_t{i} * size, size)));
    known.rows.put(slot, count);
    ++taken;
  }
  return taken;
}

std::vector<multi_view> multi_rows::views() const {
  std::vector<multi_view> made;
  made.reserve(all_.size());
  for (const auto& vector : all_)
    made.push_back({vector.spec, vector.hnsw, vector.arena, vector.rows, vector.compute});
  return made;
}

void multi_rows::tell(slot_t end, std::vector<vector_index_info>& indexes) const {
  for (const auto& vector : all_) {
    auto& told = indexes.emplace_back();
    told.name = vector.spec.name;
    told.index = "flat";
    told.indexed_slots = end;
    told.quantizer = "none";
    told.arena_bytes = vector.arena->bytes() + vector.rows.bytes();
  }
}

std::uint64_t multi_rows::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& vector : all_) sum += vector.arena->bytes() + vector.rows.bytes();
  return sum;
}

std::uint64_t multi_rows::bytes_of(const point& written) const noexcept {
  std::uint64_t sum = 0;
  for (const auto& known : all_)
    if (const auto* vector = find(written.vectors, known.spec.name))
      sum += vector->values.size() * sizeof(float) +
             vector->values.size() / known.spec.size * row_extra_bytes;
  return sum;
}

}  // namespace thespis::actors
