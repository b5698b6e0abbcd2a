// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/exporter/collection_pages.hpp"

#include <algorithm>

#include "apps/client/api.hpp"
#include "apps/dump/json_slices.hpp"
#include "core/limits.hpp"
#include "protocols/codec/json_reader.hpp"

namespace thespis::exporter {

namespace {

constexpr std::size_t page_bytes_wanted = 16u << 20;

result<void> append_line(std::string_view record, std::string& out) {
  std::string id;
  std::string vector;
  std::string payload;
  std::string_view key;
  codec::json_reader in(record, limits::json_depth_max);
  const auto read = [&](std::string& to) {
    if (!in.read_null()) in.read_compact(to, limits::import_line_bytes_max);
  };
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "id") {
      read(id);
    } else if (key == "vector") {
      read(vector);
    } else if (key == "payload") {
      read(payload);
    } else {
      in.skip();
    }
  }
  THESPIS_CHECK(in.finish());
  if (id.empty()) return error(errc::invalid_argument, "a point without an id");
  out += "{\"id\":" + id + ",\"vector\":";
  out += vector.empty() ? "{}" : vector;
  out += ",\"payload\":";
  out += payload.empty() ? "{}" : payload;
  out += "}\n";
  return ok();
}

}  // namespace

result<page> page_of(std::string_view answer) {
  const auto foreign = [](const error& failure) {
    return error(errc::io,
                 "the page of points is not that of a Thespis server: " + failure.message);
  };
  const auto members = dump::json_members(answer);
  if (!members) return foreign(members.error());
  const auto result_members = dump::json_members(dump::member_of(*members, "result"));
  if (!result_members) return foreign(result_members.error());
  const auto points = dump::json_elements(dump::member_of(*result_members, "points"));
  if (!points) return foreign(points.error());
  page out;
  out.lines.reserve(answer.size());
  for (const auto& point : *points) THESPIS_CHECK(append_line(point, out.lines));
  out.points = points->size();
  const auto next = dump::member_of(*result_members, "next_page_offset");
  if (next != "null") out.next = next;
  if (out.points == 0 && !out.next.empty())
    return foreign(error(errc::io, "an empty page that is not the last one"));
  return out;
}

collection_pages::collection_pages(client::http_client& client, const std::string& collection,
                                   std::size_t points)
    : client_(client),
      target_(client::collection_path(collection) + "/points/scroll"),
      points_(points) {}

result<page> collection_pages::read(const std::string& from) {
  for (;;) {
    auto body =
        "{\"limit\":" + std::to_string(points_) + ",\"with_payload\":true,\"with_vector\":true";
    if (!from.empty()) body += ",\"offset\":" + from;
    body += '}';
    client::http_request request;
    request.method = client::method::post;
    request.target = target_;
    request.body = body;
    const auto answer = client::fetch(client_, request);
    if (answer) {
      if (answer->size() > page_bytes_wanted)
        points_ = std::max<std::size_t>(points_ * page_bytes_wanted / answer->size(), 1);
      return page_of(*answer);
    }
    if (answer.error().code != errc::too_large || points_ == 1) return answer.error();
    points_ = std::max<std::size_t>(points_ / 4, 1);
  }
}

}  // namespace thespis::exporter
