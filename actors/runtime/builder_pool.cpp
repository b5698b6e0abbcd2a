// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/builder_pool.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "actors/runtime/thread.hpp"

namespace thespis::actors {

/// One queue and the threads that work it off.
class builder_pool::lane {
 public:
  enum class priority { normal, low };
  enum class at_stop { finish, drop };

  lane(std::string name, std::size_t jobs_max, priority how, at_stop rest, report_fn report)
      : name_(std::move(name)),
        jobs_max_(jobs_max),
        priority_(how),
        at_stop_(rest),
        report_(std::move(report)) {}

  ~lane() { stop(); }

  /// Throws std::system_error when the system refuses a thread.
  void start(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, i] { run(i); });
  }

  result<void> post(job work) {
    {
      const std::lock_guard guard(mutex_);
      if (stopping_) return error(errc::unavailable, "the " + name_ + " threads are stopping");
      if (jobs_.size() >= jobs_max_)
        return error(errc::unavailable, "the queue of the " + name_ + " threads is full (" +
                                            std::to_string(jobs_max_) + " jobs)");
      jobs_.push_back(std::move(work));
    }
    changed_.notify_one();
    return ok();
  }

  bool stopping() const noexcept { return stopping_; }

  void stop() {
    std::deque<job> dropped;  // Destroyed without the lock: a job may own anything.
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
      if (at_stop_ == at_stop::drop) dropped.swap(jobs_);
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  void run(std::size_t number) {
    name_this_thread(name_, number);
    if (priority_ == priority::low) lower_this_thread_priority();
    while (auto work = next()) {
      try {
        work();
      } catch (...) {
        report_exception(report_, name_);
      }
    }
  }

  /// Waits for a job; an empty one means that the thread ends.
  job next() {
    std::unique_lock guard(mutex_);
    changed_.wait(guard, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return nullptr;
    auto work = std::move(jobs_.front());
    jobs_.pop_front();
    return work;
  }

  const std::string name_;
  const std::size_t jobs_max_;
  const priority priority_;
  const at_stop at_stop_;
  const report_fn report_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<job> jobs_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

builder_pool::builder_pool(std::unique_ptr<lane> io, std::unique_ptr<lane> build,
                           std::size_t searches_max)
    : io_(std::move(io)),
      build_(std::move(build)),
      searches_max_(searches_max),
      searches_(std::make_shared<std::atomic<std::size_t>>(0)) {}

result<std::unique_ptr<builder_pool>> builder_pool::start(const options& wanted) {
  if (wanted.io_threads == 0 || wanted.build_threads == 0)
    return error(errc::invalid_argument, "a builder pool needs a thread of each kind");
  auto io = std::make_unique<lane>("io", wanted.io_jobs_max, lane::priority::normal,
                                   lane::at_stop::finish, wanted.report);
  auto build = std::make_unique<lane>("build", wanted.build_jobs_max, lane::priority::low,
                                      lane::at_stop::drop, wanted.report);
  try {
    io->start(wanted.io_threads);
    build->start(wanted.build_threads);
  } catch (const std::system_error& failure) {
    return error(errc::resource_exhausted,
                 std::string("cannot start the builder threads: ") + failure.what());
  }
  return std::unique_ptr<builder_pool>(
      new builder_pool(std::move(io), std::move(build), wanted.searches_max));
}

builder_pool::~builder_pool() { stop(); }

result<void> builder_pool::post_io(job work) { return io_->post(std::move(work)); }

result<void> builder_pool::post_search(job work) {
  if (searches_->fetch_add(1) >= searches_max_) {
    searches_->fetch_sub(1);
    return error(errc::unavailable, "too many long searches: " + std::to_string(searches_max_) +
                                        " run or wait; try again later");
  }
  // Leaves with the job, whether it was run or not.
  const std::shared_ptr<void> place(nullptr, [count = searches_](void*) { count->fetch_sub(1); });
  return io_->post([place, work = std::move(work)] { work(); });
}

result<void> builder_pool::post_build(job work) { return build_->post(std::move(work)); }

bool builder_pool::stopping() const noexcept { return build_->stopping(); }

void builder_pool::stop() {
  build_->stop();
  io_->stop();
}

}  // namespace thespis::actors
