// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Every JSON body that the codec reads. The first byte of an input says which; the rest is the
// body. What was accepted is written in the same dialect and must be read as the same.

#include <cmath>
#include <string>
#include <variant>

#include "core/limits.hpp"
#include "protocols/codec/collection_changes.hpp"
#include "protocols/codec/decode_change.hpp"
#include "protocols/codec/decode_collection.hpp"
#include "protocols/codec/decode_filter.hpp"
#include "protocols/codec/decode_points.hpp"
#include "protocols/codec/decode_query.hpp"
#include "protocols/codec/decode_updates.hpp"
#include "protocols/codec/encode.hpp"
#include "protocols/codec/quantization.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/write_filter.hpp"
#include "tests/fuzz/write_operations.hpp"

using namespace thespis;
using namespace thespis::fuzz;
using codec::json_writer;

namespace {

constexpr std::size_t depth_max = 32;

using thespis::fuzz::write;

void write_ids(json_writer& out, const std::vector<point_id>& ids) {
  out.begin_array();
  for (const auto& id : ids) codec::encode(out, id);
  out.end_array();
}

void write_names(json_writer& out, const std::vector<std::string>& names) {
  out.begin_array();
  for (const auto& name : names) out.string(name);
  out.end_array();
}

void write(json_writer& out, const payload_selector& selector) {
  if (!selector.enabled || (selector.include.empty() && selector.exclude.empty())) {
    out.boolean(selector.enabled);
    return;
  }
  out.begin_object();
  if (!selector.include.empty()) write_names(out.key("include"), selector.include);
  if (!selector.exclude.empty()) write_names(out.key("exclude"), selector.exclude);
  out.end_object();
}

void write(json_writer& out, const vector_selector& selector) {
  if (!selector.enabled || selector.names.empty())
    out.boolean(selector.enabled);
  else
    write_names(out, selector.names);
}

void write(json_writer& out, const std::vector<alias_action>& actions) {
  using kind = alias_action::kind;
  out.begin_object().key("actions").begin_array();
  for (const auto& action : actions) {
    const bool renames = action.what == kind::rename;
    const char* const name = renames                       ? "rename_alias"
                             : action.what == kind::create ? "create_alias"
                                                           : "delete_alias";
    out.begin_object().key(name).begin_object();
    out.key(renames ? "old_alias_name" : "alias_name").string(action.alias);
    if (action.what != kind::remove)
      out.key(renames ? "new_alias_name" : "collection_name").string(action.to);
    out.end_object().end_object();
  }
  out.end_array().end_object();
}

void write(json_writer& out, const upsert_request& request) {
  write_fields(out.begin_object(), request);
  out.end_object();
}

void write(json_writer& out, const delete_request& request) {
  write_fields(out.begin_object(), request);
  out.end_object();
}

void write(json_writer& out, const batch_request& request) { write_batch(out, request); }

void write(json_writer& out, const retrieve_request& request) {
  write_ids(out.begin_object().key("ids"), request.ids);
  write(out.key("with_payload"), request.with_payload);
  write(out.key("with_vector"), request.with_vector);
  out.end_object();
}

void write_page(json_writer& out, const scroll_request& request) {
  require(request.limit >= 1 && request.limit <= limits::limit_max, "a page is bounded");
  out.begin_object().key("limit").number(request.limit);
  if (request.offset) codec::encode(out.key("offset"), *request.offset);
}

void write(json_writer& out, const scroll_request& request) {
  write_page(out, request);
  write(out.key("with_payload"), request.with_payload);
  write(out.key("with_vector"), request.with_vector);
  out.end_object();
}

void write_search(json_writer& out, const search_request& request) {
  require(request.limit >= 1 && request.limit <= limits::limit_max, "hits are bounded");
  require(request.offset <= limits::offset_max, "the offset is bounded");
  out.begin_object().key("query");
  if (const auto* id = std::get_if<point_id>(&request.target))
    codec::encode(out, *id);
  else
    out.floats(std::get<0>(request.target).values);
  out.key("using").string(request.vector_name);
  out.key("limit").number(request.limit).key("offset").number(request.offset);
  if (request.score_threshold) {
    require(std::isfinite(*request.score_threshold), "numbers are finite");
    out.key("score_threshold").number(*request.score_threshold);
  }
  write(out.key("with_payload"), request.with_payload);
  write(out.key("with_vector"), request.with_vector);
  out.key("params").begin_object();
  if (request.hnsw_ef) out.key("hnsw_ef").number(*request.hnsw_ef);
  out.key("exact").boolean(request.exact).key("indexed_only").boolean(request.indexed_only);
  out.key("quantization").begin_object();
  out.key("ignore").boolean(request.codes.ignore).key("rescore").boolean(request.codes.rescore);
  if (request.codes.oversampling) {
    require(*request.codes.oversampling >= 1, "oversampling is bounded");
    out.key("oversampling").number(*request.codes.oversampling);
  }
  out.end_object().end_object().end_object();
}

void write(json_writer& out, const search_request& request) { write_search(out, request); }

void write(json_writer& out, const search_batch_request& request) {
  require(request.searches.size() <= limits::queries_per_batch_max, "a batch is bounded");
  out.begin_object().key("searches").begin_array();
  for (const auto& one : request.searches) write_search(out, one);
  out.end_array().end_object();
}

void write_hnsw(json_writer& out, const hnsw_config& hnsw) {
  out.begin_object().key("m").number(hnsw.m).key("ef_construct").number(hnsw.ef_construct);
  out.key("full_scan_threshold").number(hnsw.full_scan_threshold_kb);
  out.key("preset").string(to_string(hnsw.preset)).end_object();
}

void write(json_writer& out, const collection_spec& spec) {
  require(static_cast<bool>(validate(spec)), "what was read is valid");
  out.begin_object().key("vectors").begin_object();
  for (const auto& vector : spec.vectors) {
    out.key(vector.name).begin_object();
    out.key("size").number(vector.size).key("distance").string(to_string(vector.metric));
    out.key("index").string(vector.index).key("on_disk").boolean(vector.on_disk);
    if (vector.hnsw) write_hnsw(out.key("hnsw_config"), *vector.hnsw);
    codec::encode(out.key("quantization_config"), vector.quantization);
    out.end_object();
  }
  out.end_object();
  write_hnsw(out.key("hnsw_config"), spec.hnsw);
  codec::encode(out.key("quantization_config"), spec.quantization);
  out.end_object();
}

template <class Request>
std::string text(const Request& request) {
  std::string body;
  json_writer out(body);
  write(out, request);
  return body;
}

// `read` is how the input is read, `read_plain` reads what we write.
template <class Read, class ReadPlain>
void round_trip(std::string_view body, Read read, ReadPlain read_plain) {
  const auto first = read(body, depth_max);
  if (!first) return require_refused_request(first.error());
  const auto once = text(*first);
  const auto second = read_plain(once, depth_max);
  require(static_cast<bool>(second), "what was written can be read");
  require(text(*second) == once, "a request is stable after one round");
}

template <class Read>
void round_trip(std::string_view body, Read read) {
  round_trip(body, read, read);
}

template <class Read>
void check(std::string_view body, Read read) {
  if (const auto done = read(body, depth_max); !done) require_refused_request(done.error());
}

// Whether a point with something of every kind passes.
bool passes(const filter& asked) {
  static const point_id id(7);
  return matches(asked, filter_subject(id,
                                       R"({"a":[1,2.5,"b c",null,true,{"b":{"lon":1,"lat":-2}}],
                                           "b":"2024-05-06T07:08:09Z","c":{"a":[[],[{"b":1}]]},
                                           "lon":13,"d":[],"e":null,"f":[{"lon":1,"lat":2}]})",
                                       {"", "v"}));
}

