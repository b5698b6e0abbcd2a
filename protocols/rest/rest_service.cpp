// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/rest/rest_service.hpp"

#include <algorithm>
#include <string>

#include "core/assert.hpp"
#include "core/log.hpp"
#include "core/printable.hpp"
#include "protocols/codec/binary_upload.hpp"
#include "protocols/rest/routes.hpp"
#include "protocols/rest/status.hpp"

namespace thespis::rest {

namespace {

// Units: seconds.
const std::vector<double> latency_bounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                            0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                            1,      2.5,     5,      10,    30};

std::string_view media_type(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return type;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// A body without a type is taken for JSON.
bool type_fits(const route& to, const http::request& incoming) {
  if (!incoming.has_body || to.body == body_kind::none) return true;
  const auto type = media_type(incoming.content_type);
  if (type.empty() || equals_ignoring_case(type, "application/json")) return true;
  return to.body == body_kind::json_or_binary && type == codec::binary_upload_type;
}

// Bodies are taken as they come: nothing is unpacked.
bool encoding_fits(const http::request& incoming) {
  return !incoming.has_body || incoming.content_encoding.empty() ||
         equals_ignoring_case(incoming.content_encoding, "identity");
}

// The path as a message names it.
std::string shown_path(const http::request& incoming) {
  constexpr std::size_t shown_bytes_max = 128;
  const std::string_view target = incoming.target;
  const auto path = target.substr(0, target.find('?'));
  return printable(path.substr(0, shown_bytes_max)) + (path.size() > shown_bytes_max ? "..." : "");
}

// What makes a request the same as an earlier one; options say only how it is to be answered.
fingerprint fingerprint_of(const call& in, const route& to) {
  fingerprint_maker maker;
  maker.add(to_string(to.method));
  maker.add(to.pattern);
  maker.add(in.collection);
  maker.add(in.id);
  maker.add(in.request.body);
  return maker.made();
}

result<void> read_idempotency_key(call& in, const route& to) {
  if (in.request.idempotency_keys == 0 || to.room != http::admission::write) return ok();
  if (in.request.idempotency_keys > 1)
    return error(errc::invalid_argument, "Idempotency-Key: it was sent " +
                                             std::to_string(in.request.idempotency_keys) +
                                             " times, expected once");
  auto once = std::make_shared<idempotency>();
  THESPIS_TRY(once->key, parse_idempotency_key(in.request.idempotency_key));
  once->request = fingerprint_of(in, to);
  in.write.once = std::move(once);
  return ok();
}

// The target's parts that the route left open, its options, and how a write is to be answered.
result<void> fill(call& in, const route& to) {
  std::string* const parts[] = {&in.collection, &in.id};
  for (std::size_t i = 0; i < std::size(parts); ++i) {
    if (in.request.captures[i].empty()) continue;
    THESPIS_TRY(*parts[i], percent_decode(in.request.captures[i]));
  }
  THESPIS_TRY(in.query, parse_query(query_of(in.request.target), to.query));
  if (in.query.timeout_s) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(*in.query.timeout_s);
    in.deadline = std::min(in.deadline, end);
  }
  in.write.wait = in.query.wait;
  return read_idempotency_key(in, to);
}

}  // namespace

rest_service::rest_service(std::shared_ptr<engine_client> engine, rest_options options)
    : engine_(std::move(engine)),
      options_(std::move(options)),
      bytes_in_(options_.metrics->counter("thespis_http_request_bytes_total",
                                          "Bytes of request bodies", {})),
      bytes_out_(options_.metrics->counter("thespis_http_response_bytes_total",
                                           "Bytes of answer bodies", {})) {
  THESPIS_ASSERT(engine_ != nullptr);
  for (const auto& one : routes())
    numbers_.push_back(make_numbers(std::string(one.name), std::string(to_string(one.method))));
  numbers_.push_back(make_numbers("none", "any"));
}

