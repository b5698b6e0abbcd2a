// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "core/error.hpp"
#include "core/memory_budget.hpp"
#include "protocols/http/gate.hpp"
#include "protocols/http/handler.hpp"

namespace thespis::http {

/// An HTTP/1.1 server on the threads of an io_context that others run.
/// Owns: the listening socket; connections live on until they end or the io_context does.
/// Thread: all members may be called from any thread.
class server {
 public:
  /// Listens and begins to serve. `memory` bounds bodies; null: the settings alone do.
  /// Errors: invalid_argument (address, or a non-loopback address without an API key), io (the
  /// port is in use or not permitted).
  [[nodiscard]] static result<std::unique_ptr<server>> start(
      boost::asio::io_context& io, const config::server& settings, const config::security& security,
      std::shared_ptr<http::handler> handler, std::shared_ptr<memory_budget> memory = nullptr);

  /// Stops listening and cuts what is still connected.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// The port, also where a free one was taken.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// `http://HOST:PORT` as people can type it.
  [[nodiscard]] std::string url() const;
  /// Connections now.
  [[nodiscard]] std::size_t connections() const;
  /// Requests of each kind: running, waiting for their turn, refused so far.
  [[nodiscard]] gate::numbers reads() const;
  [[nodiscard]] gate::numbers writes() const;
  /// Bytes of answers that wait for their readers.
  [[nodiscard]] std::size_t unread_bytes() const noexcept;

  /// Stops accepting, lets requests in flight end with `Connection: close`, closes idle
  /// connections, and cuts what is left at `deadline`. Blocks: never call it on a pool thread.
  /// Returns true if nothing had to be cut.
  bool drain(std::chrono::steady_clock::time_point deadline);

 private:
  struct impl;
  explicit server(std::shared_ptr<impl> parts);
  std::shared_ptr<impl> impl_;
};

}  // namespace thespis::http
