// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distance.hpp"

#include <cmath>

namespace thespis {

std::string_view to_string(distance metric) noexcept {
  switch (metric) {
    case distance::cosine: return "Cosine";
    case distance::dot: return "Dot";
    case distance::euclid: return "Euclid";
    case distance::manhattan: return "Manhattan";
  }
  return "unknown";
}

std::optional<distance> parse_distance(std::string_view name) noexcept {
  for (const auto metric : {distance::cosine, distance::dot, distance::euclid, distance::manhattan})
    if (name == to_string(metric)) return metric;
  return std::nullopt;
}

float score_of_rank(distance metric, float rank) noexcept {
  switch (metric) {
    case distance::cosine:
    case distance::dot: return -rank;
    case distance::euclid: return std::sqrt(rank);
    case distance::manhattan: return rank;
  }
  return rank;
}

}  // namespace thespis
