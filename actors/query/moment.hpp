// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <map>
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

  /// The same for all points that were changed since.
  [[nodiscard]] std::map<point_id, const former_point*> formers() const;

 private:
  [[nodiscard]] const moment* next() const noexcept {
    return passed_.load(std::memory_order_acquire) ? next_.get() : nullptr;
  }

  std::vector<former_point> formers_;  // sorted by id; written before `passed_`, never again
  std::shared_ptr<moment> next_;       // so too
  std::atomic<bool> passed_ = false;
};

}  // namespace thespis::actors
