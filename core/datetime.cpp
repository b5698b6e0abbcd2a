// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/datetime.hpp"

#include <chrono>

namespace thespis {

namespace {

constexpr std::int64_t second_us = 1'000'000;

class reader {
 public:
  explicit reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool ended() const { return at_ == text_.size(); }

  bool take(char c) {
    if (ended() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  [[nodiscard]] bool digit() const { return !ended() && text_[at_] >= '0' && text_[at_] <= '9'; }

  // Exactly `count` digits of a number from `low` to `high`.
  std::optional<int> number(int count, int low, int high) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      if (!digit()) return std::nullopt;
      value = value * 10 + (text_[at_++] - '0');
    }
    if (value < low || value > high) return std::nullopt;
    return value;
  }

  // Digits behind the point, as microseconds.
  std::optional<std::int64_t> fraction_us() {
    if (!digit()) return std::nullopt;
    std::int64_t value = 0;
    for (std::int64_t unit = second_us / 10; digit(); unit /= 10, ++at_)
      value += unit * (text_[at_] - '0');
    return value;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<std::int64_t> date_us(reader& in) {
  const auto year = in.number(4, 0, 9999);
  if (!year || !in.take('-')) return std::nullopt;
  const auto month = in.number(2, 1, 12);
  if (!month || !in.take('-')) return std::nullopt;
  const auto day = in.number(2, 1, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 24 * 3600 * second_us;
}

std::optional<std::int64_t> time_us(reader& in) {
  const auto hour = in.number(2, 0, 23);
  if (!hour || !in.take(':')) return std::nullopt;
  const auto minute = in.number(2, 0, 59);
  if (!minute) return std::nullopt;
  std::int64_t out = (std::int64_t{*hour} * 60 + *minute) * 60 * second_us;
  if (!in.take(':')) return out;
  const auto second = in.number(2, 0, 60);
  if (!second) return std::nullopt;
  out += *second * second_us;
  if (!in.take('.')) return out;
  const auto fraction = in.fraction_us();
  if (!fraction) return std::nullopt;
  return out + *fraction;
}

// How far the clock there is ahead of UTC.
std::optional<std::int64_t> zone_us(reader& in) {
  if (in.take('Z') || in.take('z')) return 0;
  const bool behind = in.take('-');
  if (!behind && !in.take('+')) return std::nullopt;
  const auto hours = in.number(2, 0, 23);
  if (!hours) return std::nullopt;
  int minutes = 0;
  if (in.take(':') || in.digit()) {
    const auto read = in.number(2, 0, 59);
    if (!read) return std::nullopt;
    minutes = *read;
  }
  const std::int64_t ahead = (std::int64_t{*hours} * 60 + minutes) * 60 * second_us;
  return behind ? -ahead : ahead;
}

}  // namespace

std::optional<std::int64_t> parse_datetime_us(std::string_view text) noexcept {
  reader in(text);
  const auto date = date_us(in);
  if (!date || in.ended()) return date;
  if (!in.take('T') && !in.take('t') && !in.take(' ')) return std::nullopt;
  const auto time = time_us(in);
  if (!time) return std::nullopt;
  if (in.ended()) return *date + *time;
  (void)in.take(' ');
  const auto zone = zone_us(in);
  if (!zone || !in.ended()) return std::nullopt;
  return *date + *time - *zone;
}

}  // namespace thespis
