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
#include "core/memory_budget.hpp"
#include "protocols/http/access_rules.hpp"
#include "protocols/http/gate.hpp"
#include "protocols/http/handler.hpp"

namespace thespis::http {

class session;

/// What the sessions of a server share: settings, rules, bounds and the list of themselves.
/// Thread: all members may be called from any thread.
struct server_state {
  /// Bodies may hold this part of the memory budget at once.
  static constexpr std::uint64_t bodies_part = 4;
  /// A body that adds data is held so many times while it is decoded and committed.
  static constexpr std::uint64_t body_copies = 3;

  /// `memory_` may be null: nobody bounds it.
  server_state(const config::server& settings_, access_rules rules_,
               std::shared_ptr<http::handler> handler_, std::shared_ptr<memory_budget> memory_);

  const config::server settings;
  const access_rules rules;
  const std::shared_ptr<http::handler> handler;
  const std::shared_ptr<memory_budget> memory;
  const std::size_t bytes_in_flight_max;  ///< Of bodies, by settings and memory.
  std::atomic<bool> draining = false;

  gate reads;
  gate writes;

  /// Takes room for `bytes` of bodies; false if the bound is reached.
  [[nodiscard]] bool enter_bytes(std::size_t bytes) noexcept;
  void leave_bytes(std::size_t bytes) noexcept;
  /// Counts bytes of answers that wait for their readers.
  void add_unread(std::size_t bytes) noexcept { unread_bytes_.fetch_add(bytes); }
  void drop_unread(std::size_t bytes) noexcept { unread_bytes_.fetch_sub(bytes); }
  [[nodiscard]] std::size_t unread_bytes() const noexcept { return unread_bytes_.load(); }
  /// Whether there is memory for a body, or a further part of one, that adds data.
  /// Errors: resource_exhausted.
  [[nodiscard]] result<void> check_memory(std::size_t bytes) const;

  /// Counts a connection; false if the bound is reached.
  [[nodiscard]] bool enter(session& one, std::size_t extra);
  void leave(session& one);
  [[nodiscard]] std::size_t connections();

  /// Wakes every session whose deadline has passed; while answers that nobody reads take much
  /// memory, cuts the session that has been writing longest. Also sweeps the gates.
  void sweep(std::int64_t now_ns);
  /// Ends idle sessions, or all of them.
  void shut(bool all);
  /// Waits until no connection is left; false if that took longer.
  [[nodiscard]] bool wait_empty(std::chrono::steady_clock::time_point deadline);

  /// An id for a request that brought none, 16 hexadecimal digits.
  void make_request_id(std::string& out);

 private:
  std::atomic<std::size_t> bytes_ = 0;
  std::atomic<std::size_t> unread_bytes_ = 0;
  std::atomic<std::uint64_t> next_id_;
  std::mutex mutex_;
  std::condition_variable left_;
  std::unordered_set<session*> sessions_;
};

}  // namespace thespis::http
