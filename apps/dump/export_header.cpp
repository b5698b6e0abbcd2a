// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/dump/export_header.hpp"

#include <charconv>
#include <utility>

#include "apps/dump/json_slices.hpp"
#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "protocols/codec/json_reader.hpp"
#include "protocols/codec/json_writer.hpp"

namespace thespis::dump {

namespace {

constexpr std::string_view mark = "{\"thespis_export\":";
constexpr std::size_t count_digits = 20;  // of the largest 64-bit number

// Not part of what a collection is created with: how this server stores every collection.
bool is_fixed(std::string_view key) { return key == "optimizer_config" || key == "wal_config"; }

// Members that say something; `params` is taken out, since creation has its members one level up.
void append_members(const std::vector<json_member>& members, std::string& out) {
  for (const auto& [key, value] : members) {
    if (key == "params" || is_fixed(key) || value == "null" || value == "{}") continue;
    if (out.size() > 1) out += ',';
    ((out += '"') += key) += "\":";
    out += value;
  }
}

result<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure != std::errc{} || end != text.data() + text.size() || text.empty())
    return error(errc::invalid_argument,
                 "expected a number, found '" + std::string(text.substr(0, 64)) + "'");
  return out;
}

// A bound of strict mode, where it is on and has that bound.
result<void> read_bound(const std::vector<json_member>& strict, std::string_view key,
                        std::uint64_t& bound) {
  const auto text = member_of(strict, key);
  if (member_of(strict, "enabled") != "true" || text.empty() || text == "null") return ok();
  THESPIS_TRY(bound, number_of(text));
  return ok();
}

}  // namespace

std::string encode_header(const export_header& header) {
  std::string out(mark);
  out += std::to_string(export_version) + ",\"collection\":";
  append_json_string(header.collection, out);
  const auto digits = std::to_string(header.points);
  out += ",\"points\":" + digits + ",\"create\":" + header.create + "}";
  out.append(count_digits - digits.size(), ' ');
  return out + "\n";
}

bool is_header(std::string_view line) noexcept { return line.starts_with(mark); }

result<export_header> decode_header(std::string_view line) {
  export_header out;
  std::uint64_t version = 0;
  codec::json_reader in(line, limits::json_depth_max);
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "thespis_export") {
      version = in.read_unsigned();
      if (in.ok() && version != export_version)
        return error(errc::unsupported, "export format " + std::to_string(version) +
                                            "; this program reads format " +
                                            std::to_string(export_version));
    } else if (key == "collection") {
      out.collection = in.read_string();
    } else if (key == "points") {
      out.points = in.read_unsigned();
    } else if (key == "create") {
      in.read_compact(out.create, limits::import_line_bytes_max);
    } else {
      in.fail(errc::invalid_argument, "unknown field '" + std::string(key.substr(0, 64)) + "'");
    }
  }
  THESPIS_CHECK(in.finish());
  if (out.collection.empty() || !out.create.starts_with('{'))
    return error(errc::invalid_argument,
                 "the header lacks the collection's name or its parameters");
  return out;
}

result<described_collection> decode_description(std::string_view answer) {
  const auto foreign = [](const error& failure) {
    return error(errc::io, "the description of the collection is not that of a Thespis server: " +
                               failure.message);
  };
  const auto members = json_members(answer);
  if (!members) return foreign(members.error());
  const auto info = json_members(member_of(*members, "result"));
  if (!info) return foreign(info.error());
  const auto config = json_members(member_of(*info, "config"));
  if (!config) return foreign(config.error());
  const auto params = json_members(member_of(*config, "params"));
  if (!params) return foreign(params.error());
  described_collection out;
  const auto uuid = member_of(*info, "uuid");
  if (uuid.size() > 2) out.uuid = uuid.substr(1, uuid.size() - 2);
  if (const auto text = member_of(*info, "points_count"); !text.empty() && text != "null") {
    const auto points = number_of(text);
    if (!points) return foreign(points.error());
    out.points = *points;
  }
  if (const auto text = member_of(*config, "strict_mode_config"); text.starts_with('{')) {
    const auto strict = json_members(text);
    if (!strict) return foreign(strict.error());
    for (const auto& [key, bound] : {std::pair{"max_query_limit", &out.query_points_max},
                                     std::pair{"upsert_max_batchsize", &out.upsert_points_max}})
      if (const auto known = read_bound(*strict, key, *bound); !known)
        return foreign(known.error());
  }
  out.create = "{";
  append_members(*params, out.create);
  append_members(*config, out.create);
  out.create += "}";
  return out;
}

}  // namespace thespis::dump
