// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/error.hpp"
#include "core/memory_budget.hpp"
#include "storage/disk_room.hpp"
#include "storage/wt.hpp"

namespace thespis::storage {

/// The size of WiredTiger's page cache. It is small, because resident memory counts, but all that
/// one transaction changes must fit until it commits; a larger one stalls or is rolled back. So
/// large transactions borrow room, and the cache shrinks once they are over and checkpointed.
/// A lock guards the sum; a borrower waits for others only if the bound is reached.
/// Thread: members may be called from any thread.
class cache_budget {
 public:
  /// Room that transactions may borrow together; one alone gets what it needs.
  static constexpr std::size_t borrowed_bytes_max = 1u << 30;

  /// Room on loan to one transaction.
  class loan {
   public:
    loan() = default;
    loan(cache_budget& owner, std::size_t bytes) noexcept : owner_(&owner), bytes_(bytes) {}
    ~loan() {
      if (owner_ != nullptr) owner_->give_back(bytes_);
    }
    loan(loan&& other) noexcept : owner_(other.owner_), bytes_(other.bytes_) {
      other.owner_ = nullptr;
    }
    loan& operator=(loan&&) = delete;
    [[nodiscard]] bool is_large() const noexcept { return owner_ != nullptr; }

   private:
    cache_budget* owner_ = nullptr;
    std::size_t bytes_ = 0;
  };

  /// Tells `disk` how much the cache may have to write, and asks `memory`, which may be null.
  cache_budget(wt::connection& connection, disk_room& disk, std::shared_ptr<memory_budget> memory,
               std::size_t base_bytes) noexcept
      : connection_(connection),
        disk_(disk),
        memory_(std::move(memory)),
        account_(memory_, memory_part::storage_cache),
        base_bytes_(base_bytes),
        size_bytes_(base_bytes) {}

  /// Makes room for a transaction that writes `bytes` into tables and journal together. One that
  /// adds no data does without where memory lacks. Errors: resource_exhausted (memory).
  [[nodiscard]] result<loan> borrow(std::size_t bytes, bool adds_data);

  /// The cache holds so much now.
  void note_use(std::uint64_t bytes) noexcept;

  /// Goes back to the configured size if no loan was out for `quiet_ms`.
  [[nodiscard]] result<void> shrink(std::uint32_t quiet_ms);

  /// Larger than configured, and no loan was out for `quiet_ms`.
  [[nodiscard]] bool is_quiet(std::uint32_t quiet_ms) const noexcept;

  /// The size now.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  void give_back(std::size_t bytes) noexcept;
  bool is_quiet_locked(std::uint32_t quiet_ms) const noexcept;
  result<void> resize_locked(std::size_t bytes);
  void account_locked() noexcept;

  wt::connection& connection_;
  disk_room& disk_;
  const std::shared_ptr<memory_budget> memory_;
  memory_budget::share account_;
  const std::size_t base_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::size_t size_bytes_;
  std::uint64_t used_bytes_ = 0;
  std::size_t borrowed_bytes_ = 0;
  std::int64_t last_return_ns_ = 0;
};

}  // namespace thespis::storage
