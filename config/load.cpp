// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/load.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "config/listen_address.hpp"
#include "config/nearest.hpp"
#include "config/setting.hpp"
#include "core/limits.hpp"

namespace thespis::config {

namespace {

constexpr std::string_view variable_prefix = "THESPIS__";

result<std::string> read_file(const std::filesystem::path& file) {
  std::error_code failure;
  if (std::filesystem::is_directory(file, failure))
    return error(errc::io, file.string() + ": is a folder, expected a TOML file");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return error(errc::io, file.string() + ": " + std::strerror(errno));
  std::string text(limits::config_file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return error(errc::io, file.string() + ": " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > limits::config_file_bytes_max)
    return error(errc::too_large, file.string() + ": more than " +
                                      std::to_string(limits::config_file_bytes_max) + " bytes");
  return text;
}

error at_origin(const std::string& origin, const setting& row, const error& failure) {
  return error(failure.code, origin + ": " + row.name() + ": " + failure.message);
}

result<void> apply_environment(const sources& from, settings& to) {
  std::vector<std::string> known;
  for (const auto& row : all_settings()) known.push_back(row.variable());
  for (const auto& [name, value] : from.environment) {
    if (!name.starts_with(variable_prefix)) continue;
    const setting* found = nullptr;
    for (const auto& row : all_settings())
      if (row.variable() == name) found = &row;
    if (found == nullptr)
      return error(errc::invalid_argument, "unknown environment variable '" + name +
                                               "'; the nearest known one is '" +
                                               nearest(name, known) + "'");
    if (const auto done = assign_text(*found, value, to); !done)
      return at_origin("environment variable " + name, *found, done.error());
  }
  return ok();
}

result<void> apply_flags(const sources& from, settings& to) {
  for (const auto& flag : from.flags) {
    const auto* row = find_setting(flag.section, flag.key);
    if (row == nullptr)
      return error(errc::internal,
                   "flag " + flag.flag + " has no setting " + flag.section + "." + flag.key);
    if (const auto done = assign_text(*row, flag.text, to); !done)
      return at_origin("flag " + flag.flag, *row, done.error());
  }
  return ok();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> process_environment() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos || !entry.starts_with(variable_prefix)) continue;
    out.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return out;
}

result<void> check(const settings& all) {
  THESPIS_TRY(const auto address, parse_listen_address(all.server.listen));
  if (all.security.api_key.empty() && !is_loopback(address.host))
    return error(errc::invalid_argument,
                 "server.listen: '" + all.server.listen +
                     "' can be reached by other machines; set security.api_key (or "
                     "THESPIS__SECURITY__API_KEY), or listen on 127.0.0.1");
  if (all.server.request_bytes_in_flight_max < all.server.request_bytes_max)
    return error(errc::invalid_argument,
                 "server.request_bytes_in_flight_max: " +
                     std::to_string(all.server.request_bytes_in_flight_max) +
                     " is refused: expected at least server.request_bytes_max, which is " +
                     std::to_string(all.server.request_bytes_max));
  return ok();
}

result<settings> load(const sources& from) {
  settings all;
  if (from.file) {
    THESPIS_TRY(const std::string text, read_file(*from.file));
    THESPIS_CHECK(read_toml(text, from.file->string(), all));
  }
  THESPIS_CHECK(apply_environment(from, all));
  THESPIS_CHECK(apply_flags(from, all));
  THESPIS_CHECK(check(all));
  return all;
}

}  // namespace thespis::config
