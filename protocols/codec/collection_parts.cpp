// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/collection_parts.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>

#include "core/limits.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

using kind = json_reader::kind;

constexpr auto any_uint32 = std::numeric_limits<std::uint32_t>::max();

/// What strict mode of the dialect bounds and is not offered here.
constexpr std::string_view other_rules[] = {"unindexed_filtering_retrieve",
                                            "unindexed_filtering_update",
                                            "max_collection_payload_size_bytes",
                                            "filter_max_conditions",
                                            "condition_max_size",
                                            "multivector_config",
                                            "sparse_config",
                                            "max_payload_index_count",
                                            "max_resident_memory_percent"};

void read_preset(json_reader& in, std::optional<index_preset>& out) {
  if (in.read_null()) return;
  const auto name = in.read_string();
  if (!in.ok()) return;
  out = parse_preset(name);
  if (!out)
    in.fail(errc::invalid_argument,
            "unknown preset '" + std::string(shown(name, 64)) + "', expected balanced or fast");
}

// A bound of at least 1; null: none.
std::optional<std::uint64_t> read_bound(json_reader& in) {
  if (in.read_null()) return std::nullopt;
  const auto value = in.read_unsigned();
  if (in.ok() && value == 0) in.fail(errc::invalid_argument, "0, expected at least 1");
  return value;
}

std::optional<float> read_factor(json_reader& in) {
  if (in.read_null()) return std::nullopt;
  const auto value = in.read_float();
  if (in.ok() && value < 1) in.fail(errc::invalid_argument, "it is less than 1");
  return value;
}

std::optional<bool> read_choice(json_reader& in) {
  if (in.read_null()) return std::nullopt;
  return in.read_bool();
}

void read_rule(json_reader& in, std::string_view key, strict_mode& out) {
  const auto* const count = std::find_if(std::begin(strict_counts), std::end(strict_counts),
                                         [&](const strict_count& one) { return one.name == key; });
  if (count != std::end(strict_counts))
    out.*count->at = read_bound(in);
  else if (key == "enabled")
    out.enabled = read_choice(in);
  else if (key == "search_allow_exact")
    out.search_allow_exact = read_choice(in);
  else if (key == "search_max_oversampling")
    out.search_max_oversampling = read_factor(in);
  else if (std::find(std::begin(other_rules), std::end(other_rules), key) != std::end(other_rules))
    require_null(in, key);
  else
    refuse_unknown(in, key);
}

}  // namespace

// Accepts null and the one value that holds here anyway.
void require_false(json_reader& in, std::string_view field) {
  if (!in.read_null() && in.read_bool())
    in.fail(errc::unsupported, "'" + std::string(field) + "': true is not offered");
}

void require_number(json_reader& in, std::string_view field, std::uint64_t offered) {
  if (in.read_null()) return;
  const auto value = in.read_unsigned();
  if (in.ok() && value != offered)
    in.fail(errc::unsupported, "'" + std::string(field) + "': " + std::to_string(value) +
                                   " is not offered, only " + std::to_string(offered));
}

void require_word(json_reader& in, std::string_view field, std::string_view offered) {
  if (in.read_null()) return;
  const auto value = in.read_string();
  if (in.ok() && value != offered)
    in.fail(errc::unsupported, "'" + std::string(field) + "': '" + std::string(shown(value, 64)) +
                                   "' is not offered, only '" + std::string(offered) + "'");
}

// Accepts null and an object or list without content.
void require_empty(json_reader& in, std::string_view field) {
  if (in.peek() == kind::object) {
    std::string_view key;
    if (!in.begin_object() || !in.next_key(key)) return;
    return in.fail(errc::unsupported, "'" + std::string(field) + "' is not offered; leave it out");
  }
  require_null(in, field);
}

void require_true(json_reader& in, std::string_view field) {
  if (!in.read_null() && !in.read_bool())
    in.fail(errc::unsupported, "'" + std::string(field) + "': false is not offered");
}

hnsw_change read_hnsw(json_reader& in) {
  hnsw_change out;
  if (in.read_null()) return out;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "m") {
      if (!in.read_null()) out.m = read_bounded(in, limits::hnsw_m_min, limits::hnsw_m_max);
    } else if (key == "ef_construct") {
      if (!in.read_null())
        out.ef_construct =
            read_bounded(in, limits::hnsw_ef_construct_min, limits::hnsw_ef_construct_max);
    } else if (key == "full_scan_threshold") {
      if (!in.read_null()) out.full_scan_threshold_kb = read_bounded(in, 0, any_uint32);
    } else if (key == "max_indexing_threads") {
      require_number(in, key, 0);
    } else if (key == "on_disk" || key == "inline_storage") {
      require_false(in, key);
    } else if (key == "payload_m") {
      require_number(in, key, 0);
    } else if (key == "preset") {
      read_preset(in, out.preset);
    } else {
      refuse_unknown(in, key);
    }
  }
  return out;
}

std::optional<element_type> read_datatype(json_reader& in) {
  if (in.read_null()) return std::nullopt;
  const auto name = in.read_string();
  if (!in.ok()) return std::nullopt;
  for (const auto known : {element_type::float32, element_type::float16, element_type::uint8})
    if (name == to_string(known)) return known;
  in.fail(errc::invalid_argument, "unknown datatype '" + std::string(shown(name, 64)) +
                                      "', expected float32, float16 or uint8");
  return std::nullopt;
}

std::optional<bool> read_modifier(json_reader& in) {
  if (in.read_null()) return std::nullopt;
  const auto name = in.read_string();
  if (in.ok() && name != "idf" && name != "none")
    in.fail(errc::invalid_argument,
            "unknown modifier '" + std::string(shown(name, 64)) + "', expected none or idf");
  return name == "idf";
}

std::optional<collection_limits> read_limits(json_reader& in) {
  if (in.read_null()) return std::nullopt;
  collection_limits out;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "max_points")
      out.max_points = read_bound(in);
    else if (key == "max_bytes")
      out.max_bytes = read_bound(in);
    else
      refuse_unknown(in, key);
  }
  return out;
}

std::optional<strict_mode> read_strict_mode(json_reader& in) {
  if (in.read_null()) return std::nullopt;
  strict_mode out;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) read_rule(in, key, out);
  return out;
}

void encode(json_writer& out, const strict_mode& rules) {
  out.begin_object();
  if (rules.enabled) out.key("enabled").boolean(*rules.enabled);
  for (const auto& one : strict_counts)
    if (const auto& count = rules.*one.at) out.key(one.name).number(*count);
  if (rules.search_allow_exact) out.key("search_allow_exact").boolean(*rules.search_allow_exact);
  if (rules.search_max_oversampling)
    out.key("search_max_oversampling").number(*rules.search_max_oversampling);
  out.end_object();
}

void encode(json_writer& out, const collection_limits& limits) {
  out.begin_object();
  if (limits.max_points) out.key("max_points").number(*limits.max_points);
  if (limits.max_bytes) out.key("max_bytes").number(*limits.max_bytes);
  out.end_object();
}

}  // namespace thespis::codec
