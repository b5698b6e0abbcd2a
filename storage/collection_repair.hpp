// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <vector>

#include "storage/collection_check.hpp"
#include "storage/offline_check.hpp"

namespace thespis::storage {

/// Checks the tables of a collection that nobody uses and mends them: counters are counted anew,
/// rows of vectors without a point are removed; points that cannot be read whole only if that is
/// wanted, and after a salvage also rows without a point, since those may be all that is left.
class collection_repair {
 public:
  collection_repair(session_pool& sessions, collection_meta meta)
      : sessions_(sessions), meta_(std::move(meta)) {}

  /// What is found, with what was done about it. Errors: io, resource_exhausted.
  [[nodiscard]] result<std::vector<health_component>> run(const offline_check_options& wanted,
                                                          bool salvaged);

  /// Rows were removed or counters written.
  [[nodiscard]] bool changed() const noexcept { return changed_; }
  /// As they are now.
  [[nodiscard]] const collection_counters& counters() const noexcept { return counters_; }

 private:
  [[nodiscard]] result<void> remove(const std::string& table, const std::vector<std::string>& keys);
  [[nodiscard]] result<void> write_counters(const collection_counters& counters);

  session_pool& sessions_;
  const collection_meta meta_;
  collection_counters counters_;
  bool changed_ = false;
};

}  // namespace thespis::storage
