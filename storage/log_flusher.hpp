// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

#include "storage/flusher.hpp"
#include "storage/journal_log.hpp"
#include "storage/session_pool.hpp"

namespace thespis::storage {

/// The flusher on a thread of its own, which a lock and a condition wake.
class log_flusher final : public flusher {
 public:
  /// Without anybody waiting, entries become durable after this long.
  static constexpr int idle_flush_interval_ms = 100;

  log_flusher(session_pool& sessions, journal_log& journal) noexcept
      : sessions_(sessions), journal_(journal) {}
  ~log_flusher() override { stop(); }

  /// Errors: resource_exhausted (no session or thread).
  [[nodiscard]] result<void> start();
  /// Flushes what is stable, answers who waits for that, and ends the thread.
  void stop() noexcept;

  void when_durable(lsn_t lsn, callback done) override;

  /// Returns when everything up to `lsn` is durable.
  void wait_durable(lsn_t lsn);

  /// Flushes since the start.
  [[nodiscard]] std::uint64_t flushes() const noexcept { return flushes_.load(); }

 private:
  void run();
  void flush();
  void mark();
  void mark_last();
  void answer();
  void progressed();

  session_pool& sessions_;
  journal_log& journal_;
  session_pool::lease session_;
  std::thread thread_;
  std::atomic<std::uint64_t> flushes_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t syncs_marked_ = 0;  // that the newest mark in the log tells of
  std::atomic<std::size_t> waiting_count_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<lsn_t, callback> waiting_;
  bool stopping_ = false;
};

}  // namespace thespis::storage
