// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Requests as they come from the line: parsed whole and in pieces, which must end alike, and what
// the edge makes of the headers. The first byte of an input says how long the pieces are.

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <string>

#include "core/limits.hpp"
#include "protocols/http/access_rules.hpp"
#include "protocols/http/request_parser.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace thespis;
using namespace thespis::fuzz;
namespace beast_http = boost::beast::http;

namespace {

constexpr std::size_t body_bytes_max = 4096;

// What a session would know of a request.
struct outcome {
  http::request request;
  http::edge_headers headers;
  boost::beast::error_code failure;
  bool head_done = false;
  bool done = false;
  bool chunked = false;
  bool keep_alive = false;
  std::size_t used = 0;
};

// Feeds the parser as a session does: the head first, then the body, each piece after the last.
void parse(std::string_view input, std::size_t piece, outcome& out) {
  http::request_parser parser(out.request, out.headers, body_bytes_max);
  std::string waiting;
  std::size_t given = 0;
  while (!out.failure && !parser.is_done()) {
    const auto length = parser.is_header_done() ? parser.content_length() : boost::none;
    if (length && *length > body_bytes_max) break;  // refused before the body
    const auto before = waiting.size();
    const auto used = before == 0 ? 0 : parser.take(boost::asio::buffer(waiting), out.failure);
    waiting.erase(0, used);
    out.used += used;
    if (out.failure == beast_http::error::need_more) out.failure = {};
    if (parser.is_header_done()) parser.eager(true);
    if (used != 0) continue;
    if (given == input.size()) break;
    const auto more = input.substr(given, piece);
    given += more.size();
    waiting += more;
  }
  out.head_done = parser.is_header_done();
  out.done = parser.is_done();
  if (out.head_done) {
    out.chunked = parser.chunked();
    out.keep_alive = parser.keep_alive();
  }
  require(out.used <= limits::header_bytes_max || out.head_done || out.failure,
          "a head is bounded");
  require(out.request.body.size() <= body_bytes_max, "a body is bounded");
  require(parser.body_bytes() <= input.size() + body_bytes_max, "a body comes from the line");
}

bool alike(const outcome& a, const outcome& b) {
  return a.head_done == b.head_done && a.done == b.done && a.chunked == b.chunked &&
         a.keep_alive == b.keep_alive && a.request.method == b.request.method &&
         a.request.target == b.request.target && a.request.body == b.request.body &&
         a.request.content_type == b.request.content_type &&
         a.request.content_encoding == b.request.content_encoding &&
         a.headers.host == b.headers.host && a.headers.host_count == b.headers.host_count &&
         a.headers.origin == b.headers.origin && a.headers.api_key == b.headers.api_key &&
         a.headers.authorization == b.headers.authorization &&
         a.headers.version == b.headers.version &&
         a.headers.transfer_encoding == b.headers.transfer_encoding;
}

void judge(const http::edge_headers& headers) {
  static const config::server server = [] {
    config::server made;
    made.allowed_hosts = {"db.example"};
    made.allowed_origins = {"https://app.example"};
    return made;
  }();
  static const config::security security = [] {
    config::security made;
    made.api_key = "secret";
    return made;
  }();
  static const http::access_rules rules(server, security, "localhost", "127.0.0.1");
  if (rules.key_fits(headers.api_key, headers.authorization))
    require(headers.api_key == "secret" || headers.authorization.ends_with("secret"),
            "only the key opens");
  (void)rules.host_allowed(headers.host, "127.0.0.1");
  (void)rules.origin_allowed(headers.origin, "127.0.0.1");
}

}  // namespace

void thespis::fuzz::check_input(std::string_view input) {
  const auto first = take_byte(input);
  outcome whole;
  outcome pieces;
  parse(input, std::max<std::size_t>(input.size(), 1), whole);
  parse(input, first % 64 + std::size_t{1}, pieces);
  // A request that never ends may be refused sooner or later, as it comes.
  require(whole.done == pieces.done, "pieces end where the whole does");
  if (whole.done) require(alike(whole, pieces), "a request does not depend on its pieces");
  judge(whole.headers);
}
