// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/server_state.hpp"

#include <random>
#include <utility>

#include "protocols/http/session.hpp"

namespace thespis::http {

server_state::server_state(const config::server& settings_, access_rules rules_,
                           std::shared_ptr<http::handler> handler_)
    : settings(settings_), rules(std::move(rules_)), handler(std::move(handler_)) {
  std::random_device random;
  next_id_ = static_cast<std::uint64_t>(random()) << 32 | random();
}

bool server_state::enter_request() noexcept {
  if (requests_.fetch_add(1) < settings.requests_in_flight_max) return true;
  requests_.fetch_sub(1);
  return false;
}

void server_state::leave_request() noexcept { requests_.fetch_sub(1); }

bool server_state::enter_bytes(std::size_t bytes) noexcept {
  if (bytes_.fetch_add(bytes) + bytes <= settings.request_bytes_in_flight_max) return true;
  bytes_.fetch_sub(bytes);
  return false;
}

void server_state::leave_bytes(std::size_t bytes) noexcept { bytes_.fetch_sub(bytes); }

bool server_state::enter(session& one, std::size_t extra) {
  const std::lock_guard lock(mutex_);
  if (sessions_.size() >= settings.connections_max + extra) return false;
  sessions_.insert(&one);
  return true;
}

void server_state::leave(session& one) {
  const std::lock_guard lock(mutex_);
  if (sessions_.erase(&one) > 0 && sessions_.empty()) left_.notify_all();
}

std::size_t server_state::connections() {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

void server_state::sweep(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  for (auto* one : sessions_) one->expire(now_ns);
}

void server_state::shut(bool all) {
  const std::lock_guard lock(mutex_);
  for (auto* one : sessions_) one->shut(all);
}

bool server_state::wait_empty(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return left_.wait_until(lock, deadline, [this] { return sessions_.empty(); });
}

void server_state::make_request_id(std::string& out) {
  static constexpr char hex[] = "0123456789abcdef";
  // Source: Steele et al. 2014, "Fast splittable pseudorandom number generators", mix64.
  std::uint64_t z = next_id_.fetch_add(0x9E3779B97F4A7C15ull);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  out.resize(16);
  for (int i = 0; i < 16; ++i) out[i] = hex[z >> (60 - 4 * i) & 15];
}

}  // namespace thespis::http
