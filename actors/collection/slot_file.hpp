// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "actors/collection/index_upkeep.hpp"
#include "actors/query/slot_table.hpp"
#include "actors/query/view.hpp"
#include "core/error.hpp"
#include "core/slot_bitmap.hpp"
#include "plugins/host/index.hpp"

namespace thespis::actors {

/// Slots as a file has them: the state of one durable LSN.
struct saved_slots {
  slot_table slots;                  ///< A version may be `slot_table::version_unknown`.
  slot_bitmap retired;               ///< Slots of no point.
  std::vector<slot_bitmap> dead;     ///< Per vector that was asked for, in that order.
  std::vector<upkeep_marks> upkeep;  ///< Likewise.
  slot_t next_slot = 0;
  lsn_t lsn = 0;
};

/// Writes the slots of a published view, so that a start need not read every point. The file is of
/// the format of an index file under the name "slots"; its payload is in the byte order of the
/// machine and begins with a number that tells it. Errors: io, resource_exhausted.
[[nodiscard]] result<void> save_slots(const std::filesystem::path& file, const view& seen,
                                      std::uint32_t generation,
                                      std::span<const upkeep_marks> upkeep);

/// The dense vectors of a collection, whose places files of slots are about.
[[nodiscard]] std::vector<vector_place> dense_places(const collection_spec& spec);

/// Reads what was saved if it is of `expected` or an earlier state of it. A vector that came after
/// that has no live slot in it. Errors: not_found, corruption, failed_precondition (of something
/// else), io.
[[nodiscard]] result<saved_slots> load_slots(const std::filesystem::path& file,
                                             const plugins::index_file_stamp& expected,
                                             std::span<const vector_place> vectors);

}  // namespace thespis::actors
