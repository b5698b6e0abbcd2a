// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/fields/sparse_index.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "storage/fields/sparse_builder.hpp"
#include "storage/fields/sparse_state.hpp"
#include "storage/fields/sparse_values.hpp"

namespace thespis::fields {
namespace {

// So many segments of a page and a level become one of the next level.
constexpr std::size_t merge_width = 8;

using segments = std::vector<std::shared_ptr<const sparse_segment>>;

// Where the last segments that `alike` the very last begin.
template <class Alike>
std::size_t last_group(const segments& all, Alike alike) {
  auto begin = all.size();
  while (begin > 0 && alike(*all[begin - 1], *all.back())) --begin;
  return begin;
}

bool same_page(const sparse_segment& a, const sparse_segment& b) { return a.base() == b.base(); }

bool same_level(const sparse_segment& a, const sparse_segment& b) {
  return same_page(a, b) && a.level() == b.level();
}

// Puts one segment in the place of all from `begin` on.
void join_from(segments& all, std::size_t begin) {
  const std::uint32_t level = all[begin]->level() + 1;
  auto joined = merge({all.begin() + static_cast<std::ptrdiff_t>(begin), all.end()}, level, {});
  all.resize(begin);
  all.push_back(std::move(joined));
}

std::uint64_t dead_in(const sparse_segment& segment, const slot_bitmap& dead) {
  const auto page = segment.base() / page_slots;
  if (page >= dead.chunk_count() || dead.chunks()[page] == nullptr) return 0;
  std::uint64_t count = 0;
  for (std::uint32_t word = 0; word < page_slots / 64; ++word)
    count += static_cast<std::uint64_t>(
        std::popcount(segment.present()[word] & dead.chunks()[page][word]));
  return count;
}

}  // namespace

sparse_index::sparse_index() {
  auto empty = std::make_shared<sparse_state>();
  empty->tail = std::make_shared<sparse_tail>();
  state_ = std::move(empty);
}

sparse_index::~sparse_index() = default;

sparse_snapshot sparse_index::snapshot() const {
  const std::lock_guard lock(mutex_);
  return sparse_snapshot(state_);
}

void sparse_index::publish(std::shared_ptr<const sparse_state> state) {
  const std::lock_guard lock(mutex_);
  state_.swap(state);
}

void sparse_index::seal() {
  auto next = std::make_shared<sparse_state>();
  next->segments = state_->segments;
  next->segments.push_back(invert(*state_->tail, no_slot));
  next->tail = std::make_shared<sparse_tail>();
  for (;;) {
    const auto begin = last_group(next->segments, same_level);
    if (next->segments.size() - begin < merge_width) break;
    join_from(next->segments, begin);
  }
  publish(std::move(next));
}

result<void> sparse_index::insert(slot_t slot, std::span<const std::uint32_t> indices,
                                  std::span<const float> values) {
  THESPIS_CHECK(check_values(indices, values));
  if (slot < next_slot_ || slot >= limits::slots_max)
    return error(errc::invalid_argument, "slot " + std::to_string(slot) + " is below " +
                                             std::to_string(next_slot_) + " or beyond the last");
  const auto page = slot / page_slots;
  if (state_->tail->size() > 0 &&
      (state_->tail->full() || state_->tail->at(0).slot / page_slots != page))
    seal();
  if (const auto& all = state_->segments;
      state_->tail->size() == 0 && !all.empty() && all.back()->base() / page_slots != page) {
    if (const auto begin = last_group(all, same_page); all.size() - begin > 1) {
      auto next = std::make_shared<sparse_state>(*state_);
      join_from(next->segments, begin);
      publish(std::move(next));
    }
  }
  state_->tail->append(slot, indices, values);
  next_slot_ = slot + 1;
  return ok();
}

std::uint64_t sparse_index::maintain(const slot_bitmap& dead, double share) {
  if (state_->tail->size() > 0) seal();
  auto next = std::make_shared<sparse_state>();
  next->tail = state_->tail;
  std::uint64_t dropped = 0;
  const auto& all = state_->segments;
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    std::uint64_t found = 0;
    std::uint64_t points = 0;
    std::uint32_t level = 0;
    for (end = begin; end < all.size() && same_page(*all[begin], *all[end]); ++end) {
      found += dead_in(*all[end], dead);
      points += all[end]->points();
      level = std::max(level, all[end]->level());
    }
    if (found == 0 || static_cast<double>(found) < share * static_cast<double>(points)) {
      next->segments.insert(next->segments.end(), all.begin() + static_cast<std::ptrdiff_t>(begin),
                            all.begin() + static_cast<std::ptrdiff_t>(end));
      continue;
    }
    auto joined = merge(std::span(all).subspan(begin, end - begin), level,
                        {.end_slot = no_slot, .dead = &dead});
    if (joined != nullptr) next->segments.push_back(std::move(joined));
    dropped += found;
  }
  if (dropped > 0) publish(std::move(next));
  return dropped;
}

std::uint64_t sparse_snapshot::points(slot_t end_slot) const {
  if (state_ == nullptr) return 0;
  std::uint64_t count = 0;
  for (const auto& segment : state_->segments)
    if (end_slot - segment->base() >= page_slots && end_slot > segment->base())
      count += segment->points();
    else
      for_each_slot(*segment,
                    [&](offset_t offset) { count += segment->base() + offset < end_slot; });
  for (std::size_t at = 0; at < state_->tail->size(); ++at)
    count += state_->tail->at(at).slot < end_slot;
  return count;
}

std::uint64_t sparse_snapshot::postings() const {
  if (state_ == nullptr) return 0;
  std::uint64_t count = state_->tail->postings();
  for (const auto& segment : state_->segments) count += segment->postings();
  return count;
}

std::uint64_t sparse_snapshot::bytes() const {
  if (state_ == nullptr) return 0;
  std::uint64_t count = sizeof *state_ + state_->tail->bytes();
  for (const auto& segment : state_->segments) count += sizeof segment + segment->bytes();
  return count;
}

}  // namespace thespis::fields
