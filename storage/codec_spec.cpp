// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/codec_spec.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

#include "storage/codec_fields.hpp"

namespace thespis::storage::codec::detail {

namespace {

// Bits that say which optional parts of a quantization follow, and what the last of them is.
constexpr std::uint8_t has_quantile = 1;
constexpr std::uint8_t has_always_ram = 2;
constexpr std::uint8_t always_ram_is_true = 4;

// Bits of a vector's options.
constexpr std::uint8_t option_on_disk = 1;

// Bits of a sparse vector's options.
constexpr std::uint8_t sparse_idf = 1;
constexpr std::uint8_t sparse_has_threshold = 2;

void write_hnsw(byte_writer& out, const hnsw_config& config) {
  out.u32(config.m);
  out.u32(config.ef_construct);
  out.u32(config.full_scan_threshold_kb);
  out.u8(static_cast<std::uint8_t>(config.preset));
}

result<hnsw_config> read_hnsw(byte_reader& in, std::uint8_t format, std::string_view what) {
  hnsw_config config;
  config.m = in.u32();
  config.ef_construct = in.u32();
  config.full_scan_threshold_kb = in.u32();
  if (format < 2) return config;
  const auto preset = in.u8();
  if (!in.good()) return corrupt(what, "ends within graph parameters");
  if (preset < 1 || preset > 2) return newer(what, "preset", preset);
  config.preset = static_cast<index_preset>(preset);
  return config;
}

// Kind 0 stands for none asked for.
void write_quantization(byte_writer& out, const std::optional<quantization_config>& asked) {
  if (!asked) return out.u8(0);
  out.u8(static_cast<std::uint8_t>(asked->kind));
  out.u32(asked->bits);
  out.u8(static_cast<std::uint8_t>((asked->quantile ? has_quantile : 0) |
                                   (asked->always_ram ? has_always_ram : 0) |
                                   (asked->always_ram == true ? always_ram_is_true : 0)));
  if (asked->quantile) out.u32(std::bit_cast<std::uint32_t>(*asked->quantile));
}

result<std::optional<quantization_config>> read_quantization(byte_reader& in,
                                                             std::string_view what) {
  std::optional<quantization_config> asked;
  const auto kind = in.u8();
  if (!in.good()) return corrupt(what, "ends in front of a quantization");
  if (kind == 0) return asked;
  if (kind > 3) return newer(what, "quantization", kind);
  asked.emplace();
  asked->kind = static_cast<quantization_kind>(kind);
  asked->bits = in.u32();
  const auto parts = in.u8();
  if (parts > (has_quantile | has_always_ram | always_ram_is_true))
    return newer(what, "quantization options", parts);
  if ((parts & has_quantile) != 0) asked->quantile = std::bit_cast<float>(in.u32());
  if ((parts & has_always_ram) != 0) asked->always_ram = (parts & always_ram_is_true) != 0;
  if (!in.good()) return corrupt(what, "ends within a quantization");
  return asked;
}

result<void> read_options(byte_reader& in, vector_spec& out, std::string_view what) {
  THESPIS_TRY(out.quantization, read_quantization(in, what));
  const auto options = in.u8();
  if (!in.good()) return corrupt(what, "ends within a vector's description");
  if (options > option_on_disk) return newer(what, "vector options", options);
  out.on_disk = (options & option_on_disk) != 0;
  return ok();
}

result<vector_spec> read_vector_spec(byte_reader& in, std::uint8_t format, std::string_view what) {
  vector_spec vector;
  vector.name = read_name(in);
  const auto shape = in.u8();
  const auto elements = in.u8();
  const auto metric = in.u8();
  vector.size = in.u32();
  vector.index = read_name(in);
  const bool has_hnsw = in.u8() != 0;
  if (!in.good()) return corrupt(what, "ends within a vector's description");
  const bool multivector = shape == static_cast<std::uint8_t>(vector_shape::multivector);
  if (!multivector && shape != static_cast<std::uint8_t>(vector_shape::dense))
    return newer(what, "vector shape", shape);
  vector.multivector = multivector;
  if (elements < 1 || elements > 3) return newer(what, "element type", elements);
  if (metric < 1 || metric > 4) return newer(what, "distance", metric);
  vector.elements = static_cast<element_type>(elements);
  vector.metric = static_cast<distance>(metric);
  if (has_hnsw) {
    THESPIS_TRY(vector.hnsw, read_hnsw(in, format, what));
  }
  if (format >= 2) THESPIS_CHECK(read_options(in, vector, what));
  if (!in.good()) return corrupt(what, "ends within a vector's description");
  return vector;
}

// Bits of what a collection refuses.
constexpr std::uint8_t limits_points = 1;
constexpr std::uint8_t limits_bytes = 2;
constexpr std::uint8_t has_strict = 4;
constexpr std::uint8_t strict_said = 8;  // whether it is enabled
constexpr std::uint8_t strict_enabled = 16;
constexpr std::uint8_t exact_said = 32;  // whether exact searches are allowed
constexpr std::uint8_t exact_allowed = 64;
constexpr std::uint8_t has_oversampling = 128;

void write_rules(byte_writer& out, const collection_spec& spec) {
  const auto strict = spec.strict.value_or(strict_mode());
  std::uint8_t parts = 0;
  if (spec.limits.max_points) parts |= limits_points;
  if (spec.limits.max_bytes) parts |= limits_bytes;
  if (spec.strict) parts |= has_strict;
  if (strict.enabled) parts |= strict_said;
  if (strict.holds()) parts |= strict_enabled;
  if (strict.search_allow_exact) parts |= exact_said;
  if (strict.search_allow_exact.value_or(false)) parts |= exact_allowed;
  if (strict.search_max_oversampling) parts |= has_oversampling;
  out.u8(parts);
  if (spec.limits.max_points) out.u64(*spec.limits.max_points);
  if (spec.limits.max_bytes) out.u64(*spec.limits.max_bytes);
  if (strict.search_max_oversampling)
    out.u32(std::bit_cast<std::uint32_t>(*strict.search_max_oversampling));
  std::uint32_t counts = 0;
  for (std::size_t i = 0; i < std::size(strict_counts); ++i)
    if (strict.*strict_counts[i].at) counts |= 1u << i;
  out.u32(counts);
  for (const auto& one : strict_counts)
    if (const auto& count = strict.*one.at) out.u64(*count);
}

result<void> read_rules(byte_reader& in, collection_spec& spec, std::string_view what) {
  const auto parts = in.u8();
  if ((parts & limits_points) != 0) spec.limits.max_points = in.u64();
  if ((parts & limits_bytes) != 0) spec.limits.max_bytes = in.u64();
  strict_mode strict;
  if ((parts & strict_said) != 0) strict.enabled = (parts & strict_enabled) != 0;
  if ((parts & exact_said) != 0) strict.search_allow_exact = (parts & exact_allowed) != 0;
  if ((parts & has_oversampling) != 0)
    strict.search_max_oversampling = std::bit_cast<float>(in.u32());
  const auto counts = in.u32();
  if (!in.good()) return corrupt(what, "ends within the limits of a collection");
  if (counts >= 1u << std::size(strict_counts)) return newer(what, "strict mode", counts);
  for (std::size_t i = 0; i < std::size(strict_counts); ++i)
    if ((counts & 1u << i) != 0) strict.*strict_counts[i].at = in.u64();
  if (!in.good()) return corrupt(what, "ends within the limits of a collection");
  if ((parts & has_strict) != 0) spec.strict = strict;
  return ok();
}

void write_sparse(byte_writer& out, const std::vector<sparse_vector_spec>& vectors) {
  out.u16(static_cast<std::uint16_t>(vectors.size()));
  for (const auto& vector : vectors) {
    write_name(out, vector.name);
    out.u8(static_cast<std::uint8_t>(vector.elements));
    out.u8(static_cast<std::uint8_t>((vector.idf ? sparse_idf : 0) |
                                     (vector.full_scan_threshold ? sparse_has_threshold : 0)));
    if (vector.full_scan_threshold) out.u32(*vector.full_scan_threshold);
  }
}

result<std::vector<sparse_vector_spec>> read_sparse(byte_reader& in, std::string_view what) {
  std::vector<sparse_vector_spec> vectors;
  const std::size_t count = in.u16();
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    auto& vector = vectors.emplace_back();
    vector.name = read_name(in);
    const auto elements = in.u8();
    const auto options = in.u8();
    if (!in.good()) break;
    if (elements < 1 || elements > 3) return newer(what, "element type", elements);
    if (options > (sparse_idf | sparse_has_threshold))
      return newer(what, "sparse vector options", options);
    vector.elements = static_cast<element_type>(elements);
    vector.idf = (options & sparse_idf) != 0;
    if ((options & sparse_has_threshold) != 0) vector.full_scan_threshold = in.u32();
  }
  if (!in.good()) return corrupt(what, "ends within a sparse vector's description");
  return vectors;
}

}  // namespace

