// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Configuration. The first byte of an input says what the rest is: a TOML text, variables of the
// environment (NAME=VALUE, one a line), a listen address, a size or a name that is looked up.

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "config/document.hpp"
#include "config/listen_address.hpp"
#include "config/load.hpp"
#include "config/nearest.hpp"
#include "config/setting.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace thespis;
using namespace thespis::fuzz;

namespace {

// Without its comments, which take most of the time to read. A value never begins a line.
std::string without_comments(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (text[at] != '#') out.append(text, at, end - at) += '\n';
    at = end + 1;
  }
  return out;
}

// Settings that were accepted are documented as a file that means the same.
void check_settings(config::settings accepted) {
  boost::system::error_code failure;
  boost::json::parse(config::document_json(accepted), failure);
  require(!failure, "settings are JSON");
  accepted.security.api_key.clear();  // which is hidden where settings are shown
  const auto text = without_comments(config::document(accepted));
  config::settings again;
  const auto read = config::read_toml(text, "again", again);
  require(static_cast<bool>(read), read ? "" : read.error().message);
  require(config::document_json(again) == config::document_json(accepted),
          "settings come back as they were");
}

void read_toml(std::string_view text) {
  config::settings into;
  if (const auto read = config::read_toml(text, "file", into); !read)
    return require_fault_of_caller(read.error());
  if (const auto checked = config::check(into); !checked) require_fault_of_caller(checked.error());
  check_settings(into);
}

void read_environment(std::string_view text) {
  config::sources from;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto equals = std::min(line.find('='), line.size());
    from.environment.emplace_back(line.substr(0, equals),
                                  line.substr(std::min(line.size(), equals + 1)));
  }
  const auto loaded = config::load(from);
  if (!loaded) return require_fault_of_caller(loaded.error());
  check_settings(*loaded);
}

void read_address(std::string_view text) {
  const auto address = config::parse_listen_address(text);
  if (!address) return require_fault_of_caller(address.error());
  const bool brackets = address->host.find(':') != std::string::npos;
  const auto written =
      (brackets ? '[' + address->host + ']' : address->host) + ':' + std::to_string(address->port);
  const auto again = config::parse_listen_address(written);
  require(again && again->host == address->host && again->port == address->port,
          "an address comes back as it was");
  (void)config::is_loopback(address->host);
}

void read_size(std::string_view text) {
  const auto bytes = config::parse_bytes(text);
  if (!bytes) return require_fault_of_caller(bytes.error());
  const auto again = config::parse_bytes(std::to_string(*bytes));
  require(again && *again == *bytes, "a size comes back as it was");
}

void look_up(std::string_view name) {
  std::vector<std::string> known;
  for (const auto& row : config::all_settings()) known.push_back(row.name());
  const auto found = config::nearest(name, known);
  const auto distance = config::edit_distance(name, found);
  require(distance <= std::max(name.size(), found.size()), "a distance is bounded by the lengths");
  require(distance == config::edit_distance(found, name), "a distance is the same both ways");
}

}  // namespace

void thespis::fuzz::check_input(std::string_view input) {
  switch (take_byte(input)) {
    case 't': read_toml(input); break;
    case 'e': read_environment(input); break;
    case 'a': read_address(input); break;
    case 'b': read_size(input); break;
    case 'n': look_up(input); break;
    default: break;
  }
}
