// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <thespis/plugin/index_plugin.hpp>

#include <cmath>

namespace {

/// Breaks the contract in the way that the query's `ef` chooses.
class liar {
 public:
  static constexpr bool scans = true;
  static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);
  explicit liar(const thespis::plugin::index_setup&) {}
  void insert(std::span<const std::uint32_t>) {}
  std::size_t search(const thespis_index_query& query, std::span<thespis_hit> hits) {
    hits[0] = {0, 1.0F};
    hits[1] = {1, 2.0F};
    switch (query.ef) {
      case 1: return query.k + 1;                       // too many
      case 2: hits[1] = {query.end_slot, 2.0F}; break;  // out of range
      case 3: hits[1] = {1, 0.5F}; break;               // not sorted
      case 4: hits[1] = {0, 2.0F}; break;               // twice
      case 5: hits[0] = {2, 0.0F}; break;               // dead
      case 6: hits[0] = {3, 0.0F}; break;               // not allowed
      case 7: hits[1] = {1, std::nanf("")}; break;      // no rank; taken for the farthest
      default: break;
    }
    return 2;
  }
  void save(thespis::plugin::writer&) {}
  void load(thespis::plugin::reader&) {}
  std::uint64_t bytes() { return 0; }
};

}  // namespace

THESPIS_INDEX_PLUGIN(liar, "liar", "1.0.0")
