// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/cache_budget.hpp"

#include <algorithm>
#include <string>

#include "core/clock.hpp"

namespace thespis::storage {

namespace {

// WiredTiger starts to make writers evict pages when a fifth of the cache is dirty. An uncommitted
// transaction cannot be evicted, and what the one before it wrote is still dirty.
constexpr std::size_t room_per_byte = 2;
// Transactions below this part of the cache need no more than the cache.
constexpr std::size_t small_part = 16;

}  // namespace

result<cache_budget::loan> cache_budget::borrow(std::size_t bytes, bool adds_data) {
  if (bytes <= base_bytes_ / small_part) return loan();
  const std::size_t room = bytes * room_per_byte;
  if (memory_) {
    auto fits = memory_->check(room, "a transaction of " + std::to_string(bytes) + " bytes");
    if (!fits && !adds_data) return loan();
    THESPIS_CHECK(std::move(fits));
  }
  std::unique_lock lock(mutex_);
  returned_.wait(
      lock, [&] { return borrowed_bytes_ == 0 || borrowed_bytes_ + room <= borrowed_bytes_max; });
  const std::size_t wanted = base_bytes_ + borrowed_bytes_ + room;
  if (wanted > size_bytes_) THESPIS_CHECK(resize_locked(wanted));
  borrowed_bytes_ += room;
  return loan(*this, room);
}

result<void> cache_budget::shrink(std::uint32_t quiet_ms) {
  const std::lock_guard lock(mutex_);
  if (!is_quiet_locked(quiet_ms)) return ok();
  return resize_locked(base_bytes_);
}

bool cache_budget::is_quiet(std::uint32_t quiet_ms) const noexcept {
  const std::lock_guard lock(mutex_);
  return is_quiet_locked(quiet_ms);
}

bool cache_budget::is_quiet_locked(std::uint32_t quiet_ms) const noexcept {
  return size_bytes_ != base_bytes_ && borrowed_bytes_ == 0 &&
         steady_time_ns() - last_return_ns_ >= std::int64_t{quiet_ms} * 1'000'000;
}

std::size_t cache_budget::bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  return size_bytes_;
}

void cache_budget::give_back(std::size_t bytes) noexcept {
  {
    const std::lock_guard lock(mutex_);
    borrowed_bytes_ -= bytes;
    last_return_ns_ = steady_time_ns();
  }
  returned_.notify_all();
}

result<void> cache_budget::resize_locked(std::size_t bytes) {
  // Room for what it may have to write is kept before and as long as it can be dirty.
  if (bytes > size_bytes_) disk_.note_cache(bytes);
  if (auto resized = connection_.reconfigure("cache_size=" + std::to_string(bytes)); !resized) {
    disk_.note_cache(size_bytes_);
    return resized;
  }
  size_bytes_ = bytes;
  disk_.note_cache(bytes);
  account_locked();
  return ok();
}

// What the cache may still fill is promised to it.
void cache_budget::account_locked() noexcept {
  account_.set(used_bytes_, size_bytes_ - std::min<std::uint64_t>(used_bytes_, size_bytes_));
}

void cache_budget::note_use(std::uint64_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  used_bytes_ = bytes;
  account_locked();
}

}  // namespace thespis::storage
