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
/// Of the nearest rows to each row of a query the slots are compared exactly: so many by default,
constexpr std::uint32_t rows_per_query_row = 128;
/// and at least so many for each hit.
constexpr std::uint32_t rows_per_hit = 4;
/// Where they are of too few slots, so many times more are looked at.
constexpr std::uint32_t widening = 4;
/// More rows than these for all rows of a query are not looked at: a scan takes less.
constexpr std::uint64_t rows_looked_at_max = 1u << 22;
/// Stands for the walk of one row of a query.
constexpr std::uint64_t walk_bytes = 1u << 20;

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

/// Rows that are looked at for one row of the query.
std::uint32_t rows_wanted(const search_request& request, std::uint32_t k) {
  return std::max(request.hnsw_ef.value_or(rows_per_query_row), k * rows_per_hit);
}

/// True if a scan takes less than to look at so many rows for each row of the query.
bool too_many(const multi_view& vector, std::uint64_t query_rows, std::uint64_t wanted) {
  return query_rows * wanted >= std::min<std::uint64_t>(vector.rows.end_row(), rows_looked_at_max);
}

/// True if every row is compared: asked for, too few for a graph, or an index that scans.
bool scans_all(const multi_view& vector, const search_request& request, std::uint64_t query_rows,
               std::uint32_t k) {
  const std::uint64_t raw_bytes =
      std::uint64_t{vector.rows.end_row()} * vector.spec.size * sizeof(float);
  return request.exact || vector.index->scans() ||
         raw_bytes / 1024 < vector.hnsw.full_scan_threshold_kb ||
         too_many(vector, query_rows, rows_wanted(request, k));
}

/// The slots, below what the index covers, of the nearest rows to each row of the query. Errors:
/// plugin.
class candidates {
 public:
  candidates(const multi_view& vector, const search_request& request, std::span<const float> query)
      : vector_(vector), queries_(query.size() / vector.spec.size), found_(queries_.size()) {
    for (std::size_t q = 0; q < queries_.size(); ++q) {
      auto& one = queries_[q];
      one.vector = query.subspan(q * vector.spec.size, vector.spec.size);
      one.ef = request.hnsw_ef.value_or(0);
      one.end_slot = vector.rows.end_row();
      one.dead = &vector.dead_rows;
      one.ignore_codes = request.codes.ignore;
      one.rescore = request.codes.rescore;
      one.oversampling = request.codes.oversampling.value_or(0);
    }
  }

  /// Looks at `k` rows for each row of the query. Returns whether more of them could tell of more.
  [[nodiscard]] result<bool> look(std::uint32_t k) {
    for (auto& one : queries_) one.k = k;
    THESPIS_CHECK(vector_.index->search_batch(queries_, found_));
    slots_.clear();
    bool more = false;
    for (const auto& rows : found_) {
      more = more || rows.size() == k;
      for (const auto& row : rows)
        if (const auto slot = vector_.rows.slot(row.slot); slot < vector_.indexed_end)
          slots_.push_back(slot);
    }
    std::sort(slots_.begin(), slots_.end());
    slots_.erase(std::unique(slots_.begin(), slots_.end()), slots_.end());
    return more;
  }

  /// Ascending.
  [[nodiscard]] const std::vector<slot_t>& slots() const noexcept { return slots_; }

 private:
  const multi_view& vector_;
  std::vector<plugins::index_query> queries_;
  std::vector<hits> found_;
  std::vector<slot_t> slots_;
};

/// Finds candidates enough for `k` slots, if there are so many. False: a scan takes less.
result<bool> find(candidates& found, const multi_view& vector, const search_request& request,
                  std::uint64_t query_rows, std::uint32_t k) {
  for (auto wanted = rows_wanted(request, k); !too_many(vector, query_rows, wanted);
       wanted *= widening) {
    THESPIS_TRY(const bool more, found.look(wanted));
    if (!more || found.slots().size() >= k) return true;
  }
  return false;
}

}  // namespace

std::uint64_t estimate_multi_bytes(const view& source, const multi_view& vector,
                                   const search_request& request) {
  const std::uint64_t rows = vector.rows.end_row();
  std::uint64_t query_rows = rows / std::max<std::uint64_t>(source.points, 1) + 1;
  if (const auto* values = std::get_if<named_vector>(&request.target))
    query_rows = values->values.size() / vector.spec.size + 1;
  const auto all = rows * vector.spec.size * sizeof(float) * query_rows;
  if (scans_all(vector, request, query_rows, request.offset + request.limit)) return all;
  const auto tail = source.end_slot - vector.indexed_end;
  return query_rows * walk_bytes + all / std::max<std::uint64_t>(source.end_slot, 1) * tail;
}

result<void> rank_multi(const view& source, const multi_view& vector, const search_request& request,
                        std::span<const float> query, std::uint32_t k, hits& ranked) {
  nearest_slots rough(source, k);
  max_sim blocks(vector, query, [&](slot_t slot, float rank) { rough.offer(slot, rank); });
  const auto query_rows = query.size() / vector.spec.size;
  bool scans = scans_all(vector, request, query_rows, k);
  if (!scans) {
    candidates found(vector, request, query);
    THESPIS_TRY(const bool enough, find(found, vector, request, query_rows, k));
    scans = !enough;
    if (enough)
      for (const auto slot : found.slots()) THESPIS_CHECK(blocks.add(slot));
  }
  const auto end = request.indexed_only ? vector.indexed_end : source.end_slot;
  for (slot_t slot = scans ? 0 : vector.indexed_end; slot < end; ++slot)
    if (!source.retired.contains(slot)) THESPIS_CHECK(blocks.add(slot));
  THESPIS_CHECK(blocks.finish());
  THESPIS_TRY(ranked, settle(source, vector, query, rough.take()));
  return ok();
}

}  // namespace thespis::actors
