// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <wiredtiger.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace thespis::storage {

/// The files of the database for WiredTiger, which panics when a write finds no room: here such a
/// write waits until there is some. A failed sync ends the process, since the system may have
/// dropped what it could not write.
/// Thread: members may be called from any thread.
class patient_files {
 public:
  /// Called when a write found no room; makes some if it can, and says whether it did.
  using relief = std::function<bool()>;
  /// Between two attempts of a write that waits.
  static constexpr int retry_ms = 50;

  explicit patient_files(relief make_room);
  ~patient_files();
  patient_files(const patient_files&) = delete;
  patient_files& operator=(const patient_files&) = delete;

  /// What each `wiredtiger_open` of this thread needs in its configuration to use these files,
  /// until others are installed. They must outlive the connection.
  [[nodiscard]] std::string install() noexcept;

  /// From now on writes wait (true) or fail (false), as they do at first: whoever opens the
  /// database wants to hear that there is no room.
  void wait_for_room(bool wait) noexcept {
    if (wait) served_ = true;
    patient_ = wait;
  }

  /// Writes that wait now.
  [[nodiscard]] int waiting() const noexcept { return waiting_.load(); }

  /// Runs `attempt`, which returned `failed` and returns 0 or an errno, as long as there is no
  /// room and waiting is wanted. Returns what it returned at last.
  int persist(const char* file, int failed, const std::function<int()>& attempt) noexcept;

  /// Returns `failed`, an errno, for WiredTiger to judge. Of a log file it makes nothing of it: all
  /// that commits would wait for ever. So where that file cannot be made or written, the process
  /// ends, unless it found no room before anything could wait.
  int pass_on(const char* file, int failed) const noexcept;

 private:
  struct table;

  const relief make_room_;
  std::unique_ptr<table> table_;
  std::atomic<bool> patient_ = false;
  std::atomic<bool> served_ = false;  // whether it was ever patient
  std::atomic<int> waiting_ = 0;
};

}  // namespace thespis::storage
