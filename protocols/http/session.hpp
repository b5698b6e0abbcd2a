// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstdint>
#include <limits>
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

  /// Tells the peer, without waiting for anything, that not even a crowded session has room.
  void turn_away() noexcept;

  /// Lists the session; false if there is no room. A crowded session takes room beyond the bound:
  /// it answers one request for health, or tells that there is no room.
  [[nodiscard]] bool enlist(bool crowded);

  /// Shuts the socket if the deadline is before `now_ns`.
  void expire(std::int64_t now_ns) noexcept;
  /// Shuts the socket if it waits for a request, or in any case.
  void shut(bool in_any_case) noexcept;
  /// Ends the session at once, as if its reader had been too slow.
  void cut() noexcept;
  /// Since when an answer waits for its reader; the largest number: none does.
  [[nodiscard]] std::int64_t writing_since_ns() const noexcept { return writing_since_ns_.load(); }

 private:
  enum class phase : std::uint8_t { idle, reading, handling, writing, lingering };
  enum class step : std::uint8_t { next, answer, close };
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  boost::asio::awaitable<step> read_head();
  boost::asio::awaitable<step> read_body();
  boost::asio::awaitable<bool> fill(std::size_t bytes);
  boost::asio::awaitable<bool> write_answer();
  boost::asio::awaitable<bool> write_rest(std::size_t sent);
  boost::asio::awaitable<bool> take_turn();
  boost::asio::awaitable<void> stay_away();
  boost::asio::awaitable<bool> write_continue();
  boost::asio::awaitable<void> serve_one();
  boost::asio::awaitable<void> linger();

  step parse_head();
  step judge_head();
  step judge_load();
  step shed(gate::verdict why);
  step drop_body(bool keep_line);
  step parse_body();
  step judge_memory(std::size_t bytes);
  step refuse(unsigned status, std::string_view message);
  step refuse_slow_body();
  step refuse_parse(const boost::beast::error_code& failure);
  void take_request_id();
  void begin_request();
  void enter(phase next, std::uint32_t timeout_ms) noexcept;
  void advance(std::size_t bytes) noexcept;
  [[nodiscard]] bool reset_by_peer() noexcept;
  [[nodiscard]] bool reader_keeps_pace(std::int64_t now_ns) noexcept;
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
  std::size_t unread_bytes_ = 0;  // of an answer that waits for its reader
  std::size_t window_bytes_ = 0;  // of a body, since the deadline was set
  gate* gate_ = nullptr;          // where the request needs room
  std::size_t gate_bytes_ = 0;
  std::int64_t heard_again_ns_ = 0;  // after a refusal for lack of room
  std::int64_t unheard_ns_ = 0;      // for so long the request may have waited then
  bool holds_room_ = false;
  bool crowded_ = false;
  bool keep_alive_ = false;
  bool body_pending_ = false;  // what follows on the line is not a request
  bool enlisted_ = false;
  std::atomic<phase> phase_ = phase::idle;
  std::atomic<std::int64_t> deadline_ns_;
  std::atomic<std::int64_t> writing_since_ns_;
  std::atomic<std::int64_t> sent_bytes_ = 0;   // of the answer, to the system
  std::atomic<std::int64_t> taken_bytes_ = 0;  // of those, by the peer when the deadline was set
  std::atomic<bool> expired_ = false;
};

}  // namespace thespis::http
