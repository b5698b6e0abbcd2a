// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace thespis::tests {

/// An answer as it came over the line. Header names are in lower case.
struct http_answer {
  int status = 0;  ///< 0: the line was closed or silent before an answer.
  std::map<std::string, std::string> headers;
  std::string body;

  [[nodiscard]] std::string header(const std::string& name) const;
};

/// A blocking HTTP client that sends exactly what it is told, right or wrong.
class http_client {
 public:
  /// Connects to 127.0.0.1.
  explicit http_client(std::uint16_t port);
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// Sends bytes as they are; false if the line is closed.
  bool send(std::string_view bytes);
  /// Reads one answer with its body (none after HEAD or 1xx).
  http_answer receive(bool head = false);
  /// True once the server has closed its side, waiting up to a few seconds.
  bool closed();

  /// Sends a request with Host and Content-Length and reads the answer. `headers` are further
  /// lines, each with its CRLF.
  http_answer ask(std::string_view method, std::string_view target, std::string_view body = {},
                  std::string_view headers = {});

 private:
  bool fill();

  int socket_ = -1;
  std::string buffer_;
};

/// A request as `ask` sends it.
[[nodiscard]] std::string http_request(std::string_view method, std::string_view target,
                                       std::string_view body = {}, std::string_view headers = {});

}  // namespace thespis::tests
