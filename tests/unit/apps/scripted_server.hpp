// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace thespis::client {

/// What a scripted server received.
struct seen_request {
  std::string head;  ///< Request line and fields.
  std::string body;
};

/// A server on a free loopback port whose answers a test writes byte by byte. It closes a
/// connection after an answer that begins "close:", and says nothing at all to "".
class scripted_server {
 public:
  using handler = std::function<std::string(const seen_request&)>;

  explicit scripted_server(handler answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~scripted_server() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int link : links_) ::shutdown(link, SHUT_RDWR);
    }
    for (auto& one : threads_) one.join();
    for (const int link : links_) ::close(link);
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] std::vector<seen_request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return links_.size();
  }

 private:
  void accept_all() {
    for (;;) {
      const int link = ::accept(listener_, nullptr, nullptr);
      if (link < 0 || stopping_) {
        if (link >= 0) ::close(link);
        return;
      }
      const std::lock_guard lock(mutex_);
      links_.push_back(link);
      threads_.emplace_back([this, link] { serve(link); });
    }
  }

  void serve(int link) {
    std::string buffer;
    seen_request request;
    while (read_request(link, buffer, request)) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      auto answer = answer_(request);
      const bool last = answer.starts_with("close:");
      if (last) answer.erase(0, 6);
      if (!answer.empty() && ::send(link, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
      if (last) break;
    }
    ::shutdown(link, SHUT_RDWR);
  }

  static bool fill(int link, std::string& buffer) {
    char part[4096];
    const auto got = ::recv(link, part, sizeof part, 0);
    if (got > 0) buffer.append(part, static_cast<std::size_t>(got));
    return got > 0;
  }

  static bool read_request(int link, std::string& buffer, seen_request& request) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
      if (!fill(link, buffer)) return false;
    request.head = buffer.substr(0, end);
    std::size_t body_bytes = 0;
    const std::string field = "Content-Length: ";
    if (const auto at = request.head.find(field); at != std::string::npos)
      std::from_chars(request.head.data() + at + field.size(),
                      request.head.data() + request.head.size(), body_bytes);
    while (buffer.size() < end + 4 + body_bytes)
      if (!fill(link, buffer)) return false;
    request.body = buffer.substr(end + 4, body_bytes);
    buffer.erase(0, end + 4 + body_bytes);
    return true;
  }

  handler answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::vector<int> links_;
  std::vector<std::thread> threads_;
  std::vector<seen_request> requests_;
};

/// An answer with a body and the status line's text.
inline std::string answer(const std::string& status, const std::string& body,
                          const std::string& fields = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         fields + "\r\n" + body;
}

}  // namespace thespis::client
