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

result<void> check_quantization(const std::string& prefix, const quantization_config& asked) {
  const auto what = prefix + "quantization_config.";
  switch (asked.kind) {
    case quantization_kind::none:
      THESPIS_CHECK(check_range(what + "bits", asked.bits, 0, 0));
      break;
    case quantization_kind::scalar:
      if (asked.bits != 4 && asked.bits != 8)
        return error(errc::invalid_argument,
                     what + "scalar: " + std::to_string(asked.bits) + " bits, expected 4 or 8");
      break;
    case quantization_kind::binary:
      THESPIS_CHECK(check_range(what + "binary.bits", asked.bits, 0, limits::binary_bits_max));
      break;
  }
  if (!asked.quantile) return ok();
  if (asked.kind != quantization_kind::scalar)
    return error(errc::invalid_argument, what + "quantile: only scalar codes have one");
  // Written so that NaN fails.
  if (!(*asked.quantile >= limits::quantile_min && *asked.quantile <= 1))
    return error(
        errc::invalid_argument,
        what + "scalar.quantile: " + std::to_string(*asked.quantile) + ", expected 0.5 to 1");
  return ok();
}

std::string prefix_of(const char* list, const std::string& name) {
  return std::string(list) + (name.empty() ? "." : ".'" + name + "'.");
}

result<void> check_vector(const std::string& what, const collection_spec& spec,
                          const vector_spec& vector) {
  THESPIS_CHECK(
      check_range(what + "name (bytes)", vector.name.size(), 0, limits::vector_name_bytes_max));
  THESPIS_CHECK(check_range(what + "size", vector.size, 1, limits::dimension_max));
  if (vector.multivector && vector.on_disk)
    return error(errc::unsupported,
                 what +
                     "on_disk: true is not offered with 'multivector_config': its rows always "
                     "lie in memory");
  if (vector.hnsw) THESPIS_CHECK(check_hnsw(what, *vector.hnsw));
  if (vector.quantization) THESPIS_CHECK(check_quantization(what, *vector.quantization));
  const auto& codes = spec.quantization_for(vector);
  if (vector.on_disk && codes && codes->always_ram == false)
    return error(errc::unsupported, what +
                                        "quantization_config.always_ram: false is not offered "
                                        "with 'on_disk': codes always lie in memory");
  return ok();
}

}  // namespace

std::string_view to_string(index_preset preset) noexcept {
  switch (preset) {
    case index_preset::balanced: return "balanced";
    case index_preset::fast: return "fast";
  }
  return "balanced";
}

std::optional<index_preset> parse_preset(std::string_view name) noexcept {
  for (const auto preset : {index_preset::balanced, index_preset::fast})
    if (name == to_string(preset)) return preset;
  return std::nullopt;
}

std::string_view quantization_config::quantizer() const noexcept {
  switch (kind) {
    case quantization_kind::none: return "none";
    case quantization_kind::scalar: return bits == 4 ? "sq4" : "sq8";
    case quantization_kind::binary: return "binary";
  }
  return "none";
}

std::uint32_t quantization_config::quantizer_bits() const noexcept {
  return kind == quantization_kind::binary ? std::max(bits, 1u) : 0;
}

const vector_spec* collection_spec::find(std::string_view name) const noexcept {
  const auto found = std::find_if(vectors.begin(), vectors.end(),
                                  [&](const vector_spec& vector) { return vector.name == name; });
  return found == vectors.end() ? nullptr : &*found;
}

const sparse_vector_spec* collection_spec::find_sparse(std::string_view name) const noexcept {
  const auto found =
      std::find_if(sparse_vectors.begin(), sparse_vectors.end(),
                   [&](const sparse_vector_spec& vector) { return vector.name == name; });
  return found == sparse_vectors.end() ? nullptr : &*found;
}

const hnsw_config& collection_spec::hnsw_for(const vector_spec& vector) const noexcept {
  return vector.hnsw ? *vector.hnsw : hnsw;
}

const std::optional<quantization_config>& collection_spec::quantization_for(
    const vector_spec& vector) const noexcept {
  return vector.quantization ? vector.quantization : quantization;
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
  THESPIS_CHECK(check_range("vectors", spec.vectors.size() + spec.sparse_vectors.size(), 1,
                            limits::vector_names_max));
  THESPIS_CHECK(check_hnsw("", spec.hnsw));
  if (spec.quantization) THESPIS_CHECK(check_quantization("", *spec.quantization));
  if (spec.metadata.size() > limits::metadata_bytes_max)
    return error(errc::too_large, "metadata: " + std::to_string(spec.metadata.size()) +
                                      " bytes, at most " +
                                      std::to_string(limits::metadata_bytes_max));
  for (std::size_t i = 0; i < spec.vectors.size(); ++i) {
    const auto what = prefix_of("vectors", spec.vectors[i].name);
    THESPIS_CHECK(check_vector(what, spec, spec.vectors[i]));
    if (i > 0 && spec.vectors[i - 1].name >= spec.vectors[i].name)
      return error(errc::invalid_argument, what + "name: it occurs twice");
  }
  for (std::size_t i = 0; i < spec.sparse_vectors.size(); ++i) {
    const auto& name = spec.sparse_vectors[i].name;
    const auto what = prefix_of("sparse_vectors", name);
    THESPIS_CHECK(
        check_range(what + "name (bytes)", name.size(), 1, limits::vector_name_bytes_max));
    if ((i > 0 && spec.sparse_vectors[i - 1].name >= name) || spec.find(name) != nullptr)
      return error(errc::invalid_argument, what + "name: it occurs twice");
  }
  return ok();
}

}  // namespace thespis
