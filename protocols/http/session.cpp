// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/session.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <exception>
#include <utility>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/printable.hpp"

namespace thespis::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t read_bytes = 8u << 10;        // holds most requests whole
constexpr std::size_t body_read_bytes = 64u << 10;  // a step of a long body
constexpr std::size_t buffer_bytes_max = 256u << 10;
constexpr std::size_t body_kept_bytes = 1u << 10;  // memory that an idle connection may keep
constexpr std::size_t dropped_body_bytes_max = 64u << 10;
constexpr std::size_t crowded_max = 256;  // sessions beyond the bound on connections
constexpr std::uint32_t crowded_ms = 1000;
constexpr std::int64_t pause_ns_min = 1'000'000;
constexpr const char* no_room = "too many connections; try again later";
constexpr std::size_t shown_bytes_max = 128;

// A header's value as a message names it.
std::string shown(std::string_view value) {
  return printable(value.substr(0, shown_bytes_max)) +
         (value.size() > shown_bytes_max ? "..." : "");
}

void release_memory(std::string& text) {
  if (text.capacity() > body_kept_bytes) std::string().swap(text);
}

// A coroutine that waits for room.
template <class Handler>
class suspended final : public gate::waiter {
 public:
  explicit suspended(Handler handler)
      : handler_(std::move(handler)), work_(asio::get_associated_executor(handler_)) {}

  void resume(bool admitted) override {
    const auto executor = work_.get_executor();
    asio::defer(executor,
                [handler = std::move(handler_), work = std::move(work_), admitted]() mutable {
                  work.reset();
                  handler(admitted);
                });
  }

 private:
  using executor_type = asio::associated_executor_t<Handler>;

  Handler handler_;
  asio::executor_work_guard<executor_type> work_;
};

// Begins the wait of a coroutine.
class initiate_wait {
 public:
  explicit initiate_wait(gate& where) : gate_(&where) {}

  template <class Handler>
  void operator()(Handler&& handler, std::size_t bytes, std::int64_t deadline_ns) {
    gate_->enter(std::make_unique<suspended<std::decay_t<Handler>>>(std::forward<Handler>(handler)),
                 bytes, steady_time_ns(), deadline_ns);
  }

 private:
  gate* gate_;
};

}  // namespace

session::session(std::shared_ptr<server_state> shared, tcp_socket socket)
    : shared_(std::move(shared)),
      socket_(std::move(socket)),
      buffer_(buffer_bytes_max),
      deadline_ns_(never),
      writing_since_ns_(never) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  const auto local = socket_.local_endpoint(ignored);
  if (!ignored) local_address_ = local.address().to_string();
}

session::~session() {
  release();
  if (unread_bytes_ > 0) shared_->drop_unread(unread_bytes_);
  // What its reader did not take would stay in the system's memory.
  error_code ignored;
  if (expired_ && phase_.load() == phase::writing)
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  // Once it is off the list, nobody else touches the socket, which then closes.
  if (enlisted_) shared_->leave(*this);
}

bool session::enlist(bool crowded) {
  crowded_ = crowded;
  enlisted_ = shared_->enter(*this, crowded ? crowded_max : 0);
  return enlisted_;
}

void session::expire(std::int64_t now_ns) noexcept {
  if (deadline_ns_.load() > now_ns) return;
  if (phase_.load() == phase::writing && reader_keeps_pace(now_ns)) return;
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

// Sets the deadline anew whenever enough of a body has come for a whole window.
void session::advance(std::size_t bytes) noexcept {
  const auto& settings = shared_->settings;
  window_bytes_ += bytes;
  if (window_bytes_ * 1000 < settings.transfer_bytes_per_s_min * settings.transfer_window_ms)
    return;
  window_bytes_ = 0;
  enter(phase::reading, settings.transfer_window_ms);
}

void session::cut() noexcept {
  expired_ = true;
  ::shutdown(socket_.native_handle(), SHUT_RDWR);
}

bool session::reset_by_peer() noexcept {
  char byte = 0;
  const auto seen = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
}

void session::release() noexcept {
  if (holds_room_) gate_->leave(gate_bytes_, steady_time_ns());
  if (bytes_held_ > 0) shared_->leave_bytes(bytes_held_);
  holds_room_ = false;
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
    release_memory(request_.body);
    const bool sent = co_await write_answer();
    if (!sent) break;
    if (!keep_alive_) {
      co_await linger();
      break;
    }
    if (heard_again_ns_ != 0) co_await stay_away();
  }
}

