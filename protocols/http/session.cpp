// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/session.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <exception>
#include <limits>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/printable.hpp"
#include "protocols/http/response_head.hpp"

namespace thespis::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t read_bytes = 8u << 10;        // holds most requests whole
constexpr std::size_t body_read_bytes = 64u << 10;  // a step of a long body
constexpr std::size_t buffer_bytes_max = 256u << 10;
constexpr std::size_t body_kept_bytes = 1u << 20;  // memory that an idle connection may keep
constexpr std::size_t dropped_body_bytes_max = 64u << 10;
constexpr std::uint32_t linger_ms = 1000;
constexpr std::size_t shown_bytes_max = 128;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

// A header's value as a message names it.
std::string shown(std::string_view value) {
  return printable(value.substr(0, shown_bytes_max)) +
         (value.size() > shown_bytes_max ? "..." : "");
}

}  // namespace

session::session(std::shared_ptr<server_state> shared, tcp_socket socket)
    : shared_(std::move(shared)),
      socket_(std::move(socket)),
      buffer_(buffer_bytes_max),
      deadline_ns_(never) {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  const auto local = socket_.local_endpoint(ignored);
  if (!ignored) local_address_ = local.address().to_string();
}

session::~session() {
  release();
  // Once it is off the list, nobody else touches the socket, which then closes.
  if (enlisted_) shared_->leave(*this);
}

bool session::enlist(std::size_t extra) {
  enlisted_ = shared_->enter(*this, extra);
  return enlisted_;
}

void session::expire(std::int64_t now_ns) noexcept {
  if (deadline_ns_.load() > now_ns) return;
  deadline_ns_ = never;
  expired_ = true;
  const auto now = phase_.load();
  const bool both = now == phase::writing || now == phase::lingering;
  ::shutdown(socket_.native_handle(), both ? SHUT_RDWR : SHUT_RD);
}

void session::shut(bool in_any_case) noexcept {
  if (in_any_case)
    ::shutdown(socket_.native_handle(), SHUT_RDWR);
  else if (phase_.load() == phase::idle)
    ::shutdown(socket_.native_handle(), SHUT_RD);
}

void session::enter(phase next, std::uint32_t timeout_ms) noexcept {
  phase_ = next;
  deadline_ns_ = timeout_ms == 0 ? never : steady_time_ns() + std::int64_t{timeout_ms} * 1'000'000;
}

void session::release() noexcept {
  if (holds_request_) shared_->leave_request();
  if (bytes_held_ > 0) shared_->leave_bytes(bytes_held_);
  holds_request_ = false;
  bytes_held_ = 0;
}

asio::awaitable<void> session::run() {
  for (;;) {
    begin_request();
    // Checked after the phase is set: a drain either sees this session idle or is seen here.
    if (shared_->draining && buffer_.size() == 0) break;
    step next = co_await read_head();
    if (next == step::next) next = co_await read_body();
    if (next == step::close) break;
    if (next == step::next) co_await serve_one();
    release();
    const bool sent = co_await write_answer();
    if (!sent) break;
    if (!keep_alive_) {
      co_await linger();
      break;
    }
  }
}

asio::awaitable<void> session::turn_away() {
  begin_request();
  shared_->make_request_id(request_.id);
  (void)refuse(503, "too many connections; try again later");
  const bool sent = co_await write_answer();
  if (sent) co_await linger();
}

void session::begin_request() {
  if (request_.body.capacity() > body_kept_bytes) std::string().swap(request_.body);
  if (response_.body.capacity() > body_kept_bytes) std::string().swap(response_.body);
  if (buffer_.size() == 0 && buffer_.capacity() > body_read_bytes) buffer_.shrink_to_fit();
  parser_.emplace(request_, headers_, shared_->settings.request_bytes_max);
  response_.status = 200;
  response_.body.clear();
  response_.content_type = "application/json";
  response_.allow.clear();
  request_.route = request::no_route;
  response_.retry_after_s = 0;
  header_bytes_ = 0;
  keep_alive_ = false;
  body_pending_ = false;
  request_.id.clear();
  request_.target.clear();
  request_.method = method::other;
  request_.started_ns = steady_time_ns();
  enter(phase::idle, shared_->settings.idle_timeout_ms);
}

asio::awaitable<bool> session::fill(std::size_t bytes) {
  error_code failure;
  // What the parser leaves is a line that does not end; it gets no more room than this.
  if (buffer_.size() + bytes > buffer_.max_size()) co_return false;
  const auto space = buffer_.prepare(bytes);
  auto token = asio::redirect_error(asio::use_awaitable, failure);
  const std::size_t count = co_await socket_.async_read_some(space, token);
  buffer_.commit(count);
  co_return !failure && count > 0;
}

