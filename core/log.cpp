// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/periodic_worker.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <vector>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/log_line.hpp"
#include "core/log_repeats.hpp"

namespace thespis::log {

namespace {

constexpr std::array<std::string_view, 6> level_names = {"trace", "debug", "info",
                                                         "warn",  "error", "off"};

using secret_list = std::vector<std::string>;

// The end of the pipe: lines leave as they come, already formatted.
class line_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit line_sink(std::function<void(std::string_view)> receiver)
      : receiver_(std::move(receiver)) {}

  // Waits until `flush_` has run `tickets` times.
  void wait_for_flush(std::uint64_t tickets) {
    std::unique_lock lock(done_mutex_);
    done_.wait_for(lock, std::chrono::seconds(1), [&] { return flushes_ >= tickets; });
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (receiver_) return receiver_({message.payload.data(), message.payload.size()});
    // One call, so that lines of several processes do not mix.
    text_.assign(message.payload.data(), message.payload.size());
    text_ += '\n';
    std::fwrite(text_.data(), 1, text_.size(), stderr);
  }

  void flush_() override {
    std::fflush(stderr);
    // Notified under the lock: whoever saw the count may destroy this object.
    const std::lock_guard lock(done_mutex_);
    ++flushes_;
    done_.notify_all();
  }

 private:
  std::function<void(std::string_view)> receiver_;
  std::string text_;
  std::mutex done_mutex_;
  std::condition_variable done_;
  std::uint64_t flushes_ = 0;
};

// Everything that `start` sets up. `mutex` guards it; formatting and writing happen outside.
struct state {
  std::mutex mutex;
  log::format format = format::console;
  repeats limiter{0};
  std::shared_ptr<const secret_list> secrets = std::make_shared<secret_list>();
  std::shared_ptr<line_sink> sink = std::make_shared<line_sink>(nullptr);
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::logger> logger = direct(sink);
  std::unique_ptr<spdlog::details::periodic_worker> sweeper;
  std::size_t dropped = 0;
  std::mutex flush_mutex;
  std::uint64_t flush_tickets = 0;

