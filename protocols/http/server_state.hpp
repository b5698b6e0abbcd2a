// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "config/config.hpp"
#include "protocols/http/access_rules.hpp"
#include "protocols/http/handler.hpp"

namespace thespis::http {

class session;

/// What the sessions of a server share: settings, rules, bounds and the list of themselves.
/// Thread: all members may be called from any thread.
struct server_state {
  server_state(const config::server& settings_, access_rules rules_,
               std::shared_ptr<http::handler> handler_);

  const config::server settings;
  const access_rules rules;
  const std::shared_ptr<http::handler> handler;
  std::atomic<bool> draining = false;

  /// Takes room for one request; false if the bound is reached.
  [[nodiscard]] bool enter_request() noexcept;
  void leave_request() noexcept;
  /// Takes room for `bytes` of bodies; false if the bound is reached.
  [[nodiscard]] bool enter_bytes(std::size_t bytes) noexcept;
  void leave_bytes(std::size_t bytes) noexcept;

  /// Counts a connection; false if the bound is reached.
  [[nodiscard]] bool enter(session& one, std::size_t extra);
  void leave(session& one);
  [[nodiscard]] std::size_t connections();
  [[nodiscard]] std::size_t requests_in_flight() const noexcept { return requests_.load(); }

  /// Wakes every session whose deadline has passed.
  void sweep(std::int64_t now_ns);
  /// Ends idle sessions, or all of them.
  void shut(bool all);
  /// Waits until no connection is left; false if that took longer.
  [[nodiscard]] bool wait_empty(std::chrono::steady_clock::time_point deadline);

  /// An id for a request that brought none, 16 hexadecimal digits.
  void make_request_id(std::string& out);

 private:
  std::atomic<std::size_t> requests_ = 0;
  std::atomic<std::size_t> bytes_ = 0;
  std::atomic<std::uint64_t> next_id_;
  std::mutex mutex_;
  std::condition_variable left_;
  std::unordered_set<session*> sessions_;
};

}  // namespace thespis::http
