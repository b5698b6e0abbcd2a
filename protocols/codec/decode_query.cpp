// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_query.hpp"

#include <string>

#include "core/limits.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/quantization.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

using kind = json_reader::kind;

void read_target(json_reader& in, search_request& out) {
  switch (in.peek()) {
    case kind::number:
    case kind::string: out.target = read_point_id(in); return;
    case kind::array:
    case kind::object: read_vector(in, out.target.emplace<named_vector>()); return;
    default: in.fail_expected("a vector or a point id");
  }
}

// A sparse vector stands where objects of other kinds of queries do.
bool is_sparse(json_reader& in) {
  const auto start = in.here();
  std::string_view key;
  const bool sparse =
      in.begin_object() && in.next_key(key) && (key == "indices" || key == "values");
  in.rewind(start);
  return sparse;
}

void read_query_object(json_reader& in, search_request& out) {
  if (is_sparse(in)) return read_target(in, out);
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "nearest") {
      read_target(in, out);
      filled = true;
    } else if (key == "mmr") {
      require_null(in, key);
    } else {
      in.fail(errc::unsupported, "the query kind '" + std::string(shown(key, 64)) +
                                     "' is not offered, only a vector, a point id or 'nearest'");
    }
  }
  if (!filled) refuse_missing(in, "nearest");
}

void read_params(json_reader& in, search_request& out) {
  if (in.read_null()) return;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "hnsw_ef") {
      if (!in.read_null()) out.hnsw_ef = read_bounded(in, 1, limits::hnsw_ef_max);
    } else if (key == "exact") {
      if (!in.read_null()) out.exact = in.read_bool();
    } else if (key == "indexed_only") {
      if (!in.read_null()) out.indexed_only = in.read_bool();
    } else if (key == "quantization") {
      out.codes = read_code_use(in);
    } else if (key == "acorn") {
      require_null(in, key);
    } else {
      refuse_unknown(in, key);
    }
  }
}

// What both forms of a search share.
bool read_search_field(json_reader& in, std::string_view key, search_request& out) {
  if (key == "limit") {
    if (!in.read_null()) out.limit = read_bounded(in, 1, limits::limit_max);
  } else if (key == "offset") {
    if (!in.read_null()) out.offset = read_bounded(in, 0, limits::offset_max);
  } else if (key == "score_threshold") {
    if (!in.read_null()) out.score_threshold = in.read_float();
  } else if (key == "with_payload") {
    out.with_payload = read_payload_selector(in, false);
  } else if (key == "with_vector") {
    out.with_vector = read_vector_selector(in, false);
  } else if (key == "params") {
    read_params(in, out);
  } else if (key == "filter") {
    require_no_filter(in);
  } else if (key == "shard_key" || key == "lookup_from") {
    require_null(in, key);
  } else {
    return false;
  }
  return true;
}

void read_query(json_reader& in, search_request& out) {
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "query") {
      if (in.read_null()) continue;
      in.peek() == kind::object ? read_query_object(in, out) : read_target(in, out);
      filled = true;
    } else if (key == "using") {
      if (!in.read_null()) out.vector_name = in.read_string();
    } else if (key == "prefetch") {
      require_null(in, key);
    } else if (!read_search_field(in, key, out)) {
      refuse_unknown(in, key);
    }
  }
  if (!filled && in.ok())
    in.fail(errc::unsupported,
            "a query without 'query' is not offered; points/scroll lists points by id");
}

void read_named_vector(json_reader& in, search_request& out) {
  if (in.peek() != kind::object) return read_vector(in, out.target.emplace<named_vector>());
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "name") {
      out.vector_name = in.read_string();
    } else if (key == "vector") {
      read_vector(in, out.target.emplace<named_vector>());
      filled = true;
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!filled) refuse_missing(in, "vector");
}

void read_search(json_reader& in, search_request& out) {
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "vector") {
      read_named_vector(in, out);
      filled = true;
    } else if (!read_search_field(in, key, out)) {
      refuse_unknown(in, key);
    }
  }
  if (!filled) refuse_missing(in, "vector");
}

using read_one = void (*)(json_reader&, search_request&);

result<search_request> decode_one(std::string_view body, std::size_t depth_max, read_one read) {
  json_reader in(body, depth_max);
  search_request out;
  read(in, out);
  THESPIS_CHECK(in.finish());
  return out;
}

result<search_batch_request> decode_many(std::string_view body, std::size_t depth_max,
                                         read_one read) {
  json_reader in(body, depth_max);
  search_batch_request out;
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key != "searches") {
      refuse_unknown(in, key);
      break;
    }
    filled = true;
    in.begin_array_of(limits::queries_per_batch_max, "searches");
    while (in.next_element()) read(in, out.searches.emplace_back());
  }
  if (!filled) refuse_missing(in, "searches");
  THESPIS_CHECK(in.finish());
  return out;
}

}  // namespace

result<search_request> decode_query(std::string_view body, std::size_t depth_max) {
  return decode_one(body, depth_max, read_query);
}

result<search_batch_request> decode_query_batch(std::string_view body, std::size_t depth_max) {
  return decode_many(body, depth_max, read_query);
}

result<search_request> decode_search(std::string_view body, std::size_t depth_max) {
  return decode_one(body, depth_max, read_search);
}

result<search_batch_request> decode_search_batch(std::string_view body, std::size_t depth_max) {
  return decode_many(body, depth_max, read_search);
}

}  // namespace thespis::codec
