// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_collection.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/limits.hpp"
#include "protocols/codec/collection_parts.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/quantization.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

using kind = json_reader::kind;

constexpr auto any_uint32 = std::numeric_limits<std::uint32_t>::max();

struct vector_draft {
  vector_spec spec;
  hnsw_change hnsw;
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
      out.spec.elements = read_datatype(in).value_or(out.spec.elements);
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
      out.elements = read_datatype(in).value_or(out.elements);
    } else {
      refuse_unknown(in, key);
    }
  }
}

bool read_sparse_param(json_reader& in, std::string_view key, sparse_vector_spec& out) {
  if (key == "index")
    read_sparse_index(in, out);
  else if (key == "modifier")
    out.idf = read_modifier(in).value_or(false);
  else
    return false;
  return true;
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
    while (in.next_key(key))
      if (!read_sparse_param(in, key, vector)) refuse_unknown(in, key);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

// The dialect has the datatype beside the modifier here.
void read_new_sparse(json_reader& in, sparse_vector_spec& out) {
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "datatype")
      out.elements = read_datatype(in).value_or(out.elements);
    else if (!read_sparse_param(in, key, out))
      refuse_unknown(in, key);
  }
}

bool read_placement(json_reader& in, std::string_view key) {
  if (key == "shard_number" || key == "replication_factor" || key == "write_consistency_factor") {
    require_number(in, key, 1);
  } else if (key == "sharding_method") {
    require_word(in, key, "auto");
  } else if (key == "on_disk_payload") {
    require_true(in, key);
  } else if (key == "wal_config" || key == "optimizers_config") {
    require_empty(in, key);
  } else {
    return false;
  }
  return true;
}

// What a user says of a collection that no vector needs.
bool read_rules(json_reader& in, std::string_view key, collection_spec& spec) {
  if (key == "metadata") {
    spec.metadata = read_payload(in).json;
    if (spec.metadata == "{}") spec.metadata.clear();
  } else if (key == "limits") {
    spec.limits = read_limits(in).value_or(collection_limits());
  } else if (key == "strict_mode_config") {
    spec.strict = read_strict_mode(in);
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
  hnsw_change hnsw;
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
    } else if (!read_placement(in, key) && !read_rules(in, key, spec)) {
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

result<collection_change> decode_new_vector(std::string_view body, const std::string& name,
                                            std::size_t depth_max) {
  json_reader in(body, depth_max);
  collection_change out;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (!out.added.empty() || !out.added_sparse.empty()) {
      in.fail(errc::invalid_argument, "expected either 'dense' or 'sparse'");
    } else if (key == "dense") {
      vector_draft draft;
      draft.spec.name = name;
      read_vector_params(in, draft);
      out.added.push_back({std::move(draft.spec), draft.hnsw});
    } else if (key == "sparse") {
      read_new_sparse(in, out.added_sparse.emplace_back());
      out.added_sparse.back().name = name;
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!out.reshapes()) refuse_missing(in, "dense");
  THESPIS_CHECK(in.finish());
  return out;
}

}  // namespace thespis::codec
