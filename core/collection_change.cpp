// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/collection_change.hpp"

#include <algorithm>

#include "core/payload_edit.hpp"

namespace thespis {

namespace {

error unknown(const char* kind, const std::string& name) {
  return {errc::not_found, std::string("the collection has no ") + kind + " '" + name + "'"};
}

result<void> change_vector(collection_spec& spec, const vector_change& change) {
  const auto found = std::find_if(spec.vectors.begin(), spec.vectors.end(),
                                  [&](const vector_spec& one) { return one.name == change.name; });
  if (found == spec.vectors.end()) return unknown("vector", change.name);
  if (change.hnsw && change.hnsw->empty())
    found->hnsw.reset();
  else if (change.hnsw)
    found->hnsw = change.hnsw->over(spec.hnsw_for(*found));
  if (change.quantization) found->quantization = change.quantization;
  if (change.on_disk) found->on_disk = *change.on_disk;
  return ok();
}

result<void> change_sparse(collection_spec& spec, const sparse_vector_change& change) {
  const auto found =
      std::find_if(spec.sparse_vectors.begin(), spec.sparse_vectors.end(),
                   [&](const sparse_vector_spec& one) { return one.name == change.name; });
  if (found == spec.sparse_vectors.end()) return unknown("sparse vector", change.name);
  if (change.elements && *change.elements != found->elements)
    return error(errc::unsupported, "sparse_vectors." + change.name +
                                        ".index.datatype: it cannot be changed, it is " +
                                        std::string(to_string(found->elements)));
  if (change.idf) found->idf = *change.idf;
  if (change.full_scan_threshold) found->full_scan_threshold = change.full_scan_threshold;
  return ok();
}

template <class Vector>
bool erase(std::vector<Vector>& vectors, const std::string& name) {
  return std::erase_if(vectors, [&](const Vector& one) { return one.name == name; }) > 0;
}

template <class Vector>
void insert(std::vector<Vector>& vectors, Vector added) {
  const auto behind = std::find_if(vectors.begin(), vectors.end(),
                                   [&](const Vector& one) { return one.name > added.name; });
  vectors.insert(behind, std::move(added));
}

result<void> check_free(const collection_spec& spec, const std::string& name) {
  if (spec.find(name) == nullptr && spec.find_sparse(name) == nullptr) return ok();
  return error(errc::already_exists, "the collection has a vector '" + name + "' already");
}

result<void> reshape(collection_spec& spec, const collection_change& change) {
  for (const auto& name : change.dropped)
    if (!erase(spec.vectors, name) && !erase(spec.sparse_vectors, name))
      return unknown("vector", name);
  for (const auto& one : change.added) {
    THESPIS_CHECK(check_free(spec, one.spec.name));
    auto added = one.spec;
    if (!one.hnsw.empty()) added.hnsw = one.hnsw.over(spec.hnsw);
    insert(spec.vectors, std::move(added));
  }
  for (const auto& one : change.added_sparse) {
    THESPIS_CHECK(check_free(spec, one.name));
    insert(spec.sparse_vectors, one);
  }
  return ok();
}

result<void> change_metadata(collection_spec& spec, const payload& more) {
  if (more.empty() || more.json == "{}") {
    spec.metadata.clear();
    return ok();
  }
  THESPIS_TRY(auto merged, merge_payload(payload{spec.metadata}, more, std::nullopt));
  spec.metadata = std::move(merged.json);
  return ok();
}

// Whether an index of `before` would be made in another way for `after`.
bool is_remade(const collection_spec& before, const vector_spec& old, const collection_spec& after,
               const vector_spec& now) {
  auto was = before.hnsw_for(old);
  const auto& is = after.hnsw_for(now);
  was.full_scan_threshold_kb = is.full_scan_threshold_kb;  // of searches alone
  const auto quantizer = [](const std::optional<quantization_config>& codes) {
    return codes ? std::pair(std::string(codes->quantizer()), codes->quantizer_bits())
                 : std::pair(std::string(), std::uint32_t{0});
  };
  return was != is || old.on_disk != now.on_disk ||
         quantizer(before.quantization_for(old)) != quantizer(after.quantization_for(now));
}

template <class Vector>
void place(const std::vector<Vector>& before, std::vector<Vector>& after, std::uint32_t& next,
           const slot_mark& now) {
  for (auto& vector : after) {
    const auto old = std::find_if(before.begin(), before.end(),
                                  [&](const Vector& one) { return one.name == vector.name; });
    vector.place = old != before.end() ? old->place : vector_place{next++, now};
  }
}

template <class Vector>
bool lacks_any(const std::vector<Vector>& before, const std::vector<Vector>& after) {
  return std::any_of(before.begin(), before.end(), [&](const Vector& old) {
    return std::none_of(after.begin(), after.end(),
                        [&](const Vector& one) { return one.name == old.name; });
  });
}

}  // namespace

void place_vectors(const collection_spec& before, collection_spec& after, const slot_mark& now) {
  after.next_number = before.next_number;
  place(before.vectors, after.vectors, after.next_number, now);
  place(before.sparse_vectors, after.sparse_vectors, after.next_number, now);
  const bool drops = lacks_any(before.vectors, after.vectors) ||
                     lacks_any(before.sparse_vectors, after.sparse_vectors);
  after.dropped = drops ? now : before.dropped;
}

result<collection_spec> altered(const collection_spec& spec, const collection_change& change) {
  auto made = spec;
  made.hnsw = change.hnsw.over(spec.hnsw);
  if (change.quantization) made.quantization = change.quantization;
  THESPIS_CHECK(reshape(made, change));
  for (const auto& one : change.vectors) THESPIS_CHECK(change_vector(made, one));
  for (const auto& one : change.sparse_vectors) THESPIS_CHECK(change_sparse(made, one));
  if (change.metadata) THESPIS_CHECK(change_metadata(made, *change.metadata));
  if (change.limits) made.limits = *change.limits;
  if (change.strict) made.strict = made.strict.value_or(strict_mode()).with(*change.strict);
  THESPIS_CHECK(validate(made));
  for (auto& vector : made.vectors) {
    const auto* old = spec.find(vector.name);
    const bool kept = old != nullptr && std::find(change.dropped.begin(), change.dropped.end(),
                                                  vector.name) == change.dropped.end();
    if (kept && is_remade(spec, *old, made, vector)) ++vector.revision;
  }
  return made;
}

}  // namespace thespis
