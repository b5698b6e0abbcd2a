// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/exporter/export_state.hpp"

#include "core/limits.hpp"
#include "protocols/codec/json_reader.hpp"
#include "protocols/codec/json_writer.hpp"

namespace thespis::exporter {

namespace {

constexpr std::uint64_t version = 1;

}  // namespace

std::string encode_state(const export_state& state) {
  std::string text;
  codec::json_writer out(text);
  out.begin_object();
  out.key("thespis_export_state").number(version);
  out.key("collection").string(state.collection);
  out.key("uuid").string(state.uuid);
  out.key("create").raw(state.create);
  out.key("bytes").number(state.bytes);
  out.key("points").number(state.position.points);
  out.key("complete").boolean(state.position.complete);
  out.key("next").raw(state.position.next.empty() ? "null" : state.position.next);
  out.end_object();
  return text + "\n";
}

result<export_state> decode_state(std::string_view text) {
  export_state out;
  std::uint64_t found = 0;
  codec::json_reader in(text, limits::json_depth_max);
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "thespis_export_state") {
      found = in.read_unsigned();
    } else if (key == "collection") {
      out.collection = in.read_string();
    } else if (key == "uuid") {
      out.uuid = in.read_string();
    } else if (key == "create") {
      in.read_compact(out.create, limits::import_line_bytes_max);
    } else if (key == "bytes") {
      out.bytes = in.read_unsigned();
    } else if (key == "points") {
      out.position.points = in.read_unsigned();
    } else if (key == "complete") {
      out.position.complete = in.read_bool();
    } else if (key == "next") {
      if (!in.read_null()) in.read_compact(out.position.next, limits::import_line_bytes_max);
    } else {
      in.skip();
    }
  }
  THESPIS_CHECK(in.finish());
  if (found != version)
    return error(errc::invalid_argument, "state of format " + std::to_string(found) +
                                             ", expected " + std::to_string(version));
  return out;
}

}  // namespace thespis::exporter
