// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_collection.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/limits.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/quantization.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

using kind = json_reader::kind;

constexpr auto any_uint32 = std::numeric_limits<std::uint32_t>::max();

// A change to graph parameters; what is unset is inherited.
struct hnsw_diff {
  std::optional<std::uint32_t> m;
  std::optional<std::uint32_t> ef_construct;
  std::optional<std::uint32_t> full_scan_threshold_kb;
  std::optional<index_preset> preset;

  [[nodiscard]] bool empty() const {
    return !m && !ef_construct && !full_scan_threshold_kb && !preset;
  }
  [[nodiscard]] hnsw_config over(const hnsw_config& base) const {
    return {m.value_or(base.m), ef_construct.value_or(base.ef_construct),
            full_scan_threshold_kb.value_or(base.full_scan_threshold_kb),
            preset.value_or(base.preset)};
  }
};

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

void read_preset(json_reader& in, std::optional<index_preset>& out) {
  if (in.read_null()) return;
  const auto name = in.read_string();
  if (!in.ok()) return;
  out = parse_preset(name);
  if (!out)
    in.fail(errc::invalid_argument,
            "unknown preset '" + std::string(shown(name, 64)) + "', expected balanced or fast");
}

hnsw_diff read_hnsw(json_reader& in) {
  hnsw_diff out;
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

struct vector_draft {
  vector_spec spec;
  hnsw_diff hnsw;
};

void read_distance(json_reader& in, vector_spec& out) {
  const auto name = in.read_string();
  if (!in.ok()) return;
  const auto metric = parse_distance(name);
  if (!metric)
    return in.fail(errc::invalid_argument, "unknown distance '" + std::string(shown(name, 64)) +
                                               "', expected Cosine, Dot, Euclid or Manhattan");
  out.metric = *metric;
}

void read_datatype(json_reader& in, element_type& out) {
  if (in.read_null()) return;
  const auto name = in.read_string();
  if (!in.ok()) return;
  for (const auto known : {element_type::float32, element_type::float16, element_type::uint8}) {
    if (name != to_string(known)) continue;
    out = known;
    return;
  }
  in.fail(errc::invalid_argument, "unknown datatype '" + std::string(shown(name, 64)) +
                                      "', expected float32, float16 or uint8");
}

// Whether points have several rows.
bool read_multivector(json_reader& in) {
  if (in.read_null()) return false;
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key != "comparator") {
      refuse_unknown(in, key);
      break;
    }
    require_word(in, key, "max_sim");
    filled = true;
  }
  if (!filled) refuse_missing(in, "comparator");
  return true;
}

void read_vector_params(json_reader& in, vector_draft& out) {
  std::string_view key;
  bool has_size = false;
  bool has_distance = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "size") {
      out.spec.size = read_bounded(in, 1, limits::dimension_max);
      has_size = true;
    } else if (key == "distance") {
      read_distance(in, out.spec);
      has_distance = true;
    } else if (key == "hnsw_config") {
      out.hnsw = read_hnsw(in);
    } else if (key == "index") {
      if (!in.read_null()) out.spec.index = in.read_string();
    } else if (key == "on_disk") {
      if (!in.read_null()) out.spec.on_disk = in.read_bool();
    } else if (key == "quantization_config") {
      out.spec.quantization = read_quantization(in);
    } else if (key == "datatype") {
      read_datatype(in, out.spec.elements);
    } else if (key == "multivector_config") {
      out.spec.multivector = read_multivector(in);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!has_size) refuse_missing(in, "size");
  if (!has_distance) refuse_missing(in, "distance");
}

// One vector's parameters hold plain values under "size" and "distance"; a map holds objects.
bool is_single(json_reader& in) {
  const auto start = in.here();
  std::string_view key;
  bool single = false;
  in.begin_object();
  // More names than there may be are refused when they are read.
  for (std::size_t i = 0; i <= limits::vector_names_max && in.next_key(key); ++i) {
    if ((key == "size" || key == "distance") && in.peek() != kind::object) single = true;
    in.skip();
  }
  in.rewind(start);
  return single;
}

