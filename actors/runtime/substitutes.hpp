// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace thespis::actors {

/// Stands in for threads of the pool that an actor holds for long, as a commit does that waits for
/// room on the disk: as many serve as ever. A substitute ends when fewer threads are held.
/// Owns: the substitutes, and a thread that watches. Private to `runtime`.
/// Thread: members may be called from any.
class substitutes {
 public:
  using clock = std::chrono::steady_clock;

  /// An actor may hold its thread this long. The watch looks twice in that time.
  static constexpr std::chrono::milliseconds patience{100};

  /// What a thread of the pool is doing, written by itself.
  class post {
   public:
    /// An actor runs from now on.
    void begins(clock::time_point now) noexcept { since_.store(now, std::memory_order_relaxed); }
    void ends() noexcept { since_.store({}, std::memory_order_relaxed); }

   private:
    friend class substitutes;
    [[nodiscard]] bool is_held(clock::time_point now) const noexcept;

    std::atomic<clock::time_point> since_{clock::time_point()};
  };

  /// Does the work of a pool thread at `self`, the `number`th that stands in, while `stays` says
  /// so. It asks again and again, and not any more after a no.
  using work_fn =
      std::function<void(post& self, std::size_t number, const std::function<bool()>& stays)>;

  /// For `threads` threads of the pool, whose posts are `post_of(0)` and on.
  substitutes(std::size_t threads, work_fn work);
  ~substitutes() { stop(); }
  substitutes(const substitutes&) = delete;
  substitutes& operator=(const substitutes&) = delete;

  [[nodiscard]] post& post_of(std::size_t thread) noexcept { return posts_[thread]; }

  /// None is wanted any more. Waits for all to end.
  void stop() noexcept;

  /// Threads that stand in now.
  [[nodiscard]] std::size_t count() noexcept;

 private:
  struct one {
    post at;
    std::thread thread;
    bool has_left = false;
  };

  void watch() noexcept;
  void look();
  void start_one();
  bool stays(one& self) noexcept;

  const work_fn work_;
  std::vector<post> posts_;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool stopped_ = false;
  std::size_t held_ = 0;     ///< Threads that were held at the last look, substitutes among them.
  std::size_t serving_ = 0;  ///< Substitutes that have not left.
  std::list<one> all_;
  std::thread watch_;
};

}  // namespace thespis::actors
