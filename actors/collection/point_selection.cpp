// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/point_selection.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/limits.hpp"

namespace thespis::actors {

namespace {

// Only then are vectors read.
bool asks_for_vectors(const filter& asked) {
  const auto in_list = [](const std::vector<condition>& list) {
    return std::any_of(list.begin(), list.end(), [](const condition& one) {
      if (const auto* inner = std::get_if<filter>(&one.is)) return asks_for_vectors(*inner);
      if (const auto* nested = std::get_if<nested_condition>(&one.is))
        return asks_for_vectors(nested->within);
      return std::holds_alternative<has_vector_condition>(one.is);
    });
  };
  return in_list(asked.must) || in_list(asked.should) || in_list(asked.must_not) ||
         in_list(asked.min_should);
}

std::vector<std::string_view> names_of(const std::vector<named_vector>& vectors) {
  std::vector<std::string_view> names;
  for (const auto& vector : vectors) names.emplace_back(vector.name);
  return names;
}

}  // namespace

std::string point_selection::name() const { return "collection '" + store_->meta().name + "'"; }

result<bool> point_selection::passes(const filter& asked, const point_draft& draft) const {
  std::vector<named_vector> stored;
  const auto* vectors = draft.vectors ? &*draft.vectors : &stored;
  if (!draft.vectors && asks_for_vectors(asked)) {
    THESPIS_TRY(stored, store_->vectors(draft.former->slot));
  }
  return matches(asked, filter_subject(draft.id, draft.now().json, names_of(*vectors)));
}

result<void> point_selection::add(std::vector<point_id>& found, const point_id& id) const {
  if (found.size() == limits::ids_per_request_max)
    return error(errc::too_large, name() + ": more than " +
                                      std::to_string(limits::ids_per_request_max) +
                                      " points pass the filter; narrow it");
  found.push_back(id);
  return ok();
}

result<std::vector<point_id>> point_selection::select(const filter& asked) {
  std::vector<point_id> found;
  const bool with_vectors = asks_for_vectors(asked);
  THESPIS_TRY(const auto snapshot, store_->snapshot());
  const auto judge = [&](const point_id& id, const storage::point_record& row) -> result<void> {
    if (++read_ > limits::points_filtered_per_write_max)
      return error(errc::too_large, name() + ": a filter of a write would read more than " +
                                        std::to_string(limits::points_filtered_per_write_max) +
                                        " points; name the points by their ids");
    if (drafts_->changed(id)) return ok();
    std::vector<named_vector> vectors;
    if (with_vectors) {
      THESPIS_TRY(vectors, snapshot->vectors(row.slot));
    }
    if (!matches(asked, filter_subject(id, row.payload.json, names_of(vectors)))) return ok();
    return add(found, id);
  };
  result<void> outcome = ok();
  THESPIS_CHECK(snapshot->scan(std::nullopt, [&](const point_id& id, storage::point_record&& row) {
    outcome = judge(id, row);
    return outcome.has_value();
  }));
  THESPIS_CHECK(std::move(outcome));
  for (const auto& draft : drafts_->all()) {
    if (!draft.changed || !draft.exists) continue;
    THESPIS_TRY(const bool good, passes(asked, draft));
    if (good) THESPIS_CHECK(add(found, draft.id));
  }
  return found;
}

}  // namespace thespis::actors
