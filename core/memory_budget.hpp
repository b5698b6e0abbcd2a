// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/process_memory.hpp"

namespace thespis {

/// The components that account for their memory.
enum class memory_part : std::uint8_t {
  rows,           ///< Vectors in memory.
  mapped_rows,    ///< Vectors in mapped files, as far as they are in memory; the system may evict.
  index,          ///< Links and codes.
  slots,          ///< Ids and versions.
  storage_cache,  ///< Pages of the storage engine.
  requests,       ///< Bodies being handled.
  building,       ///< What loads and rebuilds of indexes were promised.
};
inline constexpr std::size_t memory_parts = 7;
[[nodiscard]] std::string_view to_string(memory_part part) noexcept;

/// The memory of a process at one moment. Units: bytes.
struct memory_report {
  std::uint64_t budget_bytes = 0;
  std::string origin;                ///< Where the budget comes from.
  std::uint64_t used_bytes = 0;      ///< What counts against it.
  std::uint64_t resident_bytes = 0;  ///< Of the process, with pages of files.
  std::uint64_t promised_bytes = 0;  ///< Counted as used although not resident yet.
  std::array<std::uint64_t, memory_parts> parts{};
  std::uint64_t other_bytes = 0;  ///< Resident and of no part.
};

/// The memory that a process may use: an account per component, and the judgement whether more may
/// be taken. Used is what the system counts for the process without pages of files, which it can
/// evict, and what was promised and is not taken yet. A lock guards the list of caches.
/// Thread: members may be called from any thread.
class memory_budget {
 public:
  /// Part of the ceiling that a budget gets where none is configured: the rest is for pages of
  /// files, stacks, fragments and the kernel.
  static constexpr double derived_part = 0.75;
  /// Caches are asked to shrink at most this often by requests that found no room.
  static constexpr std::int64_t relief_pause_ms = 200;
  /// Tells the memory of the process; a test may have its own.
  using probe = std::function<process_memory()>;
  /// Shrinks a cache. It must neither block for long nor call the budget.
  using relief = std::function<void()>;

  /// A budget of `configured_bytes`, or of a part of `ceiling` if that is 0.
  memory_budget(std::uint64_t configured_bytes, const memory_ceiling& ceiling,
                probe look = process_memory::now);

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t used_bytes() const noexcept;
  [[nodiscard]] memory_report report() const;

  /// Whether `bytes` more may be taken for `what`. Lets caches shrink before it says no.
  /// Errors: resource_exhausted, naming budget, use and setting.
  [[nodiscard]] result<void> check(std::uint64_t bytes, std::string_view what);
  /// Whether `bytes` fit beside what is resident, whatever was promised: for those to whom memory
  /// was promised.
  [[nodiscard]] bool fits_resident(std::uint64_t bytes) const noexcept;

  /// Adds a cache that can shrink; it must be removed by the same key before it goes.
  void add_relief(const std::string& key, relief shrink);
  void remove_relief(const std::string& key);
  /// Lets caches shrink.
  void relieve() noexcept;

  /// One owner's part of an account; gone with its owner. A budget outlives its shares.
  /// Thread: one at a time.
  class share {
   public:
    share() = default;
    share(std::shared_ptr<memory_budget> budget, memory_part part) noexcept
        : budget_(std::move(budget)), part_(part) {}
    ~share() { set(0, 0); }
    share(share&& other) noexcept { *this = std::move(other); }
    share& operator=(share&& other) noexcept;

    /// Holds so much now, and was promised so much more.
    void set(std::uint64_t held_bytes, std::uint64_t promised_bytes = 0) noexcept;

   private:
    std::shared_ptr<memory_budget> budget_;
    memory_part part_ = memory_part::rows;
    std::uint64_t held_bytes_ = 0;
    std::uint64_t promised_bytes_ = 0;
  };

  /// Promises `bytes` to a load or a rebuild until the share is gone.
  /// Errors: resource_exhausted, as `check`.
  [[nodiscard]] static result<share> reserve(const std::shared_ptr<memory_budget>& budget,
                                             std::uint64_t bytes, std::string_view what);

  /// Adds to an account, or takes away from it; `promised` likewise.
  void add(memory_part part, std::int64_t held, std::int64_t promised) noexcept;

 private:
  struct cache {
    std::string key;
    relief shrink;
  };

  std::uint64_t bytes_;
  std::uint64_t space_bytes_;  // of addresses that may be used; the largest number: no bound
  std::string origin_;
  const probe look_;
  std::array<std::atomic<std::int64_t>, memory_parts> held_{};
  std::atomic<std::int64_t> promised_ = 0;
  std::atomic<std::int64_t> relieved_ns_ = 0;
  std::mutex reserving_;
  std::mutex mutex_;
  std::vector<cache> caches_;
};

}  // namespace thespis
