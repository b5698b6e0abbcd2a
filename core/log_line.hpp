// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/log.hpp"

namespace thespis::log {

/// One line before it is written.
struct line {
  log::level level = level::info;
  std::int64_t time_us = 0;
  std::string_view component;
  std::string_view message;
  std::span<const field> fields;
};

/// Writes `what` for people: `2026-01-31 12:00:00.000 INFO  storage: opened path="/x y" points=3`.
[[nodiscard]] std::string console_line(const line& what, std::span<const std::string> secrets);

/// Writes `what` as one JSON object: time, level, component, message, fields.
[[nodiscard]] std::string json_line(const line& what, std::span<const std::string> secrets);

}  // namespace thespis::log
