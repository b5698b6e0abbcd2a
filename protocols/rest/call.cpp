// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/rest/call.hpp"

#include <algorithm>
#include <chrono>

#include "protocols/rest/status.hpp"

namespace thespis::rest {

namespace {

constexpr auto probe_patience = std::chrono::seconds(2);

void write_time(codec::json_writer& out, std::int64_t started_ns) {
  const auto took_ns = started_ns == 0 ? 0 : steady_time_ns() - started_ns;
  out.key("time").number(static_cast<double>(took_ns) / 1e9);
}

}  // namespace

engine_client::deadline probe_deadline(const call& in) {
  return std::min(in.deadline, std::chrono::steady_clock::now() + probe_patience);
}

void finish_envelope(std::string& out, std::int64_t started_ns) {
  out += ",\"status\":\"ok\",";
  codec::json_writer writer(out);
  write_time(writer, started_ns);
  out += '}';
}

void answer_error(http::response& answer, const error& failure, std::int64_t started_ns) {
  answer.status = http_status(failure.code);
  answer.content_type = "application/json";
  const bool passes = failure.code == errc::conflict;
  if (answer.status == 503 || answer.status == 429 || passes) answer.retry_after_s = 1;
  answer.body.clear();
  codec::json_writer out(answer.body);
  out.begin_object().key("status").begin_object();
  out.key("error").string(failure.message);
  out.key("code").string(to_string(failure.code));
  out.end_object();
  write_time(out, started_ns);
  out.end_object();
}

void answer_error(call& from, const error& failure) {
  answer_error(from.response, failure, from.request.started_ns);
}

}  // namespace thespis::rest
