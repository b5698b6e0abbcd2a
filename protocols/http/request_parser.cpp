// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/request_parser.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>

#include "core/limits.hpp"

namespace thespis::http {

namespace beast_http = boost::beast::http;

namespace {

constexpr std::uint64_t reserved_bytes_max = 1u << 20;

method method_of(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get: return method::get;
    case beast_http::verb::head: return method::head;
    case beast_http::verb::put: return method::put;
    case beast_http::verb::post: return method::post;
    case beast_http::verb::delete_: return method::del;
    case beast_http::verb::patch: return method::patch;
    case beast_http::verb::options: return method::options;
    default: return method::other;
  }
}

void assign(std::string& out, boost::beast::string_view value) {
  out.assign(value.data(), value.size());
}

}  // namespace

void edge_headers::clear() {
  host.clear();
  origin.clear();
  api_key.clear();
  authorization.clear();
  expect.clear();
  request_id.clear();
  host_count = 0;
  version = 11;
  has_origin = false;
  transfer_encoding = false;
}

request_parser::request_parser(request& out, edge_headers& headers, std::size_t body_bytes_max)
    : out_(out), headers_(headers), body_bytes_max_(body_bytes_max) {
  header_limit(static_cast<std::uint32_t>(limits::header_bytes_max));
  // The bound is checked here and by the session, so that the key is checked first.
  body_limit(boost::none);
  out_.content_type.clear();
  out_.content_encoding.clear();
  out_.idempotency_key.clear();
  out_.idempotency_keys = 0;
  out_.body.clear();
  out_.has_body = false;
  headers_.clear();
}

std::size_t request_parser::take(boost::asio::const_buffer bytes, error_code& failure) {
  // No chunked body that is not over has fewer bytes left, perhaps behind the end of a line.
  constexpr std::size_t last_chunk_bytes = 5;  // "0\r\n\r\n"
  const auto* first = static_cast<const char*>(bytes.data());
  if (is_header_done() && chunked() && bytes.size() > 0 && bytes.size() < last_chunk_bytes &&
      (*first == '0' || *first == '\r')) {
    failure = beast_http::error::need_more;
    return 0;
  }
  return put(bytes, failure);
}

void request_parser::on_request_impl(beast_http::verb verb, string_view, string_view target,
                                     int version, error_code&) {
  headers_.version = version;
  out_.method = method_of(verb);
  assign(out_.target, target);
}

void request_parser::on_field_impl(beast_http::field field, string_view name, string_view value,
                                   error_code&) {
  // Trailers come behind the body, when everything has been judged.
  if (is_header_done()) return;
  switch (field) {
    case beast_http::field::host: ++headers_.host_count; return assign(headers_.host, value);
    case beast_http::field::origin:
      headers_.has_origin = true;
      return assign(headers_.origin, value);
    case beast_http::field::authorization: return assign(headers_.authorization, value);
    case beast_http::field::expect: return assign(headers_.expect, value);
    case beast_http::field::content_type: return assign(out_.content_type, value);
    case beast_http::field::content_encoding:
      if (!out_.content_encoding.empty()) out_.content_encoding += ',';
      out_.content_encoding.append(value.data(), value.size());
      return;
    case beast_http::field::transfer_encoding: headers_.transfer_encoding = true; return;
    case beast_http::field::unknown:
      if (boost::beast::iequals(name, "api-key")) assign(headers_.api_key, value);
      if (boost::beast::iequals(name, "x-request-id")) assign(headers_.request_id, value);
      if (boost::beast::iequals(name, "idempotency-key") && out_.idempotency_keys++ == 0)
        assign(out_.idempotency_key, value);
      return;
    default: return;
  }
}

void request_parser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) {
  // Not all of a large one: what is announced need not come.
  if (length && keep_body_) out_.body.reserve(std::min<std::uint64_t>(*length, reserved_bytes_max));
}

void request_parser::on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& ec) {
  extension_bytes_ += extensions.size();
  if (extension_bytes_ > limits::chunk_extension_bytes_max)
    ec = beast_http::error::bad_chunk_extension;
}

std::size_t request_parser::on_body_impl(string_view body, error_code& ec) {
  body_bytes_ += body.size();
  if (body_bytes_ > body_bytes_max_) {
    ec = beast_http::error::body_limit;
    return 0;
  }
  if (keep_body_) out_.body.append(body.data(), body.size());
  return body.size();
}

std::size_t request_parser::on_chunk_body_impl(std::uint64_t, string_view body, error_code& ec) {
  return on_body_impl(body, ec);
}

}  // namespace thespis::http
