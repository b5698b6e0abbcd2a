// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_change.hpp"

#include <limits>
#include <string>

#include "core/limits.hpp"
#include "protocols/codec/collection_parts.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/quantization.hpp"

namespace thespis::codec {

namespace {

constexpr auto any_uint32 = std::numeric_limits<std::uint32_t>::max();

// Reads an object of `read` by the names of vectors.
template <class Change, class Read>
void read_by_name(json_reader& in, std::vector<Change>& out, const Read& read) {
  if (in.read_null()) return;
  std::string_view name;
  in.begin_object();
  while (in.next_key(name)) {
    if (out.size() == limits::vector_names_max)
      return in.fail(errc::invalid_argument,
                     "more vectors than " + std::to_string(limits::vector_names_max));
    out.push_back(Change{std::string(name)});
    read(in, out.back());
  }
}

void read_vector_change(json_reader& in, vector_change& out) {
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "hnsw_config") {
      if (!in.read_null()) out.hnsw = read_hnsw(in);
    } else if (key == "quantization_config") {
      out.quantization = read_quantization(in);
    } else if (key == "on_disk") {
      if (!in.read_null()) out.on_disk = in.read_bool();
    } else {
      refuse_unknown(in, key);
    }
  }
}

void read_sparse_index(json_reader& in, sparse_vector_change& out) {
  if (in.read_null()) return;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "full_scan_threshold") {
      if (!in.read_null()) out.full_scan_threshold = read_bounded(in, 0, any_uint32);
    } else if (key == "on_disk") {
      require_false(in, key);
    } else if (key == "datatype") {
      out.elements = read_datatype(in);
    } else {
      refuse_unknown(in, key);
    }
  }
}

void read_sparse_change(json_reader& in, sparse_vector_change& out) {
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "index")
      read_sparse_index(in, out);
    else if (key == "modifier")
      out.idf = read_modifier(in);
    else
      refuse_unknown(in, key);
  }
}

// What holds on one machine anyway.
void read_params(json_reader& in) {
  if (in.read_null()) return;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "replication_factor" || key == "write_consistency_factor")
      require_number(in, key, 1);
    else if (key == "read_fan_out_factor" || key == "read_fan_out_delay_ms")
      require_number(in, key, 0);
    else if (key == "on_disk_payload")
      require_true(in, key);
    else
      refuse_unknown(in, key);
  }
}

}  // namespace

result<collection_change> decode_change(std::string_view body, std::size_t depth_max) {
  json_reader in(body, depth_max);
  collection_change out;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "vectors") {
      read_by_name(in, out.vectors, read_vector_change);
    } else if (key == "sparse_vectors") {
      read_by_name(in, out.sparse_vectors, read_sparse_change);
    } else if (key == "hnsw_config") {
      out.hnsw = read_hnsw(in);
    } else if (key == "quantization_config") {
      out.quantization = read_quantization(in);
    } else if (key == "params") {
      read_params(in);
    } else if (key == "optimizers_config") {
      require_empty(in, key);
    } else if (key == "strict_mode_config") {
      out.strict = read_strict_mode(in);
    } else if (key == "limits") {
      out.limits = read_limits(in);
    } else if (key == "metadata") {
      if (!in.read_null()) out.metadata = read_payload(in);
    } else {
      refuse_unknown(in, key);
    }
  }
  THESPIS_CHECK(in.finish());
  return out;
}

}  // namespace thespis::codec