void write_spec(byte_writer& out, const collection_spec& spec) {
  write_hnsw(out, spec.hnsw);
  write_quantization(out, spec.quantization);
  out.u16(static_cast<std::uint16_t>(spec.vectors.size()));
  for (const auto& vector : spec.vectors) {
    write_name(out, vector.name);
    out.u8(static_cast<std::uint8_t>(vector.multivector ? vector_shape::multivector
                                                        : vector_shape::dense));
    out.u8(static_cast<std::uint8_t>(vector.elements));
    out.u8(static_cast<std::uint8_t>(vector.metric));
    out.u32(vector.size);
    write_name(out, vector.index);
    out.u8(vector.hnsw ? 1 : 0);
    if (vector.hnsw) write_hnsw(out, *vector.hnsw);
    write_quantization(out, vector.quantization);
    out.u8(vector.on_disk ? option_on_disk : 0);
  }
  write_sparse(out, spec.sparse_vectors);
  for (const auto& vector : spec.vectors) out.u32(vector.revision);
  out.u32(static_cast<std::uint32_t>(spec.metadata.size()));
  out.raw(spec.metadata);
  write_rules(out, spec);
}

result<collection_spec> read_spec(byte_reader& in, std::uint8_t format, std::string_view what) {
  collection_spec spec;
  THESPIS_TRY(spec.hnsw, read_hnsw(in, format, what));
  if (format >= 2) {
    THESPIS_TRY(spec.quantization, read_quantization(in, what));
  }
  const std::size_t count = in.u16();
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    THESPIS_TRY(auto vector, read_vector_spec(in, format, what));
    spec.vectors.push_back(std::move(vector));
  }
  if (format >= 3) {
    THESPIS_TRY(spec.sparse_vectors, read_sparse(in, what));
  }
  if (format >= 4) {
    for (auto& vector : spec.vectors) vector.revision = in.u32();
    spec.metadata = std::string(in.raw(in.u32()));
    if (!in.good()) return corrupt(what, "ends in front of the limits of a collection");
    THESPIS_CHECK(read_rules(in, spec, what));
  }
  return spec;
}

