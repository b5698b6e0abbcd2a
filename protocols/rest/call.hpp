// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "core/clock.hpp"
#include "protocols/codec/json_writer.hpp"
#include "protocols/http/message.hpp"
#include "protocols/rest/engine_client.hpp"
#include "protocols/rest/query_options.hpp"
#include "protocols/rest/rest_options.hpp"

namespace thespis::rest {

/// One request on its way through a handler, with what the route left open.
struct call {
  engine_client& engine;
  const rest_options& options;
  http::request& request;
  http::response& response;
  std::string collection;  ///< `{collection}` of the path.
  std::string id;          ///< `{id}` or `{vector}` of the path.
  query_options query;
  engine_client::deadline deadline;
  write_context write;  ///< Of a request that writes.
};

/// When probes and metrics must have answered: soon, or they say that they cannot.
[[nodiscard]] engine_client::deadline probe_deadline(const call& in);

/// Answers with the dialect's envelope for failures and the status of the error.
void answer_error(http::response& answer, const error& failure, std::int64_t started_ns);
void answer_error(call& from, const error& failure);

/// Closes the envelope that `answer` opened.
void finish_envelope(std::string& out, std::int64_t started_ns);

/// Answers `{"result": ..., "status": "ok", "time": ...}`; `encode` writes the result.
template <class Encode>
void answer(call& to, const Encode& encode) {
  auto& out = to.response.body;
  out.assign("{\"result\":");
  codec::json_writer writer(out);
  encode(writer);
  finish_envelope(out, to.request.started_ns);
}

}  // namespace thespis::rest
