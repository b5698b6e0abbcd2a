// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/collection_spec.hpp"
#include "core/point.hpp"

namespace thespis::storage {

/// Leaves out of stored rows what belongs to vectors that were dropped: their values stay in rows
/// that nobody has written since, and must not be taken for those of a vector that got the name
/// later. A slot is never used again within a generation, so its number tells.
class row_filter {
 public:
  row_filter() = default;
  row_filter(const collection_spec& spec, std::uint32_t generation);

  /// Whether the row of `slot` holds nothing for `name`, whatever is stored there.
  [[nodiscard]] bool hides(slot_t slot, const std::string& name) const;
  /// Whether some of `vectors` are hidden in the row of `slot`.
  [[nodiscard]] bool hides_any(slot_t slot, const std::vector<named_vector>& vectors) const;
  /// Removes what is hidden from the vectors that are stored for `slot`.
  void apply(slot_t slot, std::vector<named_vector>& vectors) const;

 private:
  struct one {
    std::string name;
    slot_t hidden_end = 0;  // in slots below it
  };

  std::vector<one> vectors_;  // of the collection; empty where nothing is ever hidden
  slot_t dropped_end_ = 0;    // rows below it may have vectors of other names
};

}  // namespace thespis::storage
