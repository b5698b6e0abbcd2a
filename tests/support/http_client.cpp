// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cctype>

namespace thespis::tests {

std::string http_answer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

http_client::http_client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{10, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket_);
    socket_ = -1;
  }
}

http_client::~http_client() {
  if (socket_ >= 0) ::close(socket_);
}

bool http_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool http_client::fill() {
  char bytes[16384];
  const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
  if (count <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

http_answer http_client::receive(bool head) {
  http_answer answer;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) return answer;
  const auto text = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  std::size_t at = text.find("\r\n") + 2;
  while (at < text.size()) {
    const auto line = text.substr(at, text.find("\r\n", at) - at);
    at += line.size() + 2;
    const auto colon = line.find(": ");
    std::string name = line.substr(0, colon);
    for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    answer.headers[name] = line.substr(colon + 2);
  }
  const int status = std::stoi(text.substr(9, 3));
  const auto length = answer.header("content-length");
  if (!head && status >= 200 && !length.empty()) {
    const auto bytes = std::stoul(length);
    while (buffer_.size() < bytes)
      if (!fill()) return answer;
    answer.body = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
  }
  answer.status = status;
  return answer;
}

bool http_client::closed() {
  char byte = 0;
  return buffer_.empty() && ::recv(socket_, &byte, 1, 0) == 0;
}

std::string http_request(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view headers) {
  std::string text(method);
  ((text += ' ') += target) += " HTTP/1.1\r\nHost: localhost\r\n";
  text += headers;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return (text += "\r\n") += body;
}

http_answer http_client::ask(std::string_view method, std::string_view target,
                             std::string_view body, std::string_view headers) {
  if (!send(http_request(method, target, body, headers))) return {};
  return receive(method == "HEAD");
}

}  // namespace thespis::tests
