// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <string>

#include "protocols/http/message.hpp"

namespace thespis::http {

/// The headers that the edge itself acts on.
struct edge_headers {
  std::string host;
  std::string origin;
  std::string api_key;
  std::string authorization;
  std::string expect;
  std::string request_id;
  unsigned host_count = 0;
  int version = 11;  ///< 10 or 11.
  bool has_origin = false;
  bool transfer_encoding = false;

  /// Forgets a request and keeps the memory.
  void clear();
};

/// Beast's parser, writing straight into a request: no header is kept that nobody reads.
class request_parser final : public boost::beast::http::basic_parser<true> {
 public:
  /// `body_bytes_max` bounds the body however it is sent.
  request_parser(request& out, edge_headers& headers, std::size_t body_bytes_max);

  /// Parses what came and was not taken yet; returns how many bytes it took. A failure of
  /// `need_more` says that it waits. The end of a chunked body is parsed only once all of it can be
  /// there: the base asserts that it never meets a part of it.
  std::size_t take(boost::asio::const_buffer bytes, boost::beast::error_code& failure);

  /// Lets the body pass without keeping it.
  void drop_body() noexcept { keep_body_ = false; }
  [[nodiscard]] bool keeps_body() const noexcept { return keep_body_; }
  /// Bytes of body that came so far.
  [[nodiscard]] std::size_t body_bytes() const noexcept { return body_bytes_; }

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb verb, string_view name, string_view target,
                       int version, error_code& ec) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(boost::beast::http::field field, string_view name, string_view value,
                     error_code& ec) override;
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) override;
  std::size_t on_body_impl(string_view body, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, string_view body, error_code& ec) override;
  void on_finish_impl(error_code&) override {}

  request& out_;
  edge_headers& headers_;
  std::size_t body_bytes_max_;
  std::size_t body_bytes_ = 0;
  std::size_t extension_bytes_ = 0;
  bool keep_body_ = true;
};

}  // namespace thespis::http
