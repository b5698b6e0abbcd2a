// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

/// The log: lines for people or JSON lines, with structured fields.
///
///     log::info("storage", "checkpoint written", {{"bytes", size}, {"took_ms", took}});
///
/// Thread: every function may be called from any thread. After `start` a line costs its caller the
/// formatting and a short mutex; one thread writes, and the oldest waiting lines are dropped (and
/// counted) where the writer does not keep up.
/// Untrusted text may be logged: control characters, invisible direction marks and bytes that are
/// no UTF-8 are escaped, and long text is cut. Vectors and secrets may not: a field takes numbers,
/// truth values and text only, and text given to `hide` never appears.
namespace thespis::log {

/// How much a line matters.
enum class level : std::uint8_t { trace = 0, debug = 1, info = 2, warn = 3, error = 4, off = 5 };

/// Returns "trace", "debug", "info", "warn", "error" or "off".
[[nodiscard]] std::string_view to_string(level value) noexcept;
/// Reads what `to_string` writes.
[[nodiscard]] std::optional<level> parse_level(std::string_view name) noexcept;

/// How lines look.
enum class format : std::uint8_t { console = 1, json = 2 };

/// Reads "console" or "json".
[[nodiscard]] std::optional<format> parse_format(std::string_view name) noexcept;

/// A number that `field` takes; characters are none.
template <class T>
concept field_integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

/// A named value of a line. It refers to text of the caller, who keeps it for the call.
class field {
 public:
  using value_type = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;

  field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  field(std::string_view key, const char* value) : field(key, std::string_view(value)) {}
  field(std::string_view key, const std::string& value) : field(key, std::string_view(value)) {}
  field(std::string_view key, std::same_as<bool> auto value) : key_(key), value_(value) {}
  field(std::string_view key, double value) : key_(key), value_(value) {}
  field(std::string_view key,
        std::signed_integral auto value) requires field_integer<decltype(value)>
      : key_(key), value_(static_cast<std::int64_t>(value)) {}
  field(std::string_view key,
        std::unsigned_integral auto value) requires field_integer<decltype(value)>
      : key_(key), value_(static_cast<std::uint64_t>(value)) {}

  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  [[nodiscard]] const value_type& value() const noexcept { return value_; }

 private:
  std::string_view key_;
  value_type value_;
};

/// Where lines go and which ones.
struct options {
  log::level minimum = level::info;
  log::format format = format::console;
  /// Lines of one component and message beyond the burst are counted within this time, not
  /// written; the count is written afterwards. A line of a higher level than those before it is
  /// written all the same. 0 writes every line.
  std::uint32_t repeat_window_ms = 1000;
  std::uint32_t repeat_burst = 8;
  /// Receives each finished line, without line end, on the writing thread; unset: standard error.
  std::function<void(std::string_view line)> sink;
};

/// Starts the writing thread. Before it, and after `stop`, each line goes to standard error at
/// once. A second call replaces the options.
void start(options settings);

/// Writes what waits, pending counts included, and ends the writing thread. The end of the process
/// does the same.
void stop();

/// Waits until every line logged so far is out, at most a second.
void flush();

/// Changes the least level that is written.
void set_level(level minimum) noexcept;
/// True if lines of `value` are written; for callers whose fields are costly to make.
[[nodiscard]] bool enabled(level value) noexcept;

/// From now on `secret` is written as "[hidden]" wherever it occurs in a line. Empty: no effect.
void hide(std::string_view secret);

/// Writes one line. `component` is the folder or actor that speaks, `message` a constant sentence
/// part: what varies belongs into `fields`.
void write(level value, std::string_view component, std::string_view message,
           std::span<const field> fields);

inline void trace(std::string_view component, std::string_view message,
                  std::initializer_list<field> fields = {}) {
  write(level::trace, component, message, fields);
}
inline void debug(std::string_view component, std::string_view message,
                  std::initializer_list<field> fields = {}) {
  write(level::debug, component, message, fields);
}
inline void info(std::string_view component, std::string_view message,
                 std::initializer_list<field> fields = {}) {
  write(level::info, component, message, fields);
}
inline void warn(std::string_view component, std::string_view message,
                 std::initializer_list<field> fields = {}) {
  write(level::warn, component, message, fields);
}
inline void error(std::string_view component, std::string_view message,
                  std::initializer_list<field> fields = {}) {
  write(level::error, component, message, fields);
}

}  // namespace thespis::log
