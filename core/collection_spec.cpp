// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/collection_spec.hpp"

#include <algorithm>

#include "core/limits.hpp"
#include "core/printable.hpp"

namespace thespis {

namespace {

result<void> check_range(const std::string& what, std::uint64_t value, std::uint64_t low,
                         std::uint64_t high) {
  if (value >= low && value <= high) return ok();
  return error(errc::invalid_argument, what + ": " + std::to_string(value) + ", expected " +
                                           std::to_string(low) + " to " + std::to_string(high));
}

result<void> check_hnsw(const std::string& prefix, const hnsw_config& hnsw) {
  THESPIS_CHECK(
      check_range(prefix + "hnsw_config.m", hnsw.m, limits::hnsw_m_min, limits::hnsw_m_max));
  return check_range(prefix + "hnsw_config.ef_construct", hnsw.ef_construct,
                     limits::hnsw_ef_construct_min, limits::hnsw_ef_construct_max);
}

}  // namespace

const vector_spec* collection_spec::find(std::string_view name) const noexcept {
  const auto found = std::find_if(vectors.begin(), vectors.end(),
                                  [&](const vector_spec& vector) { return vector.name == name; });
  return found == vectors.end() ? nullptr : &*found;
}

const hnsw_config& collection_spec::hnsw_for(const vector_spec& vector) const noexcept {
  return vector.hnsw ? *vector.hnsw : hnsw;
}

result<void> validate_collection_name(std::string_view name) {
  if (name.empty()) return error(errc::invalid_argument, "collection name: it is empty");
  if (name.size() > limits::collection_name_bytes_max)
    return error(errc::too_large, "collection name: " + std::to_string(name.size()) +
                                      " bytes, at most " +
                                      std::to_string(limits::collection_name_bytes_max));
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '/' && c != '\\';
  });
  if (!plain || name == "." || name == "..")
    return error(errc::invalid_argument,
                 "collection name '" + printable(name) +
                     "': control characters, '/', '\\', '.' and '..' are not allowed");
  return ok();
}

result<void> validate(const collection_spec& spec) {
  THESPIS_CHECK(check_range("vectors", spec.vectors.size(), 1, limits::vector_names_max));
  THESPIS_CHECK(check_hnsw("", spec.hnsw));
  for (std::size_t i = 0; i < spec.vectors.size(); ++i) {
    const auto& vector = spec.vectors[i];
    const std::string what = vector.name.empty() ? "vectors." : "vectors.'" + vector.name + "'.";
    THESPIS_CHECK(
        check_range(what + "name (bytes)", vector.name.size(), 0, limits::vector_name_bytes_max));
    THESPIS_CHECK(check_range(what + "size", vector.size, 1, limits::dimension_max));
    if (vector.elements != element_type::float32)
      return error(errc::unsupported, what + "datatype: only float32 is offered");
    if (vector.hnsw) THESPIS_CHECK(check_hnsw(what, *vector.hnsw));
    if (i > 0 && spec.vectors[i - 1].name >= vector.name)
      return error(errc::invalid_argument, what + "name: it occurs twice");
  }
  return ok();
}

}  // namespace thespis
