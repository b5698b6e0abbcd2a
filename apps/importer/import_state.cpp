// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/import_state.hpp"

#include "apps/dump/state_file.hpp"
#include "core/limits.hpp"
#include "protocols/codec/json_reader.hpp"
#include "protocols/codec/json_writer.hpp"

namespace thespis::importer {

namespace {

constexpr std::uint64_t version = 1;

}  // namespace

result<std::string> describe_import(const std::vector<std::filesystem::path>& files,
                                    const std::string& collection_uuid, const std::string& flags) {
  std::string out = "collection " + collection_uuid + ", " + flags;
  for (const auto& file : files) {
    if (file.empty()) continue;
    std::error_code failure;
    const auto bytes = std::filesystem::file_size(file, failure);
    if (failure) return error(errc::io, file.string() + ": " + failure.message());
    const auto time = std::filesystem::last_write_time(file, failure);
    if (failure) return error(errc::io, file.string() + ": " + failure.message());
    out += ", " + std::to_string(bytes) + " bytes of " +
           std::to_string(time.time_since_epoch().count());
  }
  return out;
}

result<void> save(const import_state& state, const std::filesystem::path& to) {
  std::string text;
  codec::json_writer out(text);
  out.begin_object();
  out.key("thespis_import_state").number(version);
  out.key("of").string(state.of);
  out.key("row").number(state.row);
  out.end_object();
  return dump::write_state(to, text + "\n");
}

result<std::optional<import_state>> load_import_state(const std::filesystem::path& from) {
  THESPIS_TRY(const auto text, dump::read_state(from));
  if (!text) return std::optional<import_state>();
  import_state out;
  std::uint64_t found = 0;
  codec::json_reader in(*text, limits::json_depth_max);
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "thespis_import_state")
      found = in.read_unsigned();
    else if (key == "of")
      out.of = in.read_string();
    else if (key == "row")
      out.row = in.read_unsigned();
    else
      in.skip();
  }
  const auto done = in.finish();
  if (!done || found != version)
    return error(errc::corruption, from.string() + ": no state of an import" +
                                       (done ? std::string() : ": " + done.error().message) +
                                       "; --restart begins again");
  return std::optional(std::move(out));
}

}  // namespace thespis::importer