void session::begin_request() {
  release_memory(request_.body);
  release_memory(response_.body);
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
  gate_ = nullptr;
  request_.id.clear();
  request_.target.clear();
  request_.method = method::other;
  request_.started_ns = steady_time_ns();
  enter(phase::idle, crowded_ ? crowded_ms : shared_->settings.idle_timeout_ms);
}

// Whoever waits for bytes holds no memory for them.
asio::awaitable<bool> session::fill(std::size_t bytes) {
  error_code failure;
  // What the parser leaves is a line that does not end; it gets no more room than this.
  if (buffer_.size() + bytes > buffer_.max_size()) co_return false;
  if (buffer_.size() == 0) buffer_.shrink_to_fit();
  for (;;) {
    auto token = asio::redirect_error(asio::use_awaitable, failure);
    co_await socket_.async_wait(tcp_socket::wait_read, token);
    if (failure) co_return false;
    const std::size_t count = socket_.read_some(buffer_.prepare(bytes), failure);
    if (failure == asio::error::would_block) continue;
    buffer_.commit(count);
    co_return !failure && count > 0;
  }
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
    if (!begun && crowded_ && expired_) co_return refuse(503, no_room);
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
  const auto used = parser_->take(buffer_.data(), failure);
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
  if (crowded_ && judged != admission::open) return refuse(503, no_room);
  if (judged != admission::open &&
      !shared_->rules.key_fits(headers_.api_key, headers_.authorization))
    return refuse(401, "a valid API key is needed, in 'api-key' or 'Authorization: Bearer'");
  keep_alive_ = parser_->keep_alive() && !crowded_;
  if (judged == admission::refused) return drop_body(keep_alive_);
  if (judged == admission::read) gate_ = &shared_->reads;
  if (judged == admission::write) gate_ = &shared_->writes;
  return judge_load();
}

// Ends a request that has its answer; a short body is read and dropped, so that the line stays
// usable.
session::step session::drop_body(bool keep_line) {
  keep_alive_ = keep_line;
  if (!body_pending_) return step::answer;
  const auto length = parser_->content_length();
  keep_alive_ = keep_line && headers_.expect.empty() && length && *length <= dropped_body_bytes_max;
  if (!keep_alive_) return step::answer;
  parser_->drop_body();
  return step::next;
}

session::step session::shed(gate::verdict why) {
  const bool keep_line = keep_alive_;
  (void)refuse(429, gate_->refusal());
  const auto length = parser_->content_length();
  if (why == gate::verdict::stay_away)
    heard_again_ns_ = gate_->next_hearing_ns(steady_time_ns(), length ? *length : 0);
  return drop_body(keep_line);
}

// Clients that come back at once, whatever they are told, are left in the system's buffers for a
// while, where they cost nothing.
asio::awaitable<void> session::stay_away() {
  const auto pause_ns = std::exchange(heard_again_ns_, 0) - steady_time_ns();
  if (pause_ns < pause_ns_min) co_return;
  asio::steady_timer timer(socket_.get_executor(), std::chrono::nanoseconds(pause_ns));
  error_code ignored;
  auto token = asio::redirect_error(asio::use_awaitable, ignored);
  co_await timer.async_wait(token);
  if (buffer_.size() > 0 || socket_.available(ignored) > 0) unheard_ns_ = pause_ns;
}

session::step session::judge_load() {
  const auto length = parser_->content_length();
  if (length && *length > shared_->settings.request_bytes_max)
    return refuse(413, "the body has " + std::to_string(*length) + " bytes, at most " +
                           std::to_string(shared_->settings.request_bytes_max));
  if (!headers_.expect.empty() && !boost::beast::iequals(headers_.expect, "100-continue"))
    return refuse(417, "Expect: only 100-continue is understood");
  // Who would be refused later is refused before there is work in it.
  if (gate_ != nullptr) {
    const auto told = gate_->judge(steady_time_ns(), std::exchange(unheard_ns_, 0));
    if (told != gate::verdict::welcome) return shed(told);
  }
  if (length && *length > 0) return judge_memory(*length);
  return step::next;
}

