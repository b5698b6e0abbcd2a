// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/index_options.hpp"

#include <algorithm>
#include <string>

#include "plugins/host/arena.hpp"

namespace thespis::actors {

namespace {

/// An index with fewer rows does not tell what a row takes.
constexpr std::uint64_t rows_that_tell = 4'096;
/// Of a row's bytes and besides, before that is known: what presets promise at most.
constexpr double balanced_part = 1.1;
constexpr double fast_part = 2.5;
constexpr std::uint64_t link_bytes = 8;

bool has_quantizer(const plugins::registry& plugins, const std::string& quantizer) {
  const auto& known = plugins.plugins();
  return std::any_of(known.begin(), known.end(), [&](const plugins::plugin_description& one) {
    return one.kind == plugins::plugin_kind::quantizer && one.name == quantizer;
  });
}

result<void> try_index(const collection_spec& spec, const vector_spec& vector,
                       const plugins::registry& plugins) {
  const auto params = index_params_of(spec, vector);
  if (!params.quantizer.empty() && params.quantizer != "none" &&
      !has_quantizer(plugins, params.quantizer))
    return error(errc::unsupported, "no quantizer plugin '" + params.quantizer + "' is loaded");
  THESPIS_TRY(auto rows, plugins::arena::create(vector.size, vector.metric));
  THESPIS_CHECK(plugins.create_index(vector.index, std::move(rows), params));
  if (vector.multivector) THESPIS_CHECK(plugins.create_compute("cpu"));
  return ok();
}

}  // namespace

plugins::index_params index_params_of(const collection_spec& spec, const vector_spec& vector) {
  plugins::index_params params;
  params.hnsw = spec.hnsw_for(vector);
  params.fast = params.hnsw.preset == index_preset::fast;
  if (const auto& codes = spec.quantization_for(vector)) {
    params.quantizer = codes->quantizer();
    params.quantizer_bits = codes->quantizer_bits();
  }
  return params;
}

result<void> try_indexes(const collection_spec& spec, const plugins::registry& plugins) {
  for (const auto& vector : spec.vectors) {
    const auto tried = try_index(spec, vector, plugins);
    if (!tried)
      return error(tried.error().code,
                   (vector.name.empty() ? std::string("vectors") : "vector '" + vector.name + "'") +
                       ": " + tried.error().message);
  }
  return ok();
}

std::uint64_t index_row_bytes(const plugins::index& index, std::uint64_t indexed,
                              const vector_spec& vector, const hnsw_config& hnsw) {
  if (index.scans()) return 0;
  if (indexed >= rows_that_tell) return index.bytes() / indexed + 1;
  const auto raw = static_cast<double>(vector.size) * sizeof(float);
  const bool fast = hnsw.preset == index_preset::fast;
  return static_cast<std::uint64_t>(raw * (fast ? fast_part : balanced_part)) + link_bytes * hnsw.m;
}

}  // namespace thespis::actors
