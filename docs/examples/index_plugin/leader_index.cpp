// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// A complete index plugin: an inverted file whose first vectors lead a list each. A vector joins
// the list of the leader nearest to it; a search scans the lists of the leaders nearest to the
// query and ranks what it finds exactly.

#include <thespis/plugin/index_plugin.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <span>
#include <vector>

namespace {

using thespis::plugin::admits;
using thespis::plugin::failure;

constexpr std::uint32_t leaders_max = 64;
constexpr std::uint32_t format = 1;

class leader_index {
 public:
  static constexpr bool scans = false;
  static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);

  explicit leader_index(const thespis::plugin::index_setup& setup)
      : rows_(setup.arena), metric_(setup.metric) {}

  void insert(std::span<const std::uint32_t> slots) {
    // One lock keeps the example short; an index for production would lock less.
    const std::unique_lock guard(lock_);
    for (const auto slot : slots) {
      const float* row = rows_.row(slot);
      if (lists_.size() < leaders_max) {
        // A copy, because the arena forgets vectors that are deleted, and the leader must stay.
        leaders_.insert(leaders_.end(), row, row + rows_.dimension());
        lists_.emplace_back();
        lists_.back().push_back(slot);
      } else {
        lists_[nearest_leader(row)].push_back(slot);
      }
      ++count_;
    }
  }

  std::size_t search(const thespis_index_query& query, std::span<thespis_hit> hits) {
    const std::shared_lock guard(lock_);
    const auto order = leaders_by_rank(query.vector);
    const auto effort = std::max<std::size_t>({count_ / 2, query.ef, query.k});
    std::vector<thespis_hit> found;
    std::size_t visited = 0;
    for (const auto leader : order) {
      if (visited >= effort && found.size() >= query.k) break;
      for (const auto slot : lists_[leader])
        if (admits(query, slot)) found.push_back({slot, rank(query.vector, rows_.row(slot))});
      visited += lists_[leader].size();
    }
    const auto kept = std::min<std::size_t>(found.size(), query.k);
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(),
                      [](const thespis_hit& a, const thespis_hit& b) {
                        return a.rank != b.rank ? a.rank < b.rank : a.slot < b.slot;
                      });
    std::copy_n(found.begin(), kept, hits.begin());
    return kept;
  }

  void save(thespis::plugin::writer& out) {
    const std::shared_lock guard(lock_);
    out.value(format);
    out.value(static_cast<std::uint32_t>(lists_.size()));
    out.write(leaders_.data(), leaders_.size() * sizeof(float));
    for (const auto& list : lists_) {
      std::vector<std::uint32_t> kept;
      for (const auto slot : list)
        if (slot < out.end_slot()) kept.push_back(slot);
      out.value(static_cast<std::uint32_t>(kept.size()));
      out.write(kept.data(), kept.size() * sizeof(std::uint32_t));
    }
  }

  // The host has checked that the bytes are those that were saved. What is checked here is all that
  // could make a search go wrong, so that a defect shows when the file is loaded.
  void load(thespis::plugin::reader& in) {
    if (in.value<std::uint32_t>() != format) throw failure(THESPIS_CORRUPTION, "unknown format");
    const auto leaders = in.value<std::uint32_t>();
    if (leaders > leaders_max) throw failure(THESPIS_CORRUPTION, "too many leaders");
    leaders_.resize(std::size_t{leaders} * rows_.dimension());
    in.read(leaders_.data(), leaders_.size() * sizeof(float));
    for (const float value : leaders_)
      if (!std::isfinite(value)) throw failure(THESPIS_CORRUPTION, "a leader is not finite");
    lists_.resize(leaders);
    std::vector<bool> seen(in.end_slot());
    for (auto& list : lists_) {
      const auto size = in.value<std::uint32_t>();
      if (size > in.left() / sizeof(std::uint32_t))
        throw failure(THESPIS_CORRUPTION, "a list is longer than the file");
      list.resize(size);
      in.read(list.data(), list.size() * sizeof(std::uint32_t));
      for (const auto slot : list) {
        if (slot >= in.end_slot() || seen[slot])
          throw failure(THESPIS_CORRUPTION, "a slot is out of range or appears twice");
        seen[slot] = true;
      }
      count_ += size;
    }
  }

  std::uint64_t bytes() {
    const std::shared_lock guard(lock_);
    std::uint64_t sum = leaders_.capacity() * sizeof(float);
    for (const auto& list : lists_) sum += list.capacity() * sizeof(std::uint32_t);
    return sum;
  }

 private:
  float squared_distance(const float* a, const float* b) const {
    float sum = 0;
    for (std::uint32_t i = 0; i < rows_.dimension(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
  }

  /// As the interface defines it: smaller is nearer.
  float rank(const float* a, const float* b) const {
    if (metric_ == THESPIS_METRIC_EUCLID) return squared_distance(a, b);
    double dot = 0;
    double absolute = 0;
    double squares_a = 0;
    double squares_b = 0;
    for (std::uint32_t i = 0; i < rows_.dimension(); ++i) {
      const double x = a[i];
      const double y = b[i];
      dot += x * y;
      absolute += std::abs(x - y);
      squares_a += x * x;
      squares_b += y * y;
    }
    if (metric_ == THESPIS_METRIC_MANHATTAN) return static_cast<float>(absolute);
    if (metric_ == THESPIS_METRIC_DOT) return static_cast<float>(-dot);
    const double length = std::sqrt(squares_a * squares_b);
    return length > 0 ? static_cast<float>(-dot / length) : 0.0F;
  }

  const float* leader(std::size_t at) const { return leaders_.data() + at * rows_.dimension(); }

  std::size_t nearest_leader(const float* row) const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < lists_.size(); ++i)
      if (squared_distance(row, leader(i)) < squared_distance(row, leader(best))) best = i;
    return best;
  }

  std::vector<std::uint32_t> leaders_by_rank(const float* query) const {
    std::vector<float> ranks;
    for (std::size_t i = 0; i < lists_.size(); ++i) ranks.push_back(rank(query, leader(i)));
    std::vector<std::uint32_t> order(lists_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return ranks[a] < ranks[b]; });
    return order;
  }

  thespis::plugin::arena rows_;
  thespis_metric metric_;
  std::shared_mutex lock_;
  std::vector<float> leaders_;  // [lists_.size(), dimension]
  std::vector<std::vector<std::uint32_t>> lists_;
  std::size_t count_ = 0;
};

}  // namespace

THESPIS_INDEX_PLUGIN(leader_index, "leader", "1.0.0")
