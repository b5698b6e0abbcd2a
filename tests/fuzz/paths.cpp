// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Targets of requests: routes, percent-encoding, options behind `?`, and ids in paths. The first
// byte of an input chooses the method, the rest is the target.

#include <string>

#include "core/collection_spec.hpp"
#include "core/limits.hpp"
#include "core/point_id.hpp"
#include "protocols/rest/query_options.hpp"
#include "protocols/rest/routes.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace thespis;
using namespace thespis::fuzz;

namespace {

void check_id(std::string_view segment) {
  const auto id = point_id::from_path(segment);
  if (!id) return require_refused_request(id.error());
  require(id->text().size() <= limits::string_id_bytes_max, "an id is bounded");
  // Quotes keep a string of digits a string.
  const auto again = point_id::from_path(id->is_string() ? '"' + id->text() + '"' : id->text());
  require(again && *again == *id, "an id is read again as it is written");
  const auto from_json = point_id::from_string(id->text());
  require(id->is_number() || (from_json && *from_json == *id), "an id is the same in JSON");
  require(std::hash<point_id>{}(*again) == std::hash<point_id>{}(*id), "equal ids hash alike");
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    ((out += '%') += digits[byte >> 4]) += digits[byte & 15];
  }
  return out;
}

void check_segment(std::string_view segment) {
  const auto text = rest::percent_decode(segment);
  if (!text) return require_refused_request(text.error());
  require(codec::is_utf8(*text), "a decoded segment is UTF-8");
  require(text->size() <= segment.size(), "decoding never makes text longer");
  const auto again = rest::percent_decode(percent_encode(*text));
  require(again && *again == *text, "a segment comes back as it was");
  check_id(*text);
  if (const auto named = validate_collection_name(*text); !named)
    require_refused_request(named.error());
}

void check_query(std::string_view query) {
  for (const auto kind : {rest::query_kind::none, rest::query_kind::read, rest::query_kind::write,
                          rest::query_kind::admin}) {
    const auto options = rest::parse_query(query, kind);
    if (!options)
      require_refused_request(options.error());
    else
      require(!options->timeout_s || *options->timeout_s > 0, "a deadline lies ahead");
  }
}

void check_route(http::request& incoming) {
  std::string allow;
  switch (rest::find_route(incoming, allow)) {
    case rest::match::found:
      require(incoming.route < rest::routes().size(), "a route is one of the table");
      for (const auto capture : incoming.captures)
        if (!capture.empty()) check_segment(capture);
      break;
    case rest::match::wrong_method:
      require(!allow.empty(), "a wrong method is told the right ones");
      break;
    case rest::match::unknown_path: break;
  }
}

}  // namespace

void thespis::fuzz::check_input(std::string_view input) {
  auto target = input;
  http::request incoming;
  incoming.method = static_cast<http::method>(take_byte(target) %
                                              (static_cast<unsigned>(http::method::other) + 1));
  incoming.target = target;
  check_route(incoming);
  check_query(rest::query_of(incoming.target));
  check_segment(target);
  check_id(target);
}
