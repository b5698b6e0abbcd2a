// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/maintenance.hpp"

#include <chrono>
#include <cstdio>
#include <system_error>

#include "core/clock.hpp"
#include "core/fail_point.hpp"
#include "core/phase.hpp"

namespace thespis::storage {

namespace {

// Every byte of the journal is in the log twice, as a row of a collection and as an entry.
constexpr std::uint64_t log_bytes_per_journal_byte = 2;

}  // namespace

result<void> maintenance::start() {
  checkpoint_time_ns_ = steady_time_ns();
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& failure) {
    return error(errc::resource_exhausted,
                 std::string("checkpoints: no thread: ") + failure.what());
  }
  return ok();
}

void maintenance::stop() noexcept {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

result<void> maintenance::checkpoint() {
  const std::lock_guard lock(checkpoint_mutex_);
  THESPIS_PHASE("checkpoint");
  const auto bytes = shared_.journal->bytes_committed();
  THESPIS_TRY(auto session, shared_.sessions.borrow());
  THESPIS_CHECK(shared_.journal->save_segments());
  THESPIS_FAIL_POINT("checkpoint.segments_saved");
  THESPIS_CHECK(session->checkpoint());
  THESPIS_FAIL_POINT("checkpoint.written");
  checkpoint_time_ns_ = steady_time_ns();
  checkpoint_bytes_ = bytes;
  return shared_.journal->trim();
}

void maintenance::run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, std::chrono::milliseconds(tick_ms), [this] { return stopping_; }))
        return;
    }
    tick();
  }
}

bool maintenance::checkpoint_due() const {
  const auto written = shared_.journal->bytes_committed() - checkpoint_bytes_;
  if (written == 0) return false;
  if (written * log_bytes_per_journal_byte >= shared_.settings.checkpoint_log_bytes) return true;
  const auto age_ns = steady_time_ns() - checkpoint_time_ns_;
  return age_ns >= std::int64_t{shared_.settings.checkpoint_interval_s} * 1'000'000'000;
}

void maintenance::note_cache() {
  auto session = shared_.sessions.borrow();
  if (!session) return;
  if (const auto used = (*session)->statistic(WT_STAT_CONN_CACHE_BYTES_INUSE))
    shared_.cache.note_use(*used);
}

void maintenance::tick() {
  shared_.disk.settle();
  note_cache();
  shared_.journal->pay_owed();
  shared_.dropped.retry();
  report(shared_.idempotency->sweep(shared_.journal->stable()));
  if (checkpoint_due()) report(checkpoint());
  if (shared_.cache.is_quiet(cache_quiet_ms)) {
    // Clean pages leave the cache without writing, so the smaller size stalls nobody.
    report(checkpoint());
    report(shared_.cache.shrink(cache_quiet_ms));
  }
}

void maintenance::report(const result<void>& outcome) {
  if (!outcome)
    std::fprintf(stderr, "thespis: checkpoint thread: %s\n", outcome.error().message.c_str());
}

}  // namespace thespis::storage
