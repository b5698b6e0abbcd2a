// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// What a session sends; session.cpp is what it reads.

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "core/clock.hpp"
#include "protocols/http/response_head.hpp"
#include "protocols/http/session.hpp"

namespace thespis::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t answer_bytes_always = 16u << 10;  // sent however many wait for readers
constexpr std::size_t linger_read_bytes = 8u << 10;
constexpr std::uint32_t linger_ms = 1000;  // without a byte
constexpr std::int64_t linger_ns_max = 10'000'000'000;

}  // namespace

void session::turn_away() noexcept {
  static constexpr std::string_view answer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
      "Content-Length: 92\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
      R"({"status":{"error":"too many connections; try again later",)"
      R"("code":"unavailable"},"time":0.0})";
  char dropped[4096];
  const auto socket = socket_.native_handle();
  // Bytes that were not read would reset the line and take the answer with them.
  (void)::recv(socket, dropped, sizeof dropped, MSG_DONTWAIT);
  (void)::send(socket, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  (void)::shutdown(socket, SHUT_WR);
}

// The system tells about room in its buffer in large steps; what the peer has acknowledged is the
// finer measure.
bool session::reader_keeps_pace(std::int64_t now_ns) noexcept {
  int queued = 0;
  if (::ioctl(socket_.native_handle(), SIOCOUTQ, &queued) != 0) return false;
  const auto& settings = shared_->settings;
  const auto taken = sent_bytes_.load() - queued;
  const auto needed =
      static_cast<std::int64_t>(settings.transfer_bytes_per_s_min) * settings.transfer_window_ms;
  if ((taken - taken_bytes_.load()) * 1000 < needed) return false;
  taken_bytes_ = taken;
  deadline_ns_ = now_ns + std::int64_t{settings.transfer_window_ms} * 1'000'000;
  return true;
}

asio::awaitable<bool> session::write_continue() {
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  enter(phase::writing, shared_->settings.transfer_window_ms);
  error_code failure;
  const auto bytes = asio::buffer(text);
  auto token = asio::redirect_error(asio::use_awaitable, failure);
  co_await asio::async_write(socket_, bytes, token);
  co_return !failure;
}

asio::awaitable<bool> session::write_answer() {
  if (response_.body.size() > answer_bytes_always &&
      shared_->unread_bytes() > shared_->settings.response_bytes_in_flight_max)
    (void)refuse(503, "the answers that wait for slow readers are over " +
                          std::to_string(shared_->settings.response_bytes_in_flight_max) +
                          " bytes; try again later");
  keep_alive_ = keep_alive_ && !shared_->draining;
  sent_bytes_ = 0;
  taken_bytes_ = 0;
  enter(phase::writing, shared_->settings.transfer_window_ms);
  render_head(head_, request_, response_, keep_alive_);
  const auto body = request_.method == method::head ? std::string_view{} : response_.body;
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(head_), asio::buffer(body)};
  // Most answers fit the socket's buffer and are gone with one call.
  error_code failure;
  const std::size_t sent = socket_.write_some(parts, failure);
  bool whole = !failure && sent == head_.size() + body.size();
  if (!whole && (!failure || failure == asio::error::would_block))
    whole = co_await write_rest(sent);
  const exchange done{request_, response_, steady_time_ns() - request_.started_ns,
                      parser_->body_bytes()};
  shared_->handler->finished(done);
  co_return whole;
}

// Sends what is left of an answer at its reader's pace.
asio::awaitable<bool> session::write_rest(std::size_t sent) {
  const auto body = request_.method == method::head ? std::string_view{} : response_.body;
  const std::size_t total = head_.size() + body.size();
  unread_bytes_ = total - sent;
  shared_->add_unread(unread_bytes_);
  sent_bytes_ = static_cast<std::int64_t>(sent);
  writing_since_ns_ = steady_time_ns();
  error_code failure;
  while (sent < total && !failure) {
    auto token = asio::redirect_error(asio::use_awaitable, failure);
    co_await socket_.async_wait(tcp_socket::wait_write, token);
    if (failure) break;
    const auto of_head = std::min(sent, head_.size());
    const auto of_body = sent - of_head;
    const std::array<asio::const_buffer, 2> parts = {
        asio::buffer(std::string_view(head_).substr(of_head)), asio::buffer(body.substr(of_body))};
    const std::size_t count = socket_.write_some(parts, failure);
    if (failure == asio::error::would_block) failure = {};
    sent += count;
    sent_bytes_ = static_cast<std::int64_t>(sent);
  }
  writing_since_ns_ = never;
  shared_->drop_unread(std::exchange(unread_bytes_, 0));
  co_return !failure;
}

// Closing with unread bytes would reset the line, and the peer could lose the answer.
// Source: RFC 9112, section 9.6.
asio::awaitable<void> session::linger() {
  error_code ignored;
  socket_.shutdown(tcp_socket::shutdown_send, ignored);
  const auto end_ns = steady_time_ns() + linger_ns_max;
  while (steady_time_ns() < end_ns) {
    buffer_.clear();
    enter(phase::lingering, linger_ms);
    const bool filled = co_await fill(linger_read_bytes);
    if (!filled) break;
  }
}

}  // namespace thespis::http
