// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "storage/parts.hpp"

namespace thespis::storage {

/// The checkpoint thread: checkpoints by time and by log size, trims the journal, removes dropped
/// tables, pays owed no-ops, removes old idempotency keys, takes the disk's reserve, accounts for
/// the cache and shrinks it.
class maintenance {
 public:
  static constexpr int tick_ms = 250;
  /// The cache shrinks after so long without a large transaction.
  static constexpr std::uint32_t cache_quiet_ms = 1'000;

  explicit maintenance(parts& shared) noexcept : shared_(shared) {}
  ~maintenance() { stop(); }

  /// Errors: resource_exhausted (no thread).
  [[nodiscard]] result<void> start();
  void stop() noexcept;

  /// Writes a checkpoint now and trims the journal. One at a time.
  [[nodiscard]] result<void> checkpoint();

 private:
  void run();
  void tick();
  void note_cache();
  bool checkpoint_due() const;
  void report(const result<void>& outcome);

  parts& shared_;
  std::thread thread_;

  std::mutex checkpoint_mutex_;
  std::int64_t checkpoint_time_ns_ = 0;
  std::uint64_t checkpoint_bytes_ = 0;  // journal bytes committed when it began

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
};

}  // namespace thespis::storage
