// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/http/request_parser.hpp"
#include "protocols/http/server_state.hpp"

namespace thespis::http {

/// A socket whose executor is known, which saves the type-erased one's calls.
using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// One connection: reads requests, has them answered one after the other, keeps the line alive.
/// Its deadlines are one number that a sweeper of the server reads; a session that is late finds
/// its socket shut for reading and knows why. So no request arms a timer.
/// Thread: `run` is one coroutine; `expire` and `shut` may be called from any thread while the
/// session is listed in the server's state.
class session {
 public:
  session(std::shared_ptr<server_state> shared, tcp_socket socket);
  ~session();

  /// Serves the connection until it ends.
  [[nodiscard]] boost::asio::awaitable<void> run();
  /// Answers that there is no room and ends the connection.
  [[nodiscard]] boost::asio::awaitable<void> turn_away();

  /// Lists the session; false if `extra` more than the bound are listed.
  [[nodiscard]] bool enlist(std::size_t extra);

  /// Shuts the socket if the deadline is before `now_ns`.
  void expire(std::int64_t now_ns) noexcept;
  /// Shuts the socket if it waits for a request, or in any case.
  void shut(bool in_any_case) noexcept;

 private:
  enum class phase : std::uint8_t { idle, reading, handling, writing, lingering };
  enum class step : std::uint8_t { next, answer, close };

  boost::asio::awaitable<step> read_head();
  boost::asio::awaitable<step> read_body();
  boost::asio::awaitable<bool> fill(std::size_t bytes);
  boost::asio::awaitable<bool> write_answer();
  boost::asio::awaitable<bool> write_continue();
  boost::asio::awaitable<void> serve_one();
  boost::asio::awaitable<void> linger();

  step parse_head();
  step judge_head();
  step judge_load();
  step parse_body();
  step refuse(unsigned status, std::string_view message);
  step refuse_parse(const boost::beast::error_code& failure);
  void take_request_id();
  void begin_request();
  void enter(phase next, std::uint32_t timeout_ms) noexcept;
  void release() noexcept;

  std::shared_ptr<server_state> shared_;
  tcp_socket socket_;
  std::string local_address_;
  boost::beast::flat_buffer buffer_;
  std::optional<request_parser> parser_;
  edge_headers headers_;
  request request_;
  response response_;
  std::string head_;
  std::size_t header_bytes_ = 0;
  std::size_t bytes_held_ = 0;
  bool holds_request_ = false;
  bool guarded_ = true;
  bool keep_alive_ = false;
  bool body_pending_ = false;  // what follows on the line is not a request
  bool enlisted_ = false;
  std::atomic<phase> phase_ = phase::idle;
  std::atomic<std::int64_t> deadline_ns_;
  std::atomic<bool> expired_ = false;
};

}  // namespace thespis::http
