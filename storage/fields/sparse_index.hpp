// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/slot_bitmap.hpp"

namespace thespis::fields {

class sparse_segment;
class sparse_tail;
struct sparse_state;

/// A point and its dot product with the query.
struct sparse_hit {
  slot_t slot = no_slot;
  float score = 0;

  friend bool operator==(const sparse_hit&, const sparse_hit&) = default;
};

/// A search for the `k` points with the largest dot products.
struct sparse_query {
  std::span<const std::uint32_t> indices;  ///< Ascending, distinct.
  std::span<const float> values;           ///< As many; at most `vector_length_max` each.
  std::size_t k = 0;
  slot_t end_slot = 0;                   ///< Slots from here on are not seen.
  const slot_bitmap* dead = nullptr;     ///< Slots that are not seen either, or null.
  const slot_bitmap* allowed = nullptr;  ///< The only slots that may be hits, or null for all.
  /// Multiplies each weight of the query by the inverse document frequency of its dimension,
  /// ln((n - df + 0.5) / (df + 0.5) + 1), with n points and df of them having the dimension. Both
  /// count the points that are below `end_slot` and not dead, exactly; `allowed` has no say.
  bool idf = false;
};

/// Takes bytes of a file in order.
using sparse_sink = std::function<result<void>(const void* data, std::size_t bytes)>;

/// Gives bytes of a file in order: `read` is never asked for more than is left of `bytes`.
struct sparse_source {
  std::function<result<void>(void* data, std::size_t bytes)> read;
  std::uint64_t bytes = 0;
};

/// The index as it was at one moment; what later writes and maintenance do is not seen in slots
/// below the `end_slot` that a search names. Copying it costs a reference count.
/// Thread: any number may search one snapshot, beside the writer.
class sparse_snapshot {
 public:
  /// Nothing.
  sparse_snapshot() = default;

  /// The best points that share a dimension with the query, also where the product is not positive,
  /// by descending score, then ascending slot. A score is the sum of products in double precision
  /// in the order of dimensions, rounded once, whatever else the index holds.
  /// Errors: invalid_argument (indices not ascending, counts differ, a value out of range).
  [[nodiscard]] result<std::vector<sparse_hit>> search(const sparse_query& query) const;

  /// Writes the slots below `end_slot`. Errors: what `sink` returns.
  [[nodiscard]] result<void> save(slot_t end_slot, const sparse_sink& sink) const;

  /// Points below `end_slot` that are in the index, dead or not.
  [[nodiscard]] std::uint64_t points(slot_t end_slot = no_slot) const;

  /// Values of the points, dead or not.
  [[nodiscard]] std::uint64_t postings() const;

  /// Those in any of these dimensions: what a search of all of them would read at most.
  [[nodiscard]] std::uint64_t postings(std::span<const std::uint32_t> dimensions) const;

  /// Memory that it keeps alive.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  friend class sparse_index;
  explicit sparse_snapshot(std::shared_ptr<const sparse_state> state) : state_(std::move(state)) {}

  std::shared_ptr<const sparse_state> state_;
};

/// An inverted index over sparse vectors: exact, in memory, derived from what storage holds.
/// Postings lie in immutable segments of up to 65,536 slots, newer ones in smaller segments, the
/// newest vectors as they came. docs/adr/0060-sparse-index.md has the reasons.
/// Thread: one writer calls `insert`, beside it one other at a time `maintain`; the rest is for
/// any.
class sparse_index {
 public:
  /// Most values of one vector.
  static constexpr std::size_t values_max = 65'535;

  sparse_index();
  ~sparse_index();
  sparse_index(const sparse_index&) = delete;
  sparse_index& operator=(const sparse_index&) = delete;

  /// Reads what `sparse_snapshot::save` wrote. Errors: corruption, what `source` returns.
  [[nodiscard]] static result<std::unique_ptr<sparse_index>> load(const sparse_source& source);

  /// Adds a vector; snapshots taken from now on have it, older ones may. Slots come in ascending
  /// order. Once in 1,024 calls it sorts these into a segment, which takes milliseconds.
  /// Errors: invalid_argument (indices not ascending, counts differ, a value that is not finite or
  /// beyond `vector_length_max`, a slot that is not above the last), too_large.
  [[nodiscard]] result<void> insert(slot_t slot, std::span<const std::uint32_t> indices,
                                    std::span<const float> values);

  /// Whether `maintain` would join segments. Searches are right without it, but slower.
  [[nodiscard]] bool wants_maintenance() const;

  /// Joins segments that have added up, so that each page of 65,536 slots becomes one, and drops
  /// the slots of `dead` from pages of which they are at least `share`. The last 1,024 vectors
  /// stay. Snapshots keep what they had. Takes about a microsecond for each vector that it moves.
  /// Returns how many were dropped.
  std::uint64_t maintain(const slot_bitmap& dead, double share = 0.0);

  /// What is in the index now.
  [[nodiscard]] sparse_snapshot snapshot() const;

  /// The lowest slot that may be inserted; for the writer.
  [[nodiscard]] slot_t next_slot() const noexcept { return next_slot_; }

  /// Memory of the newest state.
  [[nodiscard]] std::uint64_t bytes() const { return snapshot().bytes(); }

 private:
  [[nodiscard]] std::shared_ptr<const sparse_state> state() const;
  void seal();
  void replace(std::size_t begin, std::size_t end, std::shared_ptr<const sparse_segment> joined);

  mutable std::mutex mutex_;  ///< Guards the pointer `state_`; no search holds it while it runs.
  std::shared_ptr<const sparse_state> state_;
  std::shared_ptr<sparse_tail> tail_;  ///< That of `state_`, for the writer alone.
  slot_t next_slot_ = 0;
};

}  // namespace thespis::fields
