// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/command.hpp"

#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iostream>

#include "apps/client/endpoint.hpp"
#include "core/printable.hpp"

namespace thespis::apps {

namespace {

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void print_row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size()) line.append(widths[i] - characters_in(cells[i]) + 2, ' ');
  }
  std::cout << line << '\n';
}

}  // namespace

int report(const error& failure) {
  // In one piece: a server's log writes to the same place.
  std::cerr << "thespis: " + printable(failure.message) + "\n";
  switch (failure.code) {
    case errc::unavailable:
    case errc::timeout: return exit_unreachable;
    case errc::cancelled: return exit_interrupted;
    case errc::invalid_argument:
    case errc::dimension_mismatch:
    case errc::not_found:
    case errc::already_exists:
    case errc::failed_precondition:
    case errc::conflict:
    case errc::unsupported:
    case errc::too_large:
    case errc::resource_exhausted:
    case errc::unauthenticated:
    case errc::permission_denied:
    case errc::corruption:
    case errc::io:
    case errc::plugin:
    case errc::internal:
    case errc::key_reused: return exit_failure;
    case errc::rate_limited: return exit_failure;
  }
  return exit_failure;
}

void add_connection_flags(CLI::App& app, connection_flags& flags) {
  app.add_option("--url", flags.url, "Server, http://HOST[:PORT]; the port is 6333 unless given")
      ->envname("THESPIS_URL")
      ->capture_default_str();
  app.add_option("--api-key", flags.api_key,
                 "Key of the server; better in the environment, where other users do not see it")
      ->envname("THESPIS_API_KEY");
  app.add_option("--timeout", flags.timeout_s, "Seconds to wait for one answer")
      ->check(CLI::Range(1u, 3600u))
      ->capture_default_str();
}

client::client_options client_options_of(const connection_flags& flags) {
  client::client_options options;
  options.api_key = flags.api_key;
  options.request_timeout_ms = flags.timeout_s * 1000;
  return options;
}

result<client::http_client> connect(const connection_flags& flags) {
  // Anything else would end or forge the header that carries it.
  for (const char c : flags.api_key)
    if (c <= ' ' || c > '~')
      return error(errc::invalid_argument,
                   "--api-key: expected visible ASCII characters without spaces");
  THESPIS_TRY(auto server, client::parse_endpoint(flags.url));
  return client::http_client(std::move(server), client_options_of(flags));
}

void add_progress_flags(CLI::App& app, progress_flags& flags) {
  auto* progress = app.add_flag("--progress", flags.progress,
                                "Show progress on standard error even if that is no terminal");
  app.add_flag("--quiet", flags.quiet, "Print nothing but failures")->excludes(progress);
}

importer::progress_mode progress_mode_of(const progress_flags& flags) {
  if (flags.quiet) return importer::progress_mode::off;
  if (::isatty(STDERR_FILENO) == 1) return importer::progress_mode::terminal;
  return flags.progress ? importer::progress_mode::lines : importer::progress_mode::off;
}

void print_table(const std::vector<std::string>& headings,
                 const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> shown;
  std::vector<std::size_t> widths;
  for (const auto& heading : headings) widths.push_back(heading.size());
  for (const auto& row : rows) {
    auto& cells = shown.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      cells.push_back(printable(row[i]));
      widths[i] = std::max(widths[i], characters_in(cells.back()));
    }
  }
  print_row(headings, widths);
  for (const auto& cells : shown) print_row(cells, widths);
}

void print_json(const boost::json::value& value) {
  std::cout << boost::json::serialize(value) << '\n';
}

}  // namespace thespis::apps
