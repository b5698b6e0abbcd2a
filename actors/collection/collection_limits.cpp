// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of collection_state that keeps within what the user allows.

#include <algorithm>
#include <string>

#include "actors/collection/collection_state.hpp"

namespace thespis::actors {

namespace {

std::uint64_t bytes_of(std::span<const named_vector> vectors) {
  std::uint64_t bytes = 0;
  for (const auto& vector : vectors)
    bytes += vector.values.size() * sizeof(float) + vector.indices.size() * sizeof(std::uint32_t);
  return bytes;
}

// What a write makes of a number that is bounded. Where that is over the bound already, writes that
// do not raise it pass.
struct outcome {
  std::uint64_t before = 0;
  std::uint64_t after = 0;

  [[nodiscard]] bool exceeds(std::optional<std::uint64_t> most) const noexcept {
    return most && after > *most && after > before;
  }
};

}  // namespace

std::uint64_t collection_state::vector_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& vector : vectors_)
    bytes += (end_slot_ - vector.dead.size()) * vector.spec.size * sizeof(float);
  return bytes + multi_.live_bytes() + (sparse_.all().empty() ? 0 : sparse_.bytes());
}

// Of sparse vectors nothing is counted: their index keeps them until it is put in order.
std::uint64_t collection_state::vector_bytes_of(const former_point& former) const {
  std::uint64_t bytes = 0;
  if (!former.record) return bytes;
  for (const auto& vector : vectors_)
    if (!vector.dead.contains(former.record->slot)) bytes += vector.spec.size * sizeof(float);
  return bytes + multi_.live_bytes(former.record->slot);
}

result<void> collection_state::check_batch_size(const write_operation& operation) const {
  const auto& rules = meta_->spec.strict;
  const auto* upsert = std::get_if<upsert_request>(&operation);
  if (!rules || upsert == nullptr) return ok();
  const auto fits =
      check_rule(rules, &strict_mode::upsert_max_batchsize, "points", upsert->points.size());
  if (fits) return ok();
  return error(fits.error().code, name() + ": " + fits.error().message);
}

result<void> collection_state::check_limits(const decision& decided) const {
  const auto& limits = meta_->spec.limits;
  const auto& rules = meta_->spec.strict;
  const bool strict = rules && rules->holds();
  if (limits.empty() && !strict) return ok();
  outcome points{points_, points_};
  outcome bytes{vector_bytes(), 0};
  bytes.after = bytes.before;
  for (std::size_t i = 0; i < decided.effects.size(); ++i) {
    const auto& change = decided.effects[i];
    const auto& former = decided.formers[i];
    if (const auto* upsert = std::get_if<upsert_effect>(&change)) {
      points.after += former.record ? 0 : 1;
      bytes.after += bytes_of(upsert->point.vectors);
      bytes.after -= std::min(bytes.after, vector_bytes_of(former));
    } else if (std::holds_alternative<delete_effect>(change)) {
      --points.after;
      bytes.after -= std::min(bytes.after, vector_bytes_of(former));
    }
  }
  const auto refuse = [&](const std::string& limit, const char* unit, const outcome& what,
                          std::uint64_t most) {
    return error(errc::resource_exhausted, name() + ": it would have " +
                                               std::to_string(what.after) + unit + ", but " +
                                               limit + " is " + std::to_string(most));
  };
  constexpr const char* of_points = " points";
  constexpr const char* of_bytes = " bytes of vectors";
  if (points.exceeds(limits.max_points))
    return refuse("limits.max_points", of_points, points, *limits.max_points);
  if (bytes.exceeds(limits.max_bytes))
    return refuse("limits.max_bytes", of_bytes, bytes, *limits.max_bytes);
  if (!strict) return ok();
  const auto forbid = [&](const char* rule, const char* unit, const outcome& what,
                          std::uint64_t most) {
    auto refused = refuse(std::string("strict mode's ") + rule, unit, what, most);
    return error(errc::permission_denied, std::move(refused.message));
  };
  if (points.exceeds(rules->max_points_count))
    return forbid("max_points_count", of_points, points, *rules->max_points_count);
  if (bytes.exceeds(rules->max_collection_vector_size_bytes))
    return forbid("max_collection_vector_size_bytes", of_bytes, bytes,
                  *rules->max_collection_vector_size_bytes);
  return ok();
}

}  // namespace thespis::actors
