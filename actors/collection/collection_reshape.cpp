// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of collection_state that lets go of vectors and opens new ones.

#include <algorithm>
#include <iterator>
#include <utility>

#include "actors/collection/collection_state.hpp"
#include "actors/collection/derived_files.hpp"
#include "core/fail_point.hpp"

namespace thespis::actors {

namespace {

template <class Vector>
bool same_places(const std::vector<Vector>& before, const std::vector<Vector>& after) {
  return std::equal(
      before.begin(), before.end(), after.begin(), after.end(),
      [](const Vector& a, const Vector& b) { return a.name == b.name && a.place == b.place; });
}

}  // namespace

bool collection_state::reshapes(const collection_spec& spec) const {
  return !same_places(meta_->spec.vectors, spec.vectors) ||
         !same_places(meta_->spec.sparse_vectors, spec.sparse_vectors);
}

// Views that searches still use keep what they need of it.
result<void> collection_state::reshape(const plugins::registry& plugins) {
  const auto& spec = meta_->spec;
  const auto gone =
      std::stable_partition(vectors_.begin(), vectors_.end(), [&](const vector_state& vector) {
        const auto* kept = spec.find(vector.spec.name);
        return kept != nullptr && kept->place == vector.spec.place;
      });
  std::for_each(gone, vectors_.end(), [&](const vector_state& vector) {
    derived_files::remove_all(folder_, vector.spec.place);
  });
  vectors_.erase(gone, vectors_.end());
  THESPIS_FAIL_POINT("alter.vector_dropped");
  for (const auto& wanted : spec.vectors) {
    const bool known =
        std::any_of(vectors_.begin(), vectors_.end(),
                    [&](const vector_state& vector) { return vector.spec.name == wanted.name; });
    if (!wanted.multivector && !known) THESPIS_CHECK(add_vector(wanted, plugins));
  }
  std::sort(vectors_.begin(), vectors_.end(),
            [](const vector_state& a, const vector_state& b) { return a.spec.name < b.spec.name; });
  THESPIS_CHECK(multi_.reshape(spec, folder_, stamp_now(""), plugins, next_build_));
  sparse_.reshape(spec.sparse_vectors, folder_, stamp_now(""));
  promised_.clear();
  offer_rows();
  THESPIS_FAIL_POINT("alter.vector_added");
  return ok();
}

// No slot that there is has it.
result<void> collection_state::add_vector(const vector_spec& spec,
                                          const plugins::registry& plugins) {
  THESPIS_CHECK(open_vector(spec, plugins));
  auto& added = vectors_.back();
  added.dead.insert_below(end_slot_);
  THESPIS_CHECK(added.arena->extend(end_slot_));
  THESPIS_CHECK(load_index(added, plugins));
  added.progress = index_progress(end_slot_);
  added.upkeep.note_maintained(end_slot_);
  return ok();
}

}  // namespace thespis::actors