asio::awaitable<session::step> session::read_head() {
  for (;;) {
    if (buffer_.size() > 0) {
      if (phase_ == phase::idle) enter(phase::reading, shared_->settings.header_timeout_ms);
      const step next = parse_head();
      if (parser_->is_header_done() || next != step::next) co_return next;
    }
    const bool filled = co_await fill(read_bytes);
    if (filled) continue;
    const bool begun = header_bytes_ > 0 || buffer_.size() > 0;
    if (!begun || !expired_) co_return step::close;
    co_return refuse(408, "the request's head did not arrive in time");
  }
}

// Takes what is there; the caller asks the parser whether it was all.
session::step session::parse_head() {
  // An empty line before a request is left over from a sloppy peer.
  // Source: RFC 9112, section 2.2.
  while (header_bytes_ == 0 && buffer_.size() > 0) {
    const char c = *static_cast<const char*>(buffer_.data().data());
    if (c != '\r' && c != '\n') break;
    buffer_.consume(1);
  }
  if (buffer_.size() == 0) return step::next;
  error_code failure;
  const auto used = parser_->put(buffer_.data(), failure);
  buffer_.consume(used);
  header_bytes_ += used;
  if (header_bytes_ > limits::header_bytes_max) failure = boost::beast::http::error::header_limit;
  if (failure && failure != boost::beast::http::error::need_more) return refuse_parse(failure);
  return parser_->is_header_done() ? judge_head() : step::next;
}

session::step session::refuse(unsigned status, std::string_view message) {
  if (request_.id.empty()) take_request_id();
  shared_->handler->refuse(status, message, response_);
  response_.allow.clear();
  if (status == 429 || status == 503) response_.retry_after_s = 1;
  keep_alive_ = false;
  return step::answer;
}

session::step session::refuse_parse(const error_code& failure) {
  using boost::beast::http::error;
  body_pending_ = true;
  if (failure == error::header_limit)
    return refuse(
        431, "the request's head is over " + std::to_string(limits::header_bytes_max) + " bytes");
  if (failure == error::body_limit)
    return refuse(
        413, "the body is over " + std::to_string(shared_->settings.request_bytes_max) + " bytes");
  if (failure == error::bad_version) return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken");
  return refuse(400, "malformed HTTP: " + failure.message());
}

void session::take_request_id() {
  constexpr std::size_t request_id_bytes_max = 128;
  const auto& given = headers_.request_id;
  const bool sane = !given.empty() && given.size() <= request_id_bytes_max &&
                    std::all_of(given.begin(), given.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                             (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.' || c == ':';
                    });
  if (sane)
    request_.id = given;
  else
    shared_->make_request_id(request_.id);
}

// Everything that can be said before the body: who asks, what for, and how much is coming.
session::step session::judge_head() {
  const auto length = parser_->content_length();
  request_.started_ns = steady_time_ns();
  request_.deadline = std::chrono::steady_clock::now() +
                      std::chrono::milliseconds(shared_->settings.request_timeout_ms);
  request_.has_body = parser_->chunked() || (length && *length > 0);
  body_pending_ = request_.has_body;
  take_request_id();
  if (headers_.transfer_encoding && !parser_->chunked())
    return refuse(501, "Transfer-Encoding: only chunked is understood");
  if (headers_.host_count > 1 || (headers_.host_count == 0 && headers_.version >= 11))
    return refuse(400, "exactly one Host header is needed");
  if (headers_.host_count == 1 && !shared_->rules.host_allowed(headers_.host, local_address_))
    return refuse(
        403, "Host '" + shown(headers_.host) + "' is not served here; see server.allowed_hosts");
  if (headers_.has_origin && !shared_->rules.origin_allowed(headers_.origin, local_address_))
    return refuse(
        403, "Origin '" + shown(headers_.origin) + "' is not allowed; see server.allowed_origins");
  const auto judged = shared_->handler->admit(request_, response_);
  if (judged != admission::open &&
      !shared_->rules.key_fits(headers_.api_key, headers_.authorization))
    return refuse(401, "a valid API key is needed, in 'api-key' or 'Authorization: Bearer'");
  keep_alive_ = parser_->keep_alive();
  guarded_ = judged == admission::guarded;
  if (judged == admission::refused) {
    if (!body_pending_) return step::answer;
    // A short body is read and dropped, so that the line stays usable.
    keep_alive_ =
        keep_alive_ && headers_.expect.empty() && length && *length <= dropped_body_bytes_max;
    if (!keep_alive_) return step::answer;
    parser_->drop_body();
    return step::next;
  }
  return judge_load();
}