void check_filter(std::string_view body) {
  const auto read = [](std::string_view text) -> result<filter> {
    codec::json_reader in(text, depth_max);
    auto made = codec::read_filter(in);
    THESPIS_CHECK(in.finish());
    return made;
  };
  const auto first = read(body);
  if (!first) return require_refused_request(first.error());
  const auto once = text(*first);
  const auto second = read(once);
  require(static_cast<bool>(second), "a filter that was written can be read");
  require(text(*second) == once, "a filter is stable after one round");
  require(passes(*first) == passes(*second), "a filter means the same after one round");
}

void read_batch(std::string_view body) {
  round_trip(body, codec::decode_batch);
  if (const auto batch = codec::decode_batch(body, depth_max)) check_edits(*batch);
}

}  // namespace

void thespis::fuzz::check_input(std::string_view input) {
  auto body = input;
  switch (take_byte(body)) {
    case 'c': round_trip(body, codec::decode_collection); break;
    case 'i': check(body, codec::decode_nothing); break;
    case 'a': round_trip(body, codec::decode_alias_actions); break;
    case 'm': check(body, codec::decode_new_name); break;
    case 'h': check(body, codec::decode_change); break;
    case 'u': round_trip(body, codec::decode_upsert); break;
    case 'd': round_trip(body, codec::decode_delete); break;
    case 'b': read_batch(body); break;
    case 'r': round_trip(body, codec::decode_retrieve); break;
    case 's': round_trip(body, codec::decode_scroll); break;
    case 'p': check(body, codec::decode_ids_page); break;
    case 'n': check(body, codec::decode_count); break;
    case 'q': round_trip(body, codec::decode_query); break;
    case 'Q': round_trip(body, codec::decode_query_batch); break;
    case 'o': round_trip(body, codec::decode_search, codec::decode_query); break;
    case 'O': round_trip(body, codec::decode_search_batch, codec::decode_query_batch); break;
    case 'f': check_filter(body); break;
    default: break;
  }
}
