// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <vector>

#include "storage/fields/sparse_segment.hpp"
#include "storage/fields/sparse_tail.hpp"

namespace thespis::fields {

/// What an index consists of at one moment; slots ascend over the segments and on into the tail.
/// Segments of one page may follow each other; they have no slot in common.
struct sparse_state {
  std::vector<std::shared_ptr<const sparse_segment>> segments;
  std::shared_ptr<sparse_tail> tail;  ///< Only the writer appends to it.
};

}  // namespace thespis::fields
