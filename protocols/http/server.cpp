// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "config/listen_address.hpp"
#include "core/clock.hpp"
#include "protocols/http/session.hpp"

namespace thespis::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using pool_executor = asio::io_context::executor_type;
using strand = asio::strand<pool_executor>;
using tcp_acceptor = asio::basic_socket_acceptor<tcp, strand>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, strand>;

constexpr std::uint32_t unread_timeout_ms_min = 30'000;
constexpr auto accept_pause = std::chrono::milliseconds(100);
constexpr auto cut_wait = std::chrono::seconds(1);

std::string printable(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  const auto port = ":" + std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]" + port : address + port;
}

// Often enough to be about a quarter late at most.
std::chrono::milliseconds sweep_period(const config::server& settings) {
  const auto shortest = std::min({settings.header_timeout_ms, settings.idle_timeout_ms,
                                  settings.request_timeout_ms, settings.transfer_window_ms});
  return std::chrono::milliseconds(std::clamp<std::uint32_t>(shortest / 4, 10, 1000));
}

// Memory that runs out ends one connection, not the pool's thread.
asio::awaitable<void> serve(std::unique_ptr<session> one) {
  try {
    co_await one->run();
  } catch (const std::exception&) {
  }
}

}  // namespace

// Everything on the strand: the acceptor, the sweeper's timer, and `stopped`.
struct server::impl : std::enable_shared_from_this<server::impl> {
  impl(asio::io_context& io_, std::shared_ptr<server_state> state_)
      : io(io_),
        guard(asio::make_strand(io_.get_executor())),
        acceptor(guard),
        sweeper(guard),
        pause(guard),
        state(std::move(state_)) {}

  result<void> listen(const tcp::endpoint& endpoint);
  asio::awaitable<void> accept();
  asio::awaitable<void> sweep();
  void admit(tcp_socket socket);
  void stop();

  asio::io_context& io;
  strand guard;
  tcp_acceptor acceptor;
  timer sweeper;
  timer pause;
  std::shared_ptr<server_state> state;
  std::uint16_t port = 0;
  std::string url;
  bool stopped = false;
};

result<void> server::impl::listen(const tcp::endpoint& endpoint) {
  error_code failure;
  acceptor.open(endpoint.protocol(), failure);
  if (!failure) acceptor.set_option(tcp::acceptor::reuse_address(true), failure);
  if (!failure) acceptor.bind(endpoint, failure);
  // Accepted sockets inherit both: no call for each, and what nobody reads does not stay with the
  // system for long.
  if (!failure) acceptor.set_option(tcp::no_delay(true), failure);
  using unread_timeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;
  const auto unread_ms = std::max(unread_timeout_ms_min, 3 * state->settings.transfer_window_ms);
  if (!failure) acceptor.set_option(unread_timeout(static_cast<int>(unread_ms)), failure);
  if (!failure) acceptor.listen(tcp::acceptor::max_listen_connections, failure);
  if (failure)
    return error(errc::io, "cannot listen on " + printable(endpoint) + ": " + failure.message());
  const auto bound = acceptor.local_endpoint(failure);
  if (failure) return error(errc::io, "cannot tell the listening port: " + failure.message());
  port = bound.port();
  url = "http://" + printable(bound);
  return ok();
}

void server::impl::admit(tcp_socket socket) {
  auto one = std::make_unique<session>(state, std::move(socket));
  if (one->enlist(false) || one->enlist(true))
    asio::co_spawn(io, serve(std::move(one)), asio::detached);
  else
    one->turn_away();
}

asio::awaitable<void> server::impl::accept() {
  const auto self = shared_from_this();
  const auto executor = io.get_executor();
  while (!stopped) {
    error_code failure;
    auto token = asio::redirect_error(asio::use_awaitable, failure);
    tcp_socket socket = co_await acceptor.async_accept(executor, token);
    if (stopped) break;
    if (!failure) {
      admit(std::move(socket));
      continue;
    }
    // Out of descriptors, most likely: wait for some to come back.
    error_code ignored;
    auto pause_token = asio::redirect_error(asio::use_awaitable, ignored);
    pause.expires_after(accept_pause);
    co_await pause.async_wait(pause_token);
  }
}

asio::awaitable<void> server::impl::sweep() {
  const auto self = shared_from_this();
  const auto period = sweep_period(state->settings);
  while (!stopped || state->connections() > 0) {
    error_code ignored;
    auto token = asio::redirect_error(asio::use_awaitable, ignored);
    sweeper.expires_after(period);
    co_await sweeper.async_wait(token);
    state->sweep(steady_time_ns());
  }
}

void server::impl::stop() {
  state->draining = true;
  asio::post(guard, [self = shared_from_this()] {
    error_code ignored;
    self->stopped = true;
    self->acceptor.close(ignored);
    self->pause.cancel();
  });
}

server::server(std::shared_ptr<impl> parts) : impl_(std::move(parts)) {}

server::~server() {
  impl_->stop();
  impl_->state->shut(true);
  impl_->state->reads.close();
  impl_->state->writes.close();
}

result<std::unique_ptr<server>> server::start(asio::io_context& io, const config::server& settings,
                                              const config::security& security,
                                              std::shared_ptr<http::handler> handler,
                                              std::shared_ptr<memory_budget> memory) {
  THESPIS_TRY(const auto where, config::parse_listen_address(settings.listen));
  error_code failure;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(where.host, std::to_string(where.port), tcp::resolver::passive, failure);
  if (failure || found.empty())
    return error(errc::invalid_argument, "server.listen '" + settings.listen +
                                             "': cannot resolve the host: " + failure.message());
  // IPv4 first: clients that are told "localhost" try it without fail.
  tcp::endpoint endpoint = found.begin()->endpoint();
  for (const auto& entry : found)
    if (entry.endpoint().address().is_v4()) {
      endpoint = entry.endpoint();
      break;
    }
  if (!endpoint.address().is_loopback() && security.api_key.empty())
    return error(errc::invalid_argument,
                 "server.listen '" + settings.listen +
                     "': an address that is not loopback needs an API key (security.api_key)");
  access_rules rules(settings, security, where.host, endpoint.address().to_string());
  auto state = std::make_shared<server_state>(settings, std::move(rules), std::move(handler),
                                              std::move(memory));
  auto parts = std::make_shared<impl>(io, std::move(state));
  THESPIS_CHECK(parts->listen(endpoint));
  asio::co_spawn(parts->guard, parts->accept(), asio::detached);
  asio::co_spawn(parts->guard, parts->sweep(), asio::detached);
  return std::unique_ptr<server>(new server(std::move(parts)));
}

std::uint16_t server::port() const noexcept { return impl_->port; }
std::string server::url() const { return impl_->url; }
std::size_t server::connections() const { return impl_->state->connections(); }
gate::numbers server::reads() const { return impl_->state->reads.now(); }
gate::numbers server::writes() const { return impl_->state->writes.now(); }
std::size_t server::unread_bytes() const noexcept { return impl_->state->unread_bytes(); }

bool server::drain(std::chrono::steady_clock::time_point deadline) {
  impl_->stop();
  impl_->state->shut(false);
  if (impl_->state->wait_empty(deadline)) return true;
  impl_->state->shut(true);
  (void)impl_->state->wait_empty(std::chrono::steady_clock::now() + cut_wait);
  return false;
}

}  // namespace thespis::http
