// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "protocols/codec/encode_health.hpp"
#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

namespace {

/// Names that a probe lists.
constexpr std::size_t names_max = 16;
/// Kept of a request's time for the answer after a check that did not end in time.
constexpr auto answer_time = std::chrono::seconds(1);

void answer_text(call& in, unsigned status, std::string_view text) {
  in.response.status = status;
  in.response.content_type = "text/plain; charset=utf-8";
  in.response.body = text;
}

// Anybody may ask, so the answer has no reasons, which name files.
void encode(codec::json_writer& out, std::string_view status, const engine_readiness& state) {
  out.begin_object();
  out.key("status").string(status);
  out.key("collections").number(state.collections);
  out.key("loaded").number(state.collections - state.loading.size() - state.quarantined.size());
  out.key("loading").begin_array();
  for (std::size_t i = 0; i < std::min(state.loading.size(), names_max); ++i) {
    out.begin_object().key("name").string(state.loading[i].name);
    out.key("share").number(state.loading[i].share).end_object();
  }
  out.end_array();
  out.key("quarantined").begin_array();
  for (std::size_t i = 0; i < std::min(state.quarantined.size(), names_max); ++i)
    out.string(state.quarantined[i].name);
  out.end_array();
  out.key("validation").begin_object();
  out.key("status").string(state.validating ? "checking" : to_string(state.validation));
  out.key("share").number(state.validated);
  out.end_object().end_object();
}

}  // namespace

answered alive(call& in) {
  answer_text(in, 200, "alive\n");
  co_return;
}

answered ready(call& in) {
  engine_readiness state;
  std::string_view status = "stopping";
  if (!in.options.stopping || !in.options.stopping()) {
    auto told = co_await in.engine.readiness(probe_deadline(in));
    if (told) state = std::move(*told);
    status = !told ? "silent" : state.ready ? "ready" : "starting";
  }
  in.response.status = status == "ready" ? 200 : 503;
  in.response.content_type = "application/json";
  if (status == "starting") in.response.retry_after_s = 1;
  in.response.body.clear();
  codec::json_writer out(in.response.body);
  encode(out, status, state);
}

// A check that does not end in time goes on; the answer tells how far it is and what it has found.
answered deep_health(call& in) {
  const auto now = std::chrono::steady_clock::now();
  const auto patience = std::max(in.deadline - answer_time, now + (in.deadline - now) / 2);
  auto found = co_await in.engine.check_health(patience);
  if (!found && found.error().code == errc::timeout) found = co_await in.engine.health(in.deadline);
  if (!found) co_return answer_error(in, found.error());
  answer(in, [&](codec::json_writer& out) { codec::encode(out, **found); });
  if ((*found)->state() == health_state::damaged) in.response.status = 503;
}

}  // namespace thespis::rest::handlers
