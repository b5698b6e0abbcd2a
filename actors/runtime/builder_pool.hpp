// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "actors/runtime/report.hpp"
#include "core/error.hpp"
#include "core/limits.hpp"

namespace thespis::actors {

/// Named threads for work that may not run on the pool because it blocks or takes long. There are
/// two sets with a bounded queue each, so that I/O never waits behind index building; the threads
/// that build have a lower priority. Jobs of one set start in the order of their posting.
/// A job sends its result to an actor with `caf::anon_send`. One that throws is reported, and its
/// thread goes on.
/// Thread: any, but `stop` and the destructor not from a job.
class builder_pool {
 public:
  using job = std::function<void()>;

  struct options {
    std::size_t io_threads = 4;  ///< Long searches run here as well.
    std::size_t build_threads = 1;
    std::size_t io_jobs_max = limits::io_jobs_max;  ///< Waiting, beside those that run.
    std::size_t build_jobs_max = limits::build_jobs_max;
    std::size_t searches_max = limits::long_searches_per_core;
    report_fn report = report_to_log;
  };

  /// Starts the threads. Errors: invalid_argument (no thread of a kind), resource_exhausted (the
  /// system refuses a thread).
  static result<std::unique_ptr<builder_pool>> start(const options& wanted);

  ~builder_pool();
  builder_pool(const builder_pool&) = delete;
  builder_pool& operator=(const builder_pool&) = delete;

  /// Queues work on files or the network, such as catalog changes, loads and saves. Accepted jobs
  /// are always run. Errors: unavailable (the queue is full, or the pool stops).
  result<void> post_io(job work);

  /// Queues a long search among the I/O jobs. Errors: unavailable (`options.searches_max` run or
  /// wait, the queue is full, or the pool stops).
  result<void> post_search(job work);

  /// Queues a slice of computing, such as a part of an index build. Jobs that have not begun when
  /// the pool stops are destroyed unrun. Errors: unavailable (the queue is full, or the pool
  /// stops).
  result<void> post_build(job work);

  /// Whether the pool stops; long build jobs ask now and then and return early.
  [[nodiscard]] bool stopping() const noexcept;

  /// Refuses new jobs, drops the queued build jobs, and returns when all others are done. A second
  /// call does nothing.
  void stop();

 private:
  class lane;
  builder_pool(std::unique_ptr<lane> io, std::unique_ptr<lane> build, std::size_t searches_max);

  std::unique_ptr<lane> io_;
  std::unique_ptr<lane> build_;
  const std::size_t searches_max_;
  /// Their guards may outlive the pool in jobs that are dropped late.
  std::shared_ptr<std::atomic<std::size_t>> searches_;
};

}  // namespace thespis::actors