asio::awaitable<session::step> session::read_body() {
  parser_->eager(true);
  const bool expects = !headers_.expect.empty() && headers_.version >= 11;
  if (!parser_->is_done() && expects && buffer_.size() == 0) {
    const bool written = co_await write_continue();
    if (!written) co_return step::close;
  }
  if (!parser_->is_done()) {
    window_bytes_ = 0;
    enter(phase::reading, shared_->settings.transfer_window_ms);
  }
  while (!parser_->is_done()) {
    const step next = parse_body();
    if (next != step::next) co_return next;
    if (parser_->is_done()) break;
    const bool filled = co_await fill(body_read_bytes);
    if (filled) continue;
    if (expired_) co_return refuse_slow_body();
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
  const auto before = parser_->body_bytes();
  const auto used = parser_->take(buffer_.data(), failure);
  buffer_.consume(used);
  if (failure && failure != boost::beast::http::error::need_more) return refuse_parse(failure);
  const auto more = parser_->body_bytes() - before;
  if (more == 0) return step::next;
  advance(more);
  if (!parser_->keeps_body()) return step::next;
  // A chunked body says its length as it goes.
  if (!parser_->content_length() && judge_memory(more) != step::next) return step::answer;
  if (!shared_->enter_bytes(more))
    return refuse(429, "the bodies of requests in flight are over " +
                           std::to_string(shared_->bytes_in_flight_max) +
                           " bytes; try again later");
  bytes_held_ += more;
  return step::next;
}

// Whether so much of a body fits into memory, before it is read.
session::step session::judge_memory(std::size_t bytes) {
  if (bytes_held_ + bytes > shared_->bytes_in_flight_max)
    return refuse(507, "the body needs more than the " +
                           std::to_string(shared_->bytes_in_flight_max) +
                           " bytes that all bodies together may take: the setting "
                           "server.request_bytes_in_flight_max, or what the memory budget leaves");
  if (request_.adds_data)
    if (const auto fits = shared_->check_memory(bytes); !fits)
      return refuse(507, fits.error().message);
  return step::next;
}

session::step session::refuse_slow_body() {
  const auto& settings = shared_->settings;
  return refuse(
      408, "the request's body came too slowly: " + std::to_string(parser_->body_bytes()) +
               " bytes, the last " + std::to_string(window_bytes_) + " of them in " +
               std::to_string(settings.transfer_window_ms) + " ms, at least " +
               std::to_string(settings.transfer_bytes_per_s_min) + " bytes a second are needed");
}

// True once there is room for the request.
asio::awaitable<bool> session::take_turn() {
  if (gate_ == nullptr) co_return true;
  gate_bytes_ = request_.body.size();
  holds_room_ = gate_->try_enter(gate_bytes_, steady_time_ns());
  if (holds_room_) co_return true;
  const auto deadline_ns =
      steady_time_ns() + std::int64_t{shared_->settings.request_timeout_ms} * 1'000'000;
  initiate_wait initiation(*gate_);
  auto wait = asio::async_initiate<const asio::deferred_t&, void(bool)>(initiation, asio::deferred,
                                                                        gate_bytes_, deadline_ns);
  holds_room_ = co_await std::move(wait);
  if (!holds_room_) (void)shed(gate::verdict::stay_away);
  co_return holds_room_ && !reset_by_peer();
}

asio::awaitable<void> session::serve_one() {
  enter(phase::handling, 0);
  request_.deadline = std::chrono::steady_clock::now() +
                      std::chrono::milliseconds(shared_->settings.request_timeout_ms);
  try {
    const bool mine = co_await take_turn();
    if (!mine) co_return;
    co_await shared_->handler->handle(request_, response_);
  } catch (const std::exception& failure) {
    (void)refuse(500, std::string("internal: ") + failure.what());
  }
}

}  // namespace thespis::http
