// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

namespace thespis::http {

/// Room for requests of one kind. So many run, the others wait in their order; who would wait
/// longer than the patience is refused at once, before work was put into it. The expected wait is
/// the length of the line times the time between two departures of late. Once refusals last, the
/// line is kept at a part of the patience until a second passed without one, and fewer may run: a
/// burst may wait, but a lasting overload must not make everybody wait. Refusing takes time too, so
/// those who were refused are heard again one after the other, at a rate that leaves most of it to
/// the others.
/// Thread: any. A mutex guards it, which is held for a few instructions.
class gate {
 public:
  struct bounds {
    std::size_t running_max = 1;
    std::size_t running_strict = SIZE_MAX;  ///< Instead, while refusals last.
    std::size_t running_late = 1;           ///< Who was not heard in time finds room up to here.
    bool serves_late = true;                ///< Also while refusals last.
    std::size_t running_sure = 1;           ///< So many may run however large they are.
    std::size_t bytes_max = SIZE_MAX;       ///< Sum over the bodies of those that run.
    std::size_t waiting_max = 0;
    std::size_t waiting_sure = 0;  ///< So many may wait however long it takes.
    std::int64_t patience_ns = 0;
    std::int64_t patience_strict_ns = 0;  ///< Instead, while refusals last.
    std::int64_t refusal_spacing_ns = 0;
  };

  /// Somebody who waits for room. Called exactly once, without a lock, or destroyed uncalled.
  class waiter {
   public:
    virtual ~waiter() = default;
    /// Must not run the waiter's own code: the caller is somebody who leaves.
    virtual void resume(bool admitted) = 0;
  };

  /// What the gate sees at one moment.
  struct numbers {
    std::size_t running = 0;
    std::size_t waiting = 0;
    std::uint64_t refused = 0;  ///< Since the start.
  };

  gate(std::string name, const bounds& limits);

  /// What a request is told by its head.
  enum class verdict : std::uint8_t {
    welcome,    ///< It may wait for room.
    come_back,  ///< Refused; its sender may come back at once.
    stay_away,  ///< Refused; its sender is heard again when `next_hearing_ns` says so.
  };

  /// Judges a request that came now, and counts a refusal. One that was not heard for `unheard_ns`
  /// has waited for so long already: it is let in at once or not at all. While refusals last, a
  /// gate that does not serve late takes its sender's next one instead, which is not late.
  [[nodiscard]] verdict judge(std::int64_t now_ns, std::int64_t unheard_ns = 0);
  /// Takes room for a request with `bytes` of body if there is some and nobody waits for it.
  [[nodiscard]] bool try_enter(std::size_t bytes, std::int64_t now_ns);
  /// Waits for room, at most until `deadline_ns`.
  void enter(std::unique_ptr<waiter> who, std::size_t bytes, std::int64_t now_ns,
             std::int64_t deadline_ns);
  /// Gives room back.
  void leave(std::size_t bytes, std::int64_t now_ns);
  /// When somebody who was refused may be heard again: soon, unless many are. `body_bytes` are
  /// dropped until then.
  [[nodiscard]] std::int64_t next_hearing_ns(std::int64_t now_ns, std::size_t body_bytes = 0);
  /// Refuses those that have waited too long.
  void sweep(std::int64_t now_ns);
  /// Refuses all that wait, and whoever comes.
  void close();

  [[nodiscard]] numbers now() const;
  /// Why a request is refused, for its sender.
  [[nodiscard]] std::string refusal() const;

 private:
  struct place {
    std::unique_ptr<waiter> who;
    std::size_t bytes;
    std::int64_t since_ns;
    std::int64_t deadline_ns;
    bool sure;  // waits however long it takes
  };

  [[nodiscard]] std::size_t running_max(std::int64_t now_ns) const noexcept;
  [[nodiscard]] bool has_room(std::size_t bytes, std::int64_t now_ns) const noexcept;
  [[nodiscard]] bool is_strict(std::int64_t now_ns) const noexcept;
  [[nodiscard]] std::int64_t patience_ns(std::int64_t now_ns) const noexcept;
  [[nodiscard]] std::size_t waiting_sure(std::int64_t now_ns) const noexcept;
  [[nodiscard]] bool is_too_long(std::int64_t now_ns) const noexcept;
  [[nodiscard]] bool has_waited_too_long(const place& one, std::int64_t now_ns) const noexcept;
  void note_refusal(std::int64_t now_ns) noexcept;
  void take(std::size_t bytes) noexcept;
  void admit_waiting(std::int64_t now_ns);

  const std::string name_;
  const bounds bounds_;
  mutable std::mutex mutex_;
  std::deque<place> line_;
  std::size_t running_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t refused_ = 0;
  std::int64_t spacing_ns_ = 0;         // between departures while somebody waits, smoothed
  std::int64_t last_departure_ns_ = 0;  // 0: nobody waited when it happened
  std::int64_t first_refusal_ns_ = 0;   // of those with less than a second between them
  std::int64_t last_refusal_ns_ = 0;
  std::int64_t next_hearing_ns_ = 0;
  bool closed_ = false;
};

}  // namespace thespis::http
