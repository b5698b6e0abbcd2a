// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thespis {

/// What a check found in the index of one vector name, and did. All zero for an index that has
/// nothing to check, such as one that scans.
struct index_check {
  std::string name;
  std::string index;              ///< Plugin name.
  std::uint64_t nodes = 0;        ///< Slots that it has now.
  std::uint64_t dropped = 0;      ///< Dead slots that it had before.
  std::uint64_t unreachable = 0;  ///< Slots that a search could not have reached before.
  std::uint64_t mended = 0;       ///< Of these, slots that it reaches now.
};

/// A check of all indexes of a collection, in the order of its vector names.
struct index_check_reply {
  std::vector<index_check> indexes;
};

}  // namespace thespis
