// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "apps/client/http_client.hpp"
#include "core/error.hpp"

/// Reads collections out of a server and writes them to files.
namespace thespis::exporter {

/// Consecutive points of a collection, in the order of their ids.
struct page {
  std::string lines;  ///< `{"id":...,"vector":...,"payload":...}` and a line end for each point.
  std::uint64_t points = 0;
  std::string next;  ///< JSON: the id that the next page begins with; empty behind the last one.
};

/// Cuts the answer to a scroll into lines; everything in it stays as it is written, without spaces.
/// Errors: io (not the answer of such a server), invalid_argument (a point that is no JSON).
[[nodiscard]] result<page> page_of(std::string_view answer);

/// Pages of one collection.
/// Thread: one at a time.
class collection_pages {
 public:
  /// Asks for `points` at a time, and for fewer where an answer would be too long. `client`
  /// outlives this.
  collection_pages(client::http_client& client, const std::string& collection, std::size_t points);

  /// The page that begins with id `from`, which is JSON; empty: the first one.
  /// Errors: as `client::fetch`; not_found (the collection).
  [[nodiscard]] result<page> read(const std::string& from);

 private:
  client::http_client& client_;
  std::string target_;
  std::size_t points_;
};

}  // namespace thespis::exporter
