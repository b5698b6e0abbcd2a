// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/client/http_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <chrono>

namespace thespis::client {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t response_bytes_max = 256u << 20;

http::verb verb_of(method value) {
  switch (value) {
    case method::get: return http::verb::get;
    case method::put: return http::verb::put;
    case method::post: return http::verb::post;
    case method::erase: return http::verb::delete_;
  }
  return http::verb::get;
}

// What people call it: Asio's texts are those of the system, in capitals.
std::string reason_of(const error_code& failure) {
  if (failure == asio::error::connection_refused) return "connection refused";
  if (failure == beast::error::timeout) return "timed out";
  if (failure == asio::error::host_not_found || failure == asio::error::host_not_found_try_again)
    return "host not found";
  if (failure == http::error::end_of_stream || failure == asio::error::eof)
    return "the server closed the connection";
  return failure.message();
}

// The connection was closed while it was idle, or before a byte of an answer was sent.
bool was_stale(const error_code& failure) {
  return failure == http::error::end_of_stream || failure == asio::error::eof ||
         failure == asio::error::connection_reset || failure == asio::error::broken_pipe;
}

std::optional<std::uint32_t> seconds_of(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

struct http_client::connection {
  connection(endpoint server_, client_options options_)
      : server(std::move(server_)), options(std::move(options_)) {}

  endpoint server;
  client_options options;
  asio::io_context context{1};
  beast::tcp_stream stream{context};
  beast::flat_buffer buffer;
  bool open = false;

  // Beast's deadlines hold for asynchronous operations only, so each one is run to its end.
  template <class Start>
  error_code run(Start&& start) {
    error_code outcome = asio::error::operation_aborted;
    start([&outcome](const error_code& failure, auto&&...) { outcome = failure; });
    context.restart();
    context.run();
    return outcome;
  }

  void close() {
    error_code ignored;
    stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    stream.socket().close(ignored);
    buffer.clear();
    open = false;
  }

  result<void> connect() {
    const auto refuse = [&](const error_code& failure) {
      close();
      return error(errc::unavailable,
                   "cannot connect to " + server.text() + ": " + reason_of(failure));
    };
    asio::ip::tcp::resolver resolver(context);
    asio::ip::tcp::resolver::results_type addresses;
    auto failure = run([&](auto done) {
      resolver.async_resolve(server.host, std::to_string(server.port),
                             [&addresses, done](const error_code& result, auto found) {
                               addresses = std::move(found);
                               done(result);
                             });
    });
    if (failure) return refuse(failure);
    stream.expires_after(std::chrono::milliseconds(options.connect_timeout_ms));
    failure = run([&](auto done) { stream.async_connect(addresses, done); });
    if (failure) return refuse(failure);
    stream.socket().set_option(asio::ip::tcp::no_delay(true), failure);
    open = true;
    return ok();
  }

  // One exchange on the open connection.
  error_code exchange(const http_request& what, http_response& answer) {
    http::request<http::span_body<const char>> request(verb_of(what.method),
                                                       server.prefix + what.target, 11);
    request.set(http::field::host, server.authority());
    request.set(http::field::user_agent, "thespis-cli");
    request.set(http::field::accept, "application/json");
    if (!options.api_key.empty()) request.set("api-key", options.api_key);
    if (!what.body.empty()) {
      request.set(http::field::content_type, what.content_type);
      request.body() = {what.body.data(), what.body.size()};
    }
    request.prepare_payload();
    stream.expires_after(std::chrono::milliseconds(options.request_timeout_ms));
    auto failure = run([&](auto done) { http::async_write(stream, request, done); });
    if (failure) return failure;
    http::response_parser<http::string_body> parser;
    parser.body_limit(response_bytes_max);
    failure = run([&](auto done) { http::async_read(stream, buffer, parser, done); });
    if (failure) return failure;
    auto response = parser.release();
    answer.status = response.result_int();
    const auto wait = response.find(http::field::retry_after);
    if (wait != response.end())
      answer.retry_after_s = seconds_of({wait->value().data(), wait->value().size()});
    if (!response.keep_alive()) close();
    answer.body = std::move(response.body());
    return {};
  }

  error failed(const error_code& failure) const {
    if (failure == beast::error::timeout)
      return error(errc::timeout, server.text() + ": no answer within " +
                                      std::to_string(options.request_timeout_ms) + " ms");
    if (failure == http::error::body_limit)
      return error(errc::too_large, server.text() + ": the answer is longer than " +
                                        std::to_string(response_bytes_max) + " bytes");
    return error(errc::io, server.text() + ": " + reason_of(failure));
  }
};

http_client::http_client(endpoint server, client_options options)
    : connection_(std::make_unique<connection>(std::move(server), std::move(options))) {}
http_client::~http_client() = default;
http_client::http_client(http_client&&) noexcept = default;
http_client& http_client::operator=(http_client&&) noexcept = default;

const endpoint& http_client::server() const noexcept { return connection_->server; }

result<http_response> http_client::send(const http_request& request) {
  auto& link = *connection_;
  const bool kept = link.open;
  if (!link.open) THESPIS_CHECK(link.connect());
  http_response answer;
  auto failure = link.exchange(request, answer);
  if (failure && kept && was_stale(failure)) {
    // Every request of ours may be sent twice: writes carry whole points under their ids.
    link.close();
    THESPIS_CHECK(link.connect());
    failure = link.exchange(request, answer);
  }
  if (failure) {
    link.close();
    return link.failed(failure);
  }
  return answer;
}

}  // namespace thespis::client