session::step session::judge_load() {
  const auto length = parser_->content_length();
  if (length && *length > shared_->settings.request_bytes_max)
    return refuse(413, "the body has " + std::to_string(*length) + " bytes, at most " +
                           std::to_string(shared_->settings.request_bytes_max));
  if (!headers_.expect.empty() && !boost::beast::iequals(headers_.expect, "100-continue"))
    return refuse(417, "Expect: only 100-continue is understood");
  if (!guarded_) return step::next;
  if (!shared_->enter_request())
    return refuse(429, "too many requests in flight, at most " +
                           std::to_string(shared_->settings.requests_in_flight_max));
  holds_request_ = true;
  if (length && *length > 0) {
    if (!shared_->enter_bytes(*length))
      return refuse(429, "too many bytes of requests in flight; try again later");
    bytes_held_ = *length;
  }
  return step::next;
}

asio::awaitable<session::step> session::read_body() {
  parser_->eager(true);
  const bool expects = !headers_.expect.empty() && headers_.version >= 11;
  if (!parser_->is_done() && expects && buffer_.size() == 0) {
    const bool written = co_await write_continue();
    if (!written) co_return step::close;
  }
  if (!parser_->is_done()) enter(phase::reading, shared_->settings.request_timeout_ms);
  while (!parser_->is_done()) {
    const step next = parse_body();
    if (next != step::next) co_return next;
    if (parser_->is_done()) break;
    const bool filled = co_await fill(body_read_bytes);
    if (filled) continue;
    if (expired_) co_return refuse(408, "the request's body did not arrive in time");
    if (buffer_.size() + body_read_bytes > buffer_.max_size())
      co_return refuse(400, "malformed HTTP: a chunk's header does not end");
    co_return step::close;
  }
  body_pending_ = false;
  enter(phase::handling, 0);
  // A request refused by its head has its answer already.
  co_return response_.status == 200 ? step::next : step::answer;
}

session::step session::parse_body() {
  if (buffer_.size() == 0) return step::next;
  error_code failure;
  const auto used = parser_->put(buffer_.data(), failure);
  buffer_.consume(used);
  if (failure && failure != boost::beast::http::error::need_more) return refuse_parse(failure);
  // A chunked body says its length as it goes.
  if (guarded_ && parser_->body_bytes() > bytes_held_) {
    const auto more = parser_->body_bytes() - bytes_held_;
    if (!shared_->enter_bytes(more))
      return refuse(429, "too many bytes of requests in flight; try again later");
    bytes_held_ += more;
  }
  return step::next;
}

asio::awaitable<bool> session::write_continue() {
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  enter(phase::writing, shared_->settings.idle_timeout_ms);
  error_code failure;
  const auto bytes = asio::buffer(text);
  auto token = asio::redirect_error(asio::use_awaitable, failure);
  co_await asio::async_write(socket_, bytes, token);
  co_return !failure;
}

asio::awaitable<void> session::serve_one() {
  enter(phase::handling, 0);
  try {
    co_await shared_->handler->handle(request_, response_);
  } catch (const std::exception& failure) {
    (void)refuse(500, std::string("internal: ") + failure.what());
  }
}

asio::awaitable<bool> session::write_answer() {
  keep_alive_ = keep_alive_ && !shared_->draining;
  enter(phase::writing, shared_->settings.idle_timeout_ms);
  render_head(head_, request_, response_, keep_alive_);
  const auto body = request_.method == method::head ? std::string_view{} : response_.body;
  std::array<asio::const_buffer, 2> parts = {asio::buffer(head_), asio::buffer(body)};
  const std::size_t total = head_.size() + body.size();
  // Most answers fit the socket's buffer and are gone with one call.
  error_code failure;
  std::size_t sent = socket_.write_some(parts, failure);
  if (failure == asio::error::would_block) {
    failure = {};
    sent = 0;
  }
  if (!failure && sent < total) {
    const auto of_head = std::min(sent, head_.size());
    parts[0] += of_head;
    parts[1] += sent - of_head;
    auto token = asio::redirect_error(asio::use_awaitable, failure);
    co_await asio::async_write(socket_, parts, token);
  }
  const exchange done{request_, response_, steady_time_ns() - request_.started_ns,
                      parser_->body_bytes()};
  shared_->handler->finished(done);
  co_return !failure;
}

// Closing with unread bytes would reset the line, and the peer could lose the answer.
// Source: RFC 9112, section 9.6.
asio::awaitable<void> session::linger() {
  error_code ignored;
  socket_.shutdown(tcp_socket::shutdown_send, ignored);
  enter(phase::lingering, linger_ms);
  for (;;) {
    buffer_.clear();
    const bool filled = co_await fill(read_bytes);
    if (!filled) break;
  }
}

}  // namespace thespis::http