  static std::shared_ptr<spdlog::logger> direct(std::shared_ptr<line_sink> sink) {
    auto made = std::make_shared<spdlog::logger>("direct", std::move(sink));
    made->set_level(spdlog::level::trace);
    return made;
  }
};

std::atomic<level> minimum_level{level::info};

// Never destroyed: other static objects may log while they are.
state& global() {
  static state& lasting = *new state;
  static const struct closer {
    ~closer() { stop(); }
  } at_exit;
  return lasting;
}

struct output {
  std::shared_ptr<spdlog::logger> logger;
  std::shared_ptr<const secret_list> secrets;
  log::format format = format::console;
};

output output_of(const state& all) { return {all.logger, all.secrets, all.format}; }

void emit(const output& to, const line& what) {
  const auto text =
      to.format == format::json ? json_line(what, *to.secrets) : console_line(what, *to.secrets);
  to.logger->log(spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
}

void emit(const output& to, const std::vector<repeats::summary>& counts) {
  for (const auto& one : counts) {
    const field fields[] = {{"repeated", one.count}};
    emit(to, {one.level, wall_time_us(), one.component, one.message, fields});
  }
}

// Runs once a second: a line that repeats and then stops is still summed up.
void sweep() {
  auto& all = global();
  std::vector<repeats::summary> counts;
  output to;
  std::size_t dropped = 0;
  {
    const std::lock_guard lock(all.mutex);
    counts = all.limiter.expired(steady_time_ns());
    to = output_of(all);
    if (all.pool != nullptr) {
      dropped = all.pool->overrun_counter() - all.dropped;
      all.dropped += dropped;
    }
  }
  emit(to, counts);
  if (dropped == 0) return;
  const field fields[] = {{"lines", dropped}};
  emit(to, {level::warn, wall_time_us(), "log", "lines dropped: the writer is too slow", fields});
}

}  // namespace

std::string_view to_string(level value) noexcept {
  return level_names[static_cast<std::size_t>(value)];
}

std::optional<level> parse_level(std::string_view name) noexcept {
  for (std::size_t i = 0; i < level_names.size(); ++i)
    if (level_names[i] == name) return static_cast<level>(i);
  return std::nullopt;
}

std::optional<format> parse_format(std::string_view name) noexcept {
  if (name == "console") return format::console;
  if (name == "json") return format::json;
  return std::nullopt;
}

void start(options settings) {
  stop();
  auto& all = global();
  const std::lock_guard lock(all.mutex);
  minimum_level = settings.minimum;
  all.format = settings.format;
  all.limiter = repeats(settings.repeat_window_ms, settings.repeat_burst);
  all.sink = std::make_shared<line_sink>(std::move(settings.sink));
  all.pool = std::make_shared<spdlog::details::thread_pool>(limits::log_lines_waiting_max, 1);
  all.dropped = 0;
  {
    const std::lock_guard flush_lock(all.flush_mutex);
    all.flush_tickets = 0;
  }
  auto logger = std::make_shared<spdlog::async_logger>(
      "queued", all.sink, all.pool, spdlog::async_overflow_policy::overrun_oldest);
  logger->set_level(spdlog::level::trace);
  all.logger = std::move(logger);
  all.sweeper = std::make_unique<spdlog::details::periodic_worker>(sweep, std::chrono::seconds(1));
}

void stop() {
  auto& all = global();
  std::unique_ptr<spdlog::details::periodic_worker> sweeper;
  {
    const std::lock_guard lock(all.mutex);
    sweeper = std::move(all.sweeper);
  }
  sweeper.reset();  // joins; it takes the mutex while it runs
  std::vector<repeats::summary> counts;
  output to;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  {
    const std::lock_guard lock(all.mutex);
    counts = all.limiter.all();
    to = output_of(all);
    pool = std::move(all.pool);
    all.pool = nullptr;
    all.limiter = repeats(0);
    all.format = format::console;
    all.sink = std::make_shared<line_sink>(nullptr);
    all.logger = state::direct(all.sink);
    const std::lock_guard flush_lock(all.flush_mutex);
    all.flush_tickets = 0;
  }
  emit(to, counts);
  pool.reset();  // writes what waits, then joins; only then may the logger and its sink go
}

void flush() {
  auto& all = global();
  std::shared_ptr<spdlog::logger> logger;
  std::shared_ptr<line_sink> sink;
  {
    const std::lock_guard lock(all.mutex);
    logger = all.logger;
    sink = all.sink;
  }
  std::uint64_t ticket = 0;
  {
    // The queue keeps the order of tickets only if both are taken together.
    const std::lock_guard lock(all.flush_mutex);
    ticket = ++all.flush_tickets;
    logger->flush();
  }
  sink->wait_for_flush(ticket);
}

void set_level(level minimum) noexcept { minimum_level = minimum; }

bool enabled(level value) noexcept {
  return value != level::off && value >= minimum_level.load(std::memory_order_relaxed);
}

void hide(std::string_view secret) {
  if (secret.empty()) return;
  auto& all = global();
  const std::lock_guard lock(all.mutex);
  auto longer = std::make_shared<secret_list>(*all.secrets);
  longer->emplace_back(secret);
  all.secrets = std::move(longer);
}

void write(level value, std::string_view component, std::string_view message,
           std::span<const field> fields) {
  if (!enabled(value)) return;
  auto& all = global();
  const auto now_ns = steady_time_ns();
  std::vector<repeats::summary> counts;
  output to;
  bool admitted = false;
  {
    const std::lock_guard lock(all.mutex);
    counts = all.limiter.expired(now_ns);
    admitted = all.limiter.admit(value, component, message, now_ns);
    to = output_of(all);
  }
  emit(to, counts);
  if (admitted) emit(to, {value, wall_time_us(), component, message, fields});
}

}  // namespace thespis::log
