// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/collection_info.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/mutation.hpp"
#include "core/point.hpp"
#include "storage/idempotency_store.hpp"

namespace thespis::storage {

/// A point's row without its vectors.
struct point_record {
  lsn_t lsn = 0;  ///< Last write.
  slot_t slot = no_slot;
  std::int64_t created_us = 0;
  std::int64_t updated_us = 0;
  std::int64_t expires_us = 0;
  thespis::payload payload;
};

/// What applying one effect did to the slots of its collection.
struct slot_change {
  std::size_t effect_index = 0;  ///< Which effect of the batch.
  slot_t retired = no_slot;      ///< Slot that died.
  slot_t assigned = no_slot;     ///< Slot that was born; its vectors are those of the effect.
};

/// Outcome of a committed batch.
struct applied_batch {
  lsn_t lsn = 0;
  std::vector<slot_change> changes;  ///< In the order of effects; payload-only changes have none.
};

/// Sizes kept with the data, in the same transactions.
struct collection_counters {
  std::uint32_t generation = 0;
  slot_t next_slot = 0;  ///< Slots below it have been assigned in this generation.
  std::uint64_t points = 0;
  std::int64_t updated_us = 0;
  lsn_t lsn = 0;  ///< Last entry applied to this collection.
};

/// One row of the slot table: a live slot with its id and vectors.
struct slot_row {
  slot_t slot = no_slot;
  point_id id;
  std::vector<named_vector> vectors;
};

/// A consistent reading of one collection; short-lived, because it pins storage memory.
/// Thread: one thread at a time.
class collection_snapshot {
 public:
  virtual ~collection_snapshot() = default;

  [[nodiscard]] virtual result<std::optional<point_record>> find(const point_id& id) = 0;

  /// The vectors of a live slot. Errors: not_found.
  [[nodiscard]] virtual result<std::vector<named_vector>> vectors(slot_t slot) = 0;

  /// Visits points in id order from `first` (or the beginning) until `visit` returns false.
  [[nodiscard]] virtual result<void> scan(
      const std::optional<point_id>& first,
      const std::function<bool(const point_id&, point_record&&)>& visit) = 0;

  /// Visits live slots in ascending order from `first` until `visit` returns false.
  [[nodiscard]] virtual result<void> scan_slots(slot_t first,
                                                const std::function<bool(slot_row&&)>& visit) = 0;
};

/// The tables of one collection.
/// Thread: `apply`, `find` and `vectors` belong to one writer at a time; the rest may be called
/// from any thread.
class collection_store {
 public:
  virtual ~collection_store() = default;

  [[nodiscard]] virtual collection_meta meta() const = 0;
  [[nodiscard]] virtual collection_counters counters() const noexcept = 0;

  /// The writer's own reading, which sees everything that it has applied.
  [[nodiscard]] virtual result<std::optional<point_record>> find(const point_id& id) = 0;

  /// The vectors of a point that `find` gave, by its slot, in the writer's own reading.
  /// Errors: corruption, io.
  [[nodiscard]] virtual result<std::vector<named_vector>> vectors(slot_t slot) = 0;

  /// Applies all of `effects` and appends them to the journal, in one transaction: all or nothing.
  /// Assigns slots: an upsert whose vectors differ from the stored ones retires the old slot and
  /// takes a new one; the same vectors, and a change of the payload alone, keep their slot.
  /// Committed, not yet durable: see flusher.
  /// A `note` is kept in that transaction; without effects it is kept alone.
  /// Errors: resource_exhausted, conflict, io; the state is then unchanged.
  [[nodiscard]] virtual result<applied_batch> apply(std::span<const effect> effects,
                                                    const write_note* note = nullptr) = 0;

  /// From now on `meta` and messages say `name`, which the catalog's row has already.
  virtual void rename(const std::string& name) = 0;

  /// From now on `meta` has this specification, which the catalog's row has already.
  virtual void alter(const collection_spec& spec) = 0;

  [[nodiscard]] virtual result<std::unique_ptr<collection_snapshot>> snapshot() const = 0;

  /// Releases cached sessions and cursors; the next use takes new ones.
  virtual void idle() = 0;
};

}  // namespace thespis::storage