void read_vectors_config(json_reader& in, std::vector<vector_draft>& out) {
  out.clear();
  if (in.peek() != kind::object) return in.fail_expected("an object");
  if (is_single(in)) return read_vector_params(in, out.emplace_back());
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (out.size() == limits::vector_names_max)
      return in.fail(errc::invalid_argument,
                     "more vectors than " + std::to_string(limits::vector_names_max));
    auto& draft = out.emplace_back();
    draft.spec.name = key;
    read_vector_params(in, draft);
  }
  std::sort(out.begin(), out.end(),
            [](const vector_draft& a, const vector_draft& b) { return a.spec.name < b.spec.name; });
}

void read_sparse_index(json_reader& in, sparse_vector_spec& out) {
  if (in.read_null()) return;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "full_scan_threshold") {
      if (!in.read_null()) out.full_scan_threshold = read_bounded(in, 0, any_uint32);
    } else if (key == "on_disk") {
      require_false(in, key);
    } else if (key == "datatype") {
      read_datatype(in, out.elements);
    } else {
      refuse_unknown(in, key);
    }
  }
}

void read_modifier(json_reader& in, sparse_vector_spec& out) {
  if (in.read_null()) return;
  const auto name = in.read_string();
  out.idf = name == "idf";
  if (in.ok() && name != "idf" && name != "none")
    in.fail(errc::invalid_argument,
            "unknown modifier '" + std::string(shown(name, 64)) + "', expected none or idf");
}

void read_sparse_vectors(json_reader& in, std::vector<sparse_vector_spec>& out) {
  out.clear();
  if (in.read_null()) return;
  std::string_view name;
  std::string_view key;
  in.begin_object();
  while (in.next_key(name)) {
    if (out.size() == limits::vector_names_max)
      return in.fail(errc::invalid_argument,
                     "more vectors than " + std::to_string(limits::vector_names_max));
    auto& vector = out.emplace_back();
    vector.name = name;
    in.begin_object();
    while (in.next_key(key)) {
      if (key == "index")
        read_sparse_index(in, vector);
      else if (key == "modifier")
        read_modifier(in, vector);
      else
        refuse_unknown(in, key);
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

bool read_placement(json_reader& in, std::string_view key) {
  if (key == "shard_number" || key == "replication_factor" || key == "write_consistency_factor") {
    require_number(in, key, 1);
  } else if (key == "sharding_method") {
    require_word(in, key, "auto");
  } else if (key == "on_disk_payload") {
    if (!in.read_null() && !in.read_bool())
      in.fail(errc::unsupported, "'on_disk_payload': false is not offered");
  } else if (key == "wal_config" || key == "optimizers_config" || key == "strict_mode_config" ||
             key == "metadata") {
    require_empty(in, key);
  } else {
    return false;
  }
  return true;
}

}  // namespace

result<collection_spec> decode_collection(std::string_view body, std::size_t depth_max) {
  json_reader in(body, depth_max);
  collection_spec spec;
  std::vector<vector_draft> drafts;
  hnsw_diff hnsw;
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "vectors") {
      read_vectors_config(in, drafts);
      filled = true;
    } else if (key == "sparse_vectors") {
      read_sparse_vectors(in, spec.sparse_vectors);
    } else if (key == "hnsw_config") {
      hnsw = read_hnsw(in);
    } else if (key == "quantization_config") {
      spec.quantization = read_quantization(in);
    } else if (!read_placement(in, key)) {
      refuse_unknown(in, key);
    }
  }
  // Sparse vectors alone are enough.
  if (!filled && spec.sparse_vectors.empty()) refuse_missing(in, "vectors");
  THESPIS_CHECK(in.finish());
  spec.hnsw = hnsw.over(spec.hnsw);
  for (auto& draft : drafts) {
    if (!draft.hnsw.empty()) draft.spec.hnsw = draft.hnsw.over(spec.hnsw);
    spec.vectors.push_back(std::move(draft.spec));
  }
  THESPIS_CHECK(validate(spec));
  return spec;
}

}  // namespace thespis::codec
