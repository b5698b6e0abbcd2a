// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string_view>

#include "protocols/http/message.hpp"

namespace thespis::http {

/// What a handler makes of a request's head.
enum class admission : std::uint8_t {
  refused,  ///< The answer is filled already; the body is not wanted.
  open,     ///< Health: needs neither key nor room.
  probe,    ///< Metrics: needs the API key, no room.
  read,     ///< Needs the key, and room among the reads.
  write,    ///< Needs the key, and room among the writes.
};

/// An exchange that is over, for metrics and the access log.
struct exchange {
  const http::request& request;
  const http::response& response;
  std::int64_t duration_ns = 0;
  std::size_t body_bytes = 0;  ///< Of the request's body.
};

/// What answers requests.
/// Thread: all members may be called from any thread of the pool, at once.
class handler {
 public:
  virtual ~handler() = default;

  /// Judges a request by its head, before the key is checked and before its body is read. A
  /// refusal reaches only callers that hold the key.
  [[nodiscard]] virtual admission admit(request& incoming, response& answer) = 0;

  /// Answers an admitted request.
  [[nodiscard]] virtual boost::asio::awaitable<void> handle(request& incoming,
                                                            response& answer) = 0;

  /// Fills `answer` for a refusal of the server itself.
  virtual void refuse(unsigned status, std::string_view message, response& answer) = 0;

  /// Called after each answer was sent.
  virtual void finished(const exchange& done) noexcept = 0;
};

}  // namespace thespis::http
