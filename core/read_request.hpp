// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/search_request.hpp"

namespace thespis {

/// Reads points by id; ids that do not exist are left out, order follows the request.
struct retrieve_request {
  std::vector<point_id> ids;
  payload_selector with_payload;
  vector_selector with_vector;
};

/// Points that were found.
struct retrieve_reply {
  std::vector<scored_point> points;
};

/// Reads points in id order from `offset` (inclusive).
struct scroll_request {
  std::optional<point_id> offset;
  std::uint32_t limit = 10;
  payload_selector with_payload;
  vector_selector with_vector;
};

/// One page, and the id at which the next one starts.
struct scroll_reply {
  std::vector<scored_point> points;
  std::optional<point_id> next_page_offset;
};

}  // namespace thespis
