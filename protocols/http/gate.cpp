// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/gate.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace thespis::http {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t hiccup_ns = 20'000'000;  // refusals of this time are not lasting
constexpr std::size_t strict_divisor = 5;       // of those that wait however long it takes
constexpr std::size_t cheap_body_bytes = 2048;  // to drop so many costs as much as a head
constexpr std::size_t costly_body_bytes_max = 1u << 20;
constexpr std::int64_t smoothing = 32;  // departures that the mean looks back

}  // namespace

gate::gate(std::string name, const bounds& limits) : name_(std::move(name)), bounds_(limits) {}

std::size_t gate::running_max(std::int64_t now_ns) const noexcept {
  return is_strict(now_ns) ? std::min(bounds_.running_max, bounds_.running_strict)
                           : bounds_.running_max;
}

bool gate::has_room(std::size_t bytes, std::int64_t now_ns) const noexcept {
  if (running_ >= running_max(now_ns)) return false;
  return running_ < bounds_.running_sure || bytes_ + bytes <= bounds_.bytes_max;
}

bool gate::is_strict(std::int64_t now_ns) const noexcept {
  return last_refusal_ns_ - first_refusal_ns_ > hiccup_ns && now_ns - last_refusal_ns_ < second_ns;
}

std::int64_t gate::patience_ns(std::int64_t now_ns) const noexcept {
  return is_strict(now_ns) ? bounds_.patience_strict_ns : bounds_.patience_ns;
}

std::size_t gate::waiting_sure(std::int64_t now_ns) const noexcept {
  return is_strict(now_ns) ? bounds_.waiting_sure / strict_divisor : bounds_.waiting_sure;
}

bool gate::is_too_long(std::int64_t now_ns) const noexcept {
  if (closed_ || line_.size() >= bounds_.waiting_max) return true;
  if (line_.size() < waiting_sure(now_ns)) return false;
  // Where nobody leaves, the one in front knows how long it takes.
  const auto front_ns = line_.empty() ? 0 : now_ns - line_.front().since_ns;
  const auto expected_ns = static_cast<std::int64_t>(line_.size() + 1) * spacing_ns_;
  return std::max(front_ns, expected_ns) > patience_ns(now_ns);
}

// By the patience of now: once refusals last, a burst that filled the line must not be served late.
bool gate::has_waited_too_long(const place& one, std::int64_t now_ns) const noexcept {
  if (now_ns > one.deadline_ns) return true;
  return !one.sure && now_ns - one.since_ns > patience_ns(now_ns);
}

void gate::note_refusal(std::int64_t now_ns) noexcept {
  ++refused_;
  if (now_ns - last_refusal_ns_ >= second_ns) first_refusal_ns_ = now_ns;
  last_refusal_ns_ = now_ns;
}

std::int64_t gate::next_hearing_ns(std::int64_t now_ns, std::size_t body_bytes) {
  const std::lock_guard guard(mutex_);
  // To drop a body costs more than to refuse its head.
  const auto cost = 1 + std::min(body_bytes, costly_body_bytes_max) / cheap_body_bytes;
  next_hearing_ns_ = std::max(
      next_hearing_ns_ + static_cast<std::int64_t>(cost) * bounds_.refusal_spacing_ns, now_ns);
  // Nobody is kept waiting for longer than it is told to stay away.
  next_hearing_ns_ = std::min(next_hearing_ns_, now_ns + second_ns);
  return next_hearing_ns_;
}

void gate::take(std::size_t bytes) noexcept {
  ++running_;
  bytes_ += bytes;
}

gate::verdict gate::judge(std::int64_t now_ns, std::int64_t unheard_ns) {
  const std::lock_guard guard(mutex_);
  const bool late = unheard_ns > patience_ns(now_ns);
  const auto most = std::min(late ? bounds_.running_late : SIZE_MAX, running_max(now_ns));
  const bool room = line_.empty() && !closed_ && running_ < most;
  if (room && (!late || bounds_.serves_late || !is_strict(now_ns))) return verdict::welcome;
  if (!late && !is_too_long(now_ns)) return verdict::welcome;
  note_refusal(now_ns);
  return room ? verdict::come_back : verdict::stay_away;
}

bool gate::try_enter(std::size_t bytes, std::int64_t now_ns) {
  const std::lock_guard guard(mutex_);
  if (closed_ || !line_.empty() || !has_room(bytes, now_ns)) return false;
  take(bytes);
  return true;
}

void gate::enter(std::unique_ptr<waiter> who, std::size_t bytes, std::int64_t now_ns,
                 std::int64_t deadline_ns) {
  bool admitted = false;
  {
    const std::lock_guard guard(mutex_);
    admitted = !closed_ && line_.empty() && has_room(bytes, now_ns);
    if (admitted) {
      take(bytes);
    } else if (is_too_long(now_ns)) {
      note_refusal(now_ns);
    } else {
      const bool sure = line_.size() < waiting_sure(now_ns);
      line_.push_back({std::move(who), bytes, now_ns, deadline_ns, sure});
      return;
    }
  }
  who->resume(admitted);
}

void gate::leave(std::size_t bytes, std::int64_t now_ns) {
  {
    const std::lock_guard guard(mutex_);
    --running_;
    bytes_ -= bytes;
    if (line_.empty()) {
      last_departure_ns_ = 0;
      return;
    }
    if (last_departure_ns_ != 0) {
      const auto spacing_ns = std::min(now_ns - last_departure_ns_, second_ns);
      spacing_ns_ += (spacing_ns - spacing_ns_) / (spacing_ns_ == 0 ? 1 : smoothing);
    }
    last_departure_ns_ = now_ns;
  }
  admit_waiting(now_ns);
}

void gate::admit_waiting(std::int64_t now_ns) {
  for (;;) {
    std::unique_ptr<waiter> next;
    bool admitted = false;
    {
      const std::lock_guard guard(mutex_);
      if (line_.empty() || !has_room(line_.front().bytes, now_ns)) return;
      auto& front = line_.front();
      admitted = !has_waited_too_long(front, now_ns);
      admitted ? take(front.bytes) : note_refusal(now_ns);
      next = std::move(front.who);
      line_.pop_front();
    }
    next->resume(admitted);
  }
}

void gate::sweep(std::int64_t now_ns) {
  std::vector<std::unique_ptr<waiter>> late;
  {
    const std::lock_guard guard(mutex_);
    for (auto& one : line_)
      if (has_waited_too_long(one, now_ns)) {
        late.push_back(std::move(one.who));
        note_refusal(now_ns);
      }
    if (late.empty()) return;
    std::erase_if(line_, [](const place& one) { return one.who == nullptr; });
  }
  for (auto& one : late) one->resume(false);
  // One in front that needed much room may have been in the way of smaller ones.
  admit_waiting(now_ns);
}

void gate::close() {
  std::deque<place> left;
  {
    const std::lock_guard guard(mutex_);
    closed_ = true;
    left.swap(line_);
  }
  for (auto& one : left) one.who->resume(false);
}

gate::numbers gate::now() const {
  const std::lock_guard guard(mutex_);
  return {running_, line_.size(), refused_};
}

std::string gate::refusal() const {
  const auto seen = now();
  return "too many " + name_ + ": " + std::to_string(seen.running) + " run, at most " +
         std::to_string(bounds_.running_max) + ", and " + std::to_string(seen.waiting) +
         " wait, longer than the " + std::to_string(bounds_.patience_ns / 1'000'000) +
         " ms of server.queue_patience_ms; try again later";
}

}  // namespace thespis::http
