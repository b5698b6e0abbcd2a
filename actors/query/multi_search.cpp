// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/multi_search.hpp"

#include <algorithm>
#include <functional>
#include <limits>

namespace thespis::actors {

namespace {

using hits = std::vector<plugins::ranked_slot>;

/// Ranks of a block of rows stay in the cache until they are judged.
constexpr std::size_t block_ranks = 1u << 18;
constexpr std::size_t block_rows_min = 16;
constexpr std::size_t block_rows_max = 512;

/// Works out the ranks of slots, many rows at a time.
class max_sim {
 public:
  using taker = std::function<void(slot_t, float)>;

  /// `take` gets each slot's rank, in the order in which they are added.
  max_sim(const multi_view& vector, std::span<const float> query, taker take)
      : vector_(vector),
        query_(query),
        take_(std::move(take)),
        nearest_(query.size() / vector.spec.size, far),
        rows_max_(std::clamp(block_ranks / nearest_.size(), block_rows_min, block_rows_max)) {}

  /// Errors: plugin.
  [[nodiscard]] result<void> add(slot_t slot) {
    const auto rows = vector_.rows.rows(slot);
    const auto end = rows.first + rows.count;
    for (auto row = rows.first; row < end;) {
      if (count_ == room_ || row != first_ + count_) {
        THESPIS_CHECK(finish());
        first_ = row;
        room_ =
            static_cast<row_t>(std::min<std::size_t>(vector_.arena->rows_together(row), rows_max_));
      }
      const auto taken = std::min(end - row, room_ - count_);
      row += taken;
      pieces_.push_back({slot, count_, taken, row == end});
      count_ += taken;
    }
    return ok();
  }

  /// Works out what is left. Errors: plugin.
  [[nodiscard]] result<void> finish() {
    if (count_ == 0) return ok();
    ranks_.resize(nearest_.size() * count_);
    THESPIS_CHECK(vector_.compute->ranks(vector_.spec.metric, vector_.spec.size, query_,
                                         vector_.arena->row(first_), vector_.arena->row_stride(),
                                         count_, ranks_));
    for (const auto& one : pieces_) judge(one);
    pieces_.clear();
    count_ = room_ = 0;
    return ok();
  }

 private:
  static constexpr float far = std::numeric_limits<float>::max();

  /// Rows of one slot within the block.
  struct piece {
    slot_t slot;
    row_t first;
    row_t count;
    bool last;  ///< Of the slot.
  };

  void judge(const piece& one) {
    for (std::size_t q = 0; q < nearest_.size(); ++q) {
      const auto* const ranks = ranks_.data() + q * count_ + one.first;
      nearest_[q] = std::min(nearest_[q], *std::min_element(ranks, ranks + one.count));
    }
    if (!one.last) return;
    double sum = 0;
    for (auto& rank : nearest_) sum += std::exchange(rank, far);
    // The sum of long rows' ranks may exceed a float.
    take_(one.slot, static_cast<float>(std::clamp<double>(sum, -far, far)));
  }

  const multi_view& vector_;
  const std::span<const float> query_;
  const taker take_;
  std::vector<float> nearest_;  // of the slot at hand, to each row of the query
  const std::size_t rows_max_;
  std::vector<piece> pieces_;
  row_t first_ = 0;  // of the block
  row_t count_ = 0;
  row_t room_ = 0;
  std::vector<float> ranks_;
};

/// The nearest slots so far; of equal ones those with the least ids.
class nearest_slots {
 public:
  nearest_slots(const view& source, std::size_t k) : source_(source), k_(k) {}

  void offer(slot_t slot, float rank) {
    const plugins::ranked_slot one{slot, rank};
    const auto nearer = [this](const auto& a, const auto& b) { return is_nearer(a, b); };
    if (heap_.size() == k_) {
      if (!nearer(one, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), nearer);
      heap_.pop_back();
    }
    heap_.push_back(one);
    std::push_heap(heap_.begin(), heap_.end(), nearer);
  }

  [[nodiscard]] hits take() {
    std::sort(heap_.begin(), heap_.end(),
              [this](const auto& a, const auto& b) { return is_nearer(a, b); });
    return std::move(heap_);
  }

 private:
  [[nodiscard]] bool is_nearer(const plugins::ranked_slot& a, const plugins::ranked_slot& b) const {
    if (a.rank != b.rank) return a.rank < b.rank;
    return a.slot != b.slot && source_.slots.id(a.slot) < source_.slots.id(b.slot);
  }

  const view& source_;
  const std::size_t k_;
  hits heap_;
};

/// Ranks in blocks depend on the last bits on where in a block a row lies. What is answered does
/// not: points with the same rows get the same score from every search.
result<hits> settle(const view& source, const multi_view& vector, std::span<const float> query,
                    const hits& rough) {
  nearest_slots settled(source, rough.size());
  max_sim alone(vector, query, [&](slot_t slot, float rank) { settled.offer(slot, rank); });
  for (const auto& hit : rough) {
    THESPIS_CHECK(alone.add(hit.slot));
    THESPIS_CHECK(alone.finish());
  }
  return settled.take();
}

}  // namespace

std::uint64_t estimate_multi_bytes(const view& source, const multi_view& vector,
                                   const search_request& request) {
  const std::uint64_t rows = vector.rows.end_row();
  std::uint64_t query_rows = rows / std::max<std::uint64_t>(source.points, 1) + 1;
  if (const auto* values = std::get_if<named_vector>(&request.target))
    query_rows = values->values.size() / vector.spec.size + 1;
  return rows * vector.spec.size * sizeof(float) * query_rows;
}

result<void> rank_multi(const view& source, const multi_view& vector, const search_request&,
                        std::span<const float> query, std::uint32_t k, hits& ranked) {
  nearest_slots rough(source, k);
  max_sim block(vector, query, [&](slot_t slot, float rank) { rough.offer(slot, rank); });
  for (slot_t slot = 0; slot < source.end_slot; ++slot)
    if (!source.retired.contains(slot)) THESPIS_CHECK(block.add(slot));
  THESPIS_CHECK(block.finish());
  THESPIS_TRY(ranked, settle(source, vector, query, rough.take()));
  return ok();
}

}  // namespace thespis::actors
