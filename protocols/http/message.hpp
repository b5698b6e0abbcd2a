// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace thespis::http {

/// The methods that routes know; anything else is `other`.
enum class method : std::uint8_t { get, head, put, post, del, patch, options, other };

/// Returns the method as it is written in a request line.
[[nodiscard]] std::string_view to_string(method value) noexcept;

/// A request as handlers see it. It stays in one place from its head to its answer.
struct request {
  http::method method = http::method::other;
  std::string target;             ///< Path and query as sent.
  std::string content_type;       ///< Empty: none was sent.
  std::string content_encoding;   ///< Empty: none was sent; all that were, with commas.
  std::string idempotency_key;    ///< As sent, the first one.
  unsigned idempotency_keys = 0;  ///< How many were sent.
  std::string id;                 ///< From `x-request-id` if that is sane, else made by us.
  std::string body;
  bool has_body = false;
  bool adds_data = false;       ///< Set in `admit`: what the body says will be kept.
  std::int64_t started_ns = 0;  ///< `steady_time_ns` when the head was complete.
  std::chrono::steady_clock::time_point deadline;

  /// For the handler alone: which route it found in `admit`, and the parts of `target` that the
  /// route leaves open.
  static constexpr std::size_t no_route = static_cast<std::size_t>(-1);
  std::size_t route = no_route;
  std::array<std::string_view, 4> captures;
};

/// An answer.
struct response {
  unsigned status = 200;
  std::string body;
  std::string_view content_type = "application/json";  ///< Static text.
  std::string allow;                                   ///< Methods, with 405.
  std::uint32_t retry_after_s = 0;                     ///< 0: not sent.
};

}  // namespace thespis::http
