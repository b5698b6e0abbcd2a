// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/error.hpp"
#include "core/uuid.hpp"
#include "storage/wt.hpp"

/// Which tables are those of a collection now. Its counters tell their generation.
namespace thespis::storage {

/// The generation that the counters of `collection` tell; none if there are no counters, or none
/// that can be read. Errors: io.
[[nodiscard]] result<std::optional<std::uint32_t>> counted_generation(wt::session& session,
                                                                      const uuid& collection);

/// The same for all collections whose counters can be read.
[[nodiscard]] result<std::map<uuid, std::uint32_t>> counted_generations(wt::session& session);

/// As `counted_generation`, and where the counters cannot be read, what the tables themselves tell:
/// the newest that hold a point, else the oldest. Errors: io.
[[nodiscard]] result<std::uint32_t> generation_of(wt::session& session, const uuid& collection);

}  // namespace thespis::storage
