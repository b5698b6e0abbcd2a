// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "core/point_id.hpp"
#include "storage/collection_store.hpp"

namespace thespis::actors {

/// A point as it was before a write.
struct former_point {
  point_id id;
  std::optional<storage::point_record> record;  ///< None: it did not exist.
  /// Its vectors, where some of them are not dense; none: rows of arenas have them.
  std::optional<std::vector<named_vector>> vectors = {};
};

/// A moment of a collection between two writes. It leads to the moments after it and knows what
/// the points were that those writes changed, so that whoever holds it reads points as of then
/// although storage has newer ones. What only older moments need goes with the last of them.
/// Thread: one writer passes it on; the rest may be called from any thread.
class moment {
 public:
  moment() = default;
  ~moment();
  moment(const moment&) = delete;
  moment& operator=(const moment&) = delete;

  /// Notes what the points were that the next write changes, and returns the moment after it.
  /// Must happen before the write commits, and once.
  [[nodiscard]] std::shared_ptr<moment> pass(std::vector<former_point> formers);

  /// What a point was at this moment, if a write has changed it since; null if none has.
  /// Storage must have been read before.
  [[nodiscard]] const former_point* former(const point_id& id) const noexcept;

  /// Goes in id order through what points were at a moment that were changed since. Costs what is
  /// passed, not what there is. Thread: one at a time; the moment must outlive it.
  class walk {
   public:
    /// Begins at `first`, or with the least id.
    walk(const moment& from, const std::optional<point_id>& first);

    /// Where the walk is; null at its end.
    [[nodiscard]] const former_point* here() const noexcept {
      return ways_.empty() ? nullptr : ways_.front().here;
    }
    void advance();

   private:
    /// The rest of one moment's list; of several changes of a point the oldest tells.
    struct way {
      const former_point* here;
      const former_point* end;
      std::size_t order;
    };
    [[nodiscard]] static bool later(const way& a, const way& b) noexcept;
    void advance_nearest();

    std::vector<way> ways_;  // a heap, the nearest in front
  };

 private:
  [[nodiscard]] const moment* next() const noexcept {
    return passed_.load(std::memory_order_acquire) ? next_.get() : nullptr;
  }

  std::vector<former_point> formers_;  // sorted by id; written before `passed_`, never again
  std::shared_ptr<moment> next_;       // so too
  std::atomic<bool> passed_ = false;
};

}  // namespace thespis::actors
