// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/error.hpp"

/// What a collection refuses although it could be done: its limits, and the dialect's strict mode.
namespace thespis {

struct search_batch_request;
struct search_request;

/// How much a collection may hold. Unset: as much as the machine can.
struct collection_limits {
  std::optional<std::uint64_t> max_points;
  std::optional<std::uint64_t> max_bytes;  ///< Of vectors; dense ones count as float32.

  [[nodiscard]] bool empty() const noexcept { return !max_points && !max_bytes; }
  friend bool operator==(const collection_limits&, const collection_limits&) = default;
};

/// Bounds on single requests and on how often they come, in the dialect's names. Nothing holds
/// unless it is enabled; what is unset does not bound.
struct strict_mode {
  std::optional<bool> enabled;
  std::optional<std::uint64_t> max_query_limit;
  std::optional<std::uint64_t> max_timeout;  ///< Units: seconds.
  std::optional<std::uint64_t> search_max_hnsw_ef;
  std::optional<std::uint64_t> search_max_batchsize;
  std::optional<std::uint64_t> upsert_max_batchsize;
  std::optional<std::uint64_t> max_points_count;
  std::optional<std::uint64_t> max_collection_vector_size_bytes;
  std::optional<std::uint64_t> read_rate_limit;   ///< Reads a minute; a batch counts its searches.
  std::optional<std::uint64_t> write_rate_limit;  ///< Writes a minute; likewise.
  std::optional<bool> search_allow_exact;
  std::optional<float> search_max_oversampling;

  [[nodiscard]] bool holds() const noexcept { return enabled.value_or(false); }
  /// This, with what `change` says in place of what was said before.
  [[nodiscard]] strict_mode with(const strict_mode& change) const noexcept;

  friend bool operator==(const strict_mode&, const strict_mode&) = default;
};

/// A bound of strict mode that is a number.
struct strict_count {
  std::string_view name;
  std::optional<std::uint64_t> strict_mode::*at;
};

/// All of them. Records hold them in this order: append only.
inline constexpr strict_count strict_counts[] = {
    {"max_query_limit", &strict_mode::max_query_limit},
    {"max_timeout", &strict_mode::max_timeout},
    {"search_max_hnsw_ef", &strict_mode::search_max_hnsw_ef},
    {"search_max_batchsize", &strict_mode::search_max_batchsize},
    {"upsert_max_batchsize", &strict_mode::upsert_max_batchsize},
    {"max_points_count", &strict_mode::max_points_count},
    {"max_collection_vector_size_bytes", &strict_mode::max_collection_vector_size_bytes},
    {"read_rate_limit", &strict_mode::read_rate_limit},
    {"write_rate_limit", &strict_mode::write_rate_limit},
};

// Every check passes what is not enabled. Errors: permission_denied, which names the value, the
// bound and how much that allows.

/// Whether `value` of `what` is within the bound `most`, one of `rules`.
[[nodiscard]] result<void> check_rule(const std::optional<strict_mode>& rules,
                                      std::optional<std::uint64_t> strict_mode::*most,
                                      std::string_view what, std::uint64_t value);
[[nodiscard]] result<void> check_rules(const std::optional<strict_mode>& rules,
                                       const search_request& request);
[[nodiscard]] result<void> check_rules(const std::optional<strict_mode>& rules,
                                       const search_batch_request& batch);

}  // namespace thespis
