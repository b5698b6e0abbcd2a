// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/server_state.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "core/limits.hpp"
#include "core/processors.hpp"
#include "protocols/http/session.hpp"

namespace thespis::http {

namespace {

constexpr std::size_t refusals_per_core_s = 2000;  // leaves most of a core to requests that run
constexpr std::size_t reads_strict_divisor = 2;    // while refusals last
constexpr std::size_t writes_late_divisor = 4;
constexpr std::int64_t reads_patience_divisor = 8;   // while refusals last
constexpr std::int64_t writes_patience_divisor = 5;  // a flush takes longer at times

gate::bounds bounds_of(const config::server& settings) {
  gate::bounds bounds;
  bounds.running_max = settings.requests_in_flight_max;
  bounds.running_sure = bounds.running_max;
  bounds.waiting_max = settings.requests_waiting_max;
  bounds.waiting_sure = std::min(limits::requests_waiting_sure, bounds.waiting_max);
  bounds.patience_ns = std::int64_t{settings.queue_patience_ms} * 1'000'000;
  bounds.patience_strict_ns = bounds.patience_ns / writes_patience_divisor;
  bounds.refusal_spacing_ns =
      1'000'000'000 / static_cast<std::int64_t>(refusals_per_core_s * usable_processors());
  return bounds;
}

gate::bounds read_bounds(const config::server& settings) {
  auto bounds = bounds_of(settings);
  const auto wanted = settings.reads_in_flight_max == 0
                          ? limits::reads_per_core * usable_processors()
                          : settings.reads_in_flight_max;
  bounds.running_max = std::min(bounds.running_max, wanted);
  bounds.running_sure = bounds.running_max;
  // Reads take processor time: each more that runs makes all of them take longer. Below one per
  // core a core is idle.
  bounds.running_strict = std::max<std::size_t>(1, bounds.running_max / reads_strict_divisor);
  bounds.patience_strict_ns = bounds.patience_ns / reads_patience_divisor;
  bounds.running_late = std::min(bounds.running_strict, usable_processors());
  bounds.serves_late = false;
  return bounds;
}

// Small writes share flushes, the more the better; large ones are work for the cores. After a slow
// flush there is room for many at once, and a body that was sent in vain is dear.
gate::bounds write_bounds(const config::server& settings) {
  auto bounds = bounds_of(settings);
  bounds.running_sure = std::min(bounds.running_max, usable_processors());
  bounds.running_late = std::max<std::size_t>(1, bounds.running_max / writes_late_divisor);
  bounds.bytes_max = limits::write_bytes_running_max;
  return bounds;
}

}  // namespace

server_state::server_state(const config::server& settings_, access_rules rules_,
                           std::shared_ptr<http::handler> handler_,
                           std::shared_ptr<memory_budget> memory_)
    : settings(settings_),
      rules(std::move(rules_)),
      handler(std::move(handler_)),
      memory(std::move(memory_)),
      bytes_in_flight_max(memory ? std::min<std::uint64_t>(settings.request_bytes_in_flight_max,
                                                           memory->bytes() / bodies_part)
                                 : settings.request_bytes_in_flight_max),
      reads("reads", read_bounds(settings_)),
      writes("writes", write_bounds(settings_)) {
  std::random_device random;
  next_id_ = static_cast<std::uint64_t>(random()) << 32 | random();
}

bool server_state::enter_bytes(std::size_t bytes) noexcept {
  if (bytes_.fetch_add(bytes) + bytes > bytes_in_flight_max) {
    bytes_.fetch_sub(bytes);
    return false;
  }
  const auto taken = static_cast<std::int64_t>(bytes);
  if (memory) memory->add(memory_part::requests, taken, taken);
  return true;
}

void server_state::leave_bytes(std::size_t bytes) noexcept {
  bytes_.fetch_sub(bytes);
  const auto taken = static_cast<std::int64_t>(bytes);
  if (memory) memory->add(memory_part::requests, -taken, -taken);
}

result<void> server_state::check_memory(std::size_t bytes) const {
  if (!memory) return ok();
  return memory->check(bytes * body_copies, "a body of " + std::to_string(bytes) + " bytes");
}

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
  reads.sweep(now_ns);
  writes.sweep(now_ns);
  // Readers that are merely slow keep to the pace; they go when their answers fill the memory.
  const bool pressed = unread_bytes() > settings.response_bytes_in_flight_max / 2;
  const auto grace_ns = std::int64_t{settings.transfer_window_ms} * 1'000'000;
  const std::lock_guard lock(mutex_);
  session* slowest = nullptr;
  for (auto* one : sessions_) {
    one->expire(now_ns);
    if (pressed && one->writing_since_ns() < now_ns - grace_ns &&
        (slowest == nullptr || one->writing_since_ns() < slowest->writing_since_ns()))
      slowest = one;
  }
  if (slowest != nullptr) slowest->cut();
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
