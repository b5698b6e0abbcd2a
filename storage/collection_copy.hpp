// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/collection_info.hpp"
#include "core/error.hpp"
#include "storage/collection_store.hpp"

namespace thespis::storage {

class engine;

/// A copy of a collection in the making, in short steps: first its points are read in the order of
/// their ids, each step in a snapshot of its own; then what the journal tells of it since the
/// beginning is applied, up to one durable LSN after the last of those snapshots. So the copy holds
/// the source as it was at that LSN. What is made has no name until its owner gives it one.
/// Memory: about one step.
/// Thread: one thread at a time, which blocks.
class collection_copy {
 public:
  /// What a step left to do.
  enum class progress : std::uint8_t {
    more,     ///< Call again.
    waiting,  ///< Call again soon: the disk is behind.
    whole,    ///< Nothing.
  };

  /// Makes the nameless collection. The engine outlives the copy.
  /// Errors: resource_exhausted, corruption, io.
  [[nodiscard]] static result<std::unique_ptr<collection_copy>> begin(
      engine& owner, const collection_meta& source);
  ~collection_copy();
  collection_copy(const collection_copy&) = delete;
  collection_copy& operator=(const collection_copy&) = delete;

  /// Copies about `bytes_max` more.
  /// Errors: conflict (the source was emptied or dropped), resource_exhausted, corruption, io.
  [[nodiscard]] result<progress> step(std::size_t bytes_max);

  /// Of the nameless collection.
  [[nodiscard]] const uuid& id() const noexcept { return id_; }
  /// Points that were read. Thread: any.
  [[nodiscard]] std::uint64_t points() const noexcept { return points_; }
  /// Points that the source had at the beginning.
  [[nodiscard]] std::uint64_t points_expected() const noexcept { return expected_; }

 private:
  enum class phase : std::uint8_t { scanning, flushing, catching_up, whole };

  collection_copy(engine& owner, const collection_meta& source);
  [[nodiscard]] result<void> scan(std::size_t bytes_max);
  [[nodiscard]] result<void> catch_up(std::size_t bytes_max);
  [[nodiscard]] result<void> apply(std::vector<effect>& changes);

  engine& engine_;
  const collection_meta source_meta_;
  uuid id_;
  std::shared_ptr<collection_store> source_;
  std::shared_ptr<collection_store> target_;
  phase now_ = phase::scanning;
  std::optional<point_id> last_;  // read; none: nothing was yet
  lsn_t next_ = 0;                // entry to be read from the journal
  lsn_t end_ = 0;                 // last one that counts
  std::shared_ptr<std::atomic<bool>> durable_ = std::make_shared<std::atomic<bool>>(false);
  std::atomic<std::uint64_t> points_ = 0;
  std::uint64_t expected_ = 0;
};

}  // namespace thespis::storage