rest_service::route_numbers rest_service::make_numbers(const std::string& name,
                                                       const std::string& method) {
  auto& registry = *options_.metrics;
  const auto requests = [&](const char* status) {
    return registry.counter("thespis_http_requests_total", "Requests answered",
                            {{"route", name}, {"method", method}, {"status", status}});
  };
  return {
      requests("2xx"), requests("4xx"), requests("5xx"),
      registry.histogram("thespis_http_request_seconds", "Time from a request's head to its answer",
                         {{"route", name}}, latency_bounds)};
}

http::admission rest_service::admit(http::request& incoming, http::response& answer) {
  incoming.captures = {};
  incoming.adds_data = false;
  std::string allow;
  const auto found = find_route(incoming, allow);
  if (found == match::unknown_path) {
    refuse(404, "there is nothing at '" + shown_path(incoming) + "'", answer);
    return http::admission::refused;
  }
  if (found == match::wrong_method) {
    refuse(405, "'" + shown_path(incoming) + "' takes " + allow, answer);
    answer.allow = std::move(allow);
    return http::admission::refused;
  }
  const auto& to = routes()[incoming.route];
  if (!type_fits(to, incoming)) {
    refuse(415,
           "Content-Type '" + printable(incoming.content_type.substr(0, 64)) +
               (to.body == body_kind::json_or_binary
                    ? "': expected application/json or application/octet-stream"
                    : "': expected application/json"),
           answer);
    return http::admission::refused;
  }
  if (!encoding_fits(incoming)) {
    refuse(415,
           "Content-Encoding '" + printable(incoming.content_encoding.substr(0, 64)) +
               "': expected a body without encoding",
           answer);
    return http::admission::refused;
  }
  incoming.adds_data = to.adds_data;
  return to.room;
}

boost::asio::awaitable<void> rest_service::handle(http::request& incoming, http::response& answer) {
  const auto& to = routes()[incoming.route];
  call in{*engine_, options_, incoming, answer, {}, {}, {}, incoming.deadline, {}};
  if (const auto filled = fill(in, to); !filled) {
    answer_error(in, filled.error());
    co_return;
  }
  if (in.query.timeout_s && !in.collection.empty() && to.query != query_kind::admin) {
    // Of a collection that does not answer the handler tells, in the time that is left.
    const auto now = std::chrono::steady_clock::now();
    const auto half = now + (in.deadline - now) / 2;
    auto allowed = co_await engine_->allow_timeout(in.collection, *in.query.timeout_s, half);
    if (!allowed && allowed.error().code == errc::permission_denied) {
      answer_error(in, allowed.error());
      co_return;
    }
  }
  co_await to.run(in);
}

void rest_service::refuse(unsigned status, std::string_view message, http::response& answer) {
  answer.status = status;
  answer.content_type = "application/json";
  answer.body.clear();
  codec::json_writer out(answer.body);
  out.begin_object().key("status").begin_object();
  out.key("error").string(message);
  out.key("code").string(to_string(code_of_status(status)));
  out.end_object().key("time").number(0.0).end_object();
}

void rest_service::finished(const http::exchange& done) noexcept {
  const auto& asked = done.request;
  const auto status = done.response.status;
  const auto& numbers = numbers_[std::min(asked.route, numbers_.size() - 1)];
  numbers.seconds.observe(static_cast<double>(done.duration_ns) / 1e9);
  (status >= 500 ? numbers.failed : status >= 400 ? numbers.refused : numbers.succeeded).add();
  bytes_in_.add(static_cast<double>(done.body_bytes));
  bytes_out_.add(static_cast<double>(done.response.body.size()));
  // A probe that says "not ready" every second of a start has done its work.
  const bool probe =
      asked.route < routes().size() && routes()[asked.route].room == http::admission::open;
  const auto level = probe           ? log::level::debug
                     : status >= 500 ? log::level::warn
                     : status >= 400 ? log::level::info
                                     : log::level::debug;
  if (!log::enabled(level)) return;
  const log::field fields[] = {{"request_id", asked.id},
                               {"method", http::to_string(asked.method)},
                               {"target", asked.target},
                               {"status", status},
                               {"took_us", done.duration_ns / 1000},
                               {"bytes_in", done.body_bytes},
                               {"bytes_out", done.response.body.size()}};
  log::write(level, "http", "answered", fields);
}

}  // namespace thespis::rest