void write_places(byte_writer& out, const collection_spec& spec) {
  const auto write_mark = [&](const slot_mark& mark) {
    out.u32(mark.generation);
    out.u32(mark.end);
  };
  const auto write_place = [&](const vector_place& place) {
    out.u32(place.number);
    write_mark(place.added);
  };
  for (const auto& vector : spec.vectors) write_place(vector.place);
  for (const auto& vector : spec.sparse_vectors) write_place(vector.place);
  out.u32(spec.next_number);
  write_mark(spec.dropped);
}

void read_places(byte_reader& in, std::uint8_t format, collection_spec& spec) {
  if (format < 4) {
    // Files were named by ordinals; those of sparse vectors are of another kind.
    for (std::uint32_t i = 0; i < spec.vectors.size(); ++i) spec.vectors[i].place.number = i;
    for (std::uint32_t i = 0; i < spec.sparse_vectors.size(); ++i)
      spec.sparse_vectors[i].place.number = i;
    spec.next_number =
        static_cast<std::uint32_t>(std::max(spec.vectors.size(), spec.sparse_vectors.size()));
    return;
  }
  const auto read_mark = [&](slot_mark& mark) {
    mark.generation = in.u32();
    mark.end = in.u32();
  };
  const auto read_place = [&](vector_place& place) {
    place.number = in.u32();
    read_mark(place.added);
  };
  for (auto& vector : spec.vectors) read_place(vector.place);
  for (auto& vector : spec.sparse_vectors) read_place(vector.place);
  spec.next_number = in.u32();
  read_mark(spec.dropped);
}

}  // namespace thespis::storage::codec::detail
