// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/endpoint.hpp"
#include "core/error.hpp"

/// The HTTP client of the command line.
namespace thespis::client {

/// How a client behaves.
struct client_options {
  std::string api_key;  ///< Empty: none is sent.
  std::uint32_t connect_timeout_ms = 5'000;
  std::uint32_t request_timeout_ms = 120'000;  ///< From the first byte out to the last byte in.
};

/// Methods that the API uses.
enum class method : std::uint8_t { get = 1, put = 2, post = 3, erase = 4 };

/// One request; the texts belong to the caller for the call.
struct http_request {
  client::method method = method::get;
  std::string target;  ///< Path and query, without the endpoint's prefix.
  std::string_view body = {};
  std::string_view content_type = "application/json";
};

/// One answer.
struct http_response {
  unsigned status = 0;
  std::string body;
  std::optional<std::uint32_t> retry_after_s;
};

/// One kept connection to one server; opened by the first request, and again when the server has
/// closed it between two requests.
/// Thread: one at a time.
class http_client {
 public:
  http_client(endpoint server, client_options options);
  ~http_client();
  http_client(http_client&&) noexcept;
  http_client& operator=(http_client&&) noexcept;

  /// Sends a request and waits for the answer, whatever its status.
  /// Errors: unavailable (cannot connect), timeout (the outcome is unknown), io (the connection
  /// broke, the outcome is unknown; or the answer is no HTTP), too_large (the answer).
  [[nodiscard]] result<http_response> send(const http_request& request);

  /// The server that is asked.
  [[nodiscard]] const endpoint& server() const noexcept;

 private:
  struct connection;
  std::unique_ptr<connection> connection_;
};

}  // namespace thespis::client
