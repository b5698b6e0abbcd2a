// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/row_filter.hpp"

#include <algorithm>

namespace thespis::storage {

namespace {

slot_t end_in(const slot_mark& mark, std::uint32_t generation) noexcept {
  return mark.generation == generation ? mark.end : 0;
}

}  // namespace

row_filter::row_filter(const collection_spec& spec, std::uint32_t generation)
    : dropped_end_(end_in(spec.dropped, generation)) {
  bool hidden = dropped_end_ > 0;
  const auto add = [&](const std::string& name, const vector_place& place) {
    const auto end = end_in(place.added, generation);
    hidden = hidden || end > 0;
    vectors_.push_back({name, end});
  };
  for (const auto& vector : spec.vectors) add(vector.name, vector.place);
  for (const auto& vector : spec.sparse_vectors) add(vector.name, vector.place);
  if (!hidden) vectors_.clear();
}

bool row_filter::hides(slot_t slot, const std::string& name) const {
  if (vectors_.empty()) return false;
  const auto known = std::find_if(vectors_.begin(), vectors_.end(),
                                  [&](const one& vector) { return vector.name == name; });
  return slot < (known == vectors_.end() ? dropped_end_ : known->hidden_end);
}

bool row_filter::hides_any(slot_t slot, const std::vector<named_vector>& vectors) const {
  return std::any_of(vectors.begin(), vectors.end(),
                     [&](const named_vector& vector) { return hides(slot, vector.name); });
}

void row_filter::apply(slot_t slot, std::vector<named_vector>& vectors) const {
  if (vectors_.empty()) return;
  std::erase_if(vectors, [&](const named_vector& vector) { return hides(slot, vector.name); });
}

}  // namespace thespis::storage
