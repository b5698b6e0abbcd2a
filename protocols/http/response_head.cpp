// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/response_head.hpp"

#include <charconv>
#include <ctime>

namespace thespis::http {

namespace {

void append_number(std::string& out, std::size_t value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

// The date changes once a second; each thread keeps its text.
void append_date(std::string& out) {
  thread_local std::time_t cached = 0;
  thread_local char text[40];
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != cached) {
    std::tm parts{};
    if (gmtime_r(&now, &parts) != nullptr)
      size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    cached = now;
  }
  out.append(text, size);
}

}  // namespace

std::string_view reason_phrase(unsigned status) noexcept {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "Unknown";
  }
}

void render_head(std::string& out, const request& asked, const response& answer, bool keep_alive) {
  out.assign("HTTP/1.1 ");
  append_number(out, answer.status);
  (out += ' ') += reason_phrase(answer.status);
  (out += "\r\nContent-Type: ") += answer.content_type;
  out += "\r\nContent-Length: ";
  append_number(out, answer.body.size());
  (out += "\r\nx-request-id: ") += asked.id;
  out += "\r\nDate: ";
  append_date(out);
  out += keep_alive ? "\r\nConnection: keep-alive" : "\r\nConnection: close";
  if (!answer.allow.empty()) (out += "\r\nAllow: ") += answer.allow;
  if (answer.retry_after_s > 0) {
    out += "\r\nRetry-After: ";
    append_number(out, answer.retry_after_s);
  }
  if (answer.status == 401) out += "\r\nWWW-Authenticate: Bearer";
  out += "\r\nX-Content-Type-Options: nosniff\r\n\r\n";
}

}  // namespace thespis::http
