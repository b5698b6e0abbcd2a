// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace thespis {

/// Reads a moment: `2024-05-06T07:08:09.5+02:00` and its short forms, without fraction, without
/// seconds, or the date alone, which is its midnight. Between date and time stands `T` or a space,
/// and before the zone maybe a space; the zone is `Z`, `+hh:mm`, `+hhmm` or `+hh`; without one the
/// moment is in UTC. Of the fraction, digits behind the sixth are cut off. Nothing for other text.
/// Units: microseconds since 1970-01-01 UTC.
/// Source: RFC 3339, section 5.6; a second 60 is the one behind 59.
[[nodiscard]] std::optional<std::int64_t> parse_datetime_us(std::string_view text) noexcept;

}  // namespace thespis
