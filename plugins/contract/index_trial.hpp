// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <numeric>
#include <vector>

#include "core/slot_bitmap.hpp"
#include "plugins/contract/reference.hpp"
#include "plugins/contract/suite.hpp"
#include "plugins/host/index.hpp"

namespace thespis::plugins {

/// Every metric there is.
inline constexpr distance all_metrics[] = {distance::cosine, distance::dot, distance::euclid,
                                           distance::manhattan};

/// Private to plugins/contract: an index under test, with its vectors and what is known of them.
class index_trial {
 public:
  /// An empty index over an empty arena.
  [[nodiscard]] static result<index_trial> make(const suite_context& context, distance metric,
                                                std::uint32_t dimension);

  /// Puts all of `rows` into the arena as slots 0 and up; does not insert them.
  [[nodiscard]] result<void> put(test_vectors rows);
  /// Inserts slots [first, end), if the index wants that.
  [[nodiscard]] result<void> insert(slot_t first, slot_t end);
  /// `put` and `insert` of all.
  [[nodiscard]] result<void> fill(test_vectors rows);

  /// Searches and compares with the reference: ranks are right, there are k hits if k slots are
  /// admitted, and enough of them are among the nearest (all, if the index scans).
  [[nodiscard]] result<void> compare(const index_query& query) const;
  /// `compare` for `count` queries near the data; recall is taken over all of them.
  [[nodiscard]] result<void> compare_many(index_query like, std::uint32_t count) const;

  /// The slots that `query` admits.
  [[nodiscard]] std::vector<slot_t> admitted(const index_query& query) const;

  distance metric = distance::cosine;
  test_vectors rows;
  std::shared_ptr<arena> vectors;
  std::unique_ptr<plugins::index> tested;

 private:
  /// Checks one answer and adds to the counts of hits that were wanted and found.
  [[nodiscard]] result<void> judge(const index_query& query, const std::vector<ranked_slot>& hits,
                                   std::uint64_t& wanted, std::uint64_t& found) const;
  [[nodiscard]] result<void> judge_recall(std::uint64_t wanted, std::uint64_t found) const;
};

}  // namespace thespis::plugins
