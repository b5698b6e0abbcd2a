// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/log_flusher.hpp"

#include <chrono>
#include <future>
#include <system_error>
#include <utility>
#include <vector>

#include "core/fail_point.hpp"
#include "core/phase.hpp"
#include "storage/log_check.hpp"

namespace thespis::storage {

result<void> log_flusher::start() {
  THESPIS_TRY(session_, sessions_.borrow());
  journal_.on_progress([this] { progressed(); });
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& failure) {
    return error(errc::resource_exhausted, std::string("flusher: no thread: ") + failure.what());
  }
  return ok();
}

void log_flusher::stop() noexcept {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  session_ = {};
}

void log_flusher::when_durable(lsn_t lsn, callback done) {
  if (const lsn_t durable = journal_.durable(); lsn <= durable) return done(durable);
  {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(lsn, std::move(done));
    waiting_count_ = waiting_.size();
  }
  wake_.notify_one();
}

void log_flusher::wait_durable(lsn_t lsn) {
  std::promise<void> reached;
  auto done = reached.get_future();
  when_durable(lsn, [&](lsn_t) { reached.set_value(); });
  done.wait();
}

// Runs on committing threads: the lock is taken only while somebody waits, and then so that the
// flusher cannot fall asleep between its look at the marks and the notification.
void log_flusher::progressed() {
  if (waiting_count_ == 0) return;
  { const std::lock_guard lock(mutex_); }
  wake_.notify_one();
}

void log_flusher::run() {
  constexpr std::chrono::milliseconds idle(idle_flush_interval_ms);
  bool stopping = false;
  while (!stopping) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, idle, [this] {
        return stopping_ || (!waiting_.empty() && (journal_.stable() > journal_.durable() ||
                                                   waiting_.begin()->first <= journal_.durable()));
      });
      stopping = stopping_;
    }
    flush();
    answer();
  }
}

void log_flusher::flush() {
  const lsn_t stable = journal_.stable();
  if (stable <= journal_.durable()) return mark_last();
  THESPIS_PHASE("write.flush");
  // The control run of the power cut campaign: without the sync it has to find losses.
  if (!THESPIS_FAIL_POINT_FAILS("flusher.sync")) {
    mark();  // synced with what stands before it
    if (const auto flushed = session_->flush_log(); !flushed) wt::die(flushed.error().message);
    ++syncs_;
  }
  THESPIS_FAIL_POINT("flusher.synced");
  ++flushes_;
  journal_.flushed(stable);
}

void log_flusher::mark() {
  syncs_marked_ = syncs_;
  const log_mark now{journal_.term(), syncs_};
  if (const auto noted = session_->note(to_text(now)); !noted) wt::die(noted.error().message);
}

// When nothing follows the last flush, a mark still tells a start that it was done.
void log_flusher::mark_last() {
  if (syncs_marked_ < syncs_) mark();
}

void log_flusher::answer() {
  const lsn_t durable = journal_.durable();
  std::vector<callback> ready;
  {
    const std::lock_guard lock(mutex_);
    const auto end = waiting_.upper_bound(durable);
    for (auto at = waiting_.begin(); at != end; ++at) ready.push_back(std::move(at->second));
    waiting_.erase(waiting_.begin(), end);
    waiting_count_ = waiting_.size();
  }
  if (ready.empty()) return;
  for (const auto& done : ready) done(durable);
  THESPIS_FAIL_POINT("flusher.answered");
}

}  // namespace thespis::storage
