// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace thespis {

/// How two vectors are compared. Values are stored in files and never reused.
enum class distance : std::uint8_t { cosine = 1, dot = 2, euclid = 3, manhattan = 4 };

/// Returns the dialect's name: "Cosine", "Dot", "Euclid" or "Manhattan".
[[nodiscard]] std::string_view to_string(distance metric) noexcept;

/// Reads the dialect's name, exactly as written by `to_string`.
[[nodiscard]] std::optional<distance> parse_distance(std::string_view name) noexcept;

/// True where a larger score means nearer: cosine and dot.
[[nodiscard]] constexpr bool larger_is_nearer(distance metric) noexcept {
  return metric == distance::cosine || metric == distance::dot;
}

/// Turns an index's rank key (smaller is nearer: negated similarity, squared euclidean distance,
/// or manhattan distance) into the score that users see.
[[nodiscard]] float score_of_rank(distance metric, float rank) noexcept;

}  // namespace thespis
