// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/fields/sparse_index.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "storage/fields/sparse_builder.hpp"
#include "storage/fields/sparse_state.hpp"
#include "storage/fields/sparse_values.hpp"

namespace thespis::fields {
namespace {

using segments = std::vector<std::shared_ptr<const sparse_segment>>;

// So many neighbours of one size are joined while their page is not complete.
constexpr std::size_t join_width = 8;

// Segments [begin, end) of a state that should become one.
struct group {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint64_t dead = 0;
};

// Eightfold steps, the first of them what a full tail gives.
std::uint64_t size_class(const sparse_segment& segment) {
  const auto size = segment.postings() + 128 * std::uint64_t{segment.points()};
  return std::bit_width(size >> 17) / 3;
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

// Neighbours of one size in a page that is not complete.
std::optional<group> like_sized(const segments& all, const group& page) {
  for (auto begin = page.begin, end = begin; begin < page.end; begin = end) {
    while (end < page.end && size_class(*all[end]) == size_class(*all[begin])) ++end;
    if (end - begin >= join_width) return group{begin, end, 0};
  }
  return std::nullopt;
}

// Whether the page that begins at `base` is not that of the tail's rows.
bool lies_beyond(const sparse_tail& tail, slot_t base) {
  const auto rows = tail.rows();
  return !rows.empty() && rows.front().slot / page_slots != base / page_slots;
}

// The first segments from slot `from` on that should become one.
std::optional<group> first_group(const sparse_state& state, slot_t from, const slot_bitmap* dead,
                                 double share) {
  const auto& all = state.segments;
  group page;
  for (; page.begin < all.size(); page.begin = page.end) {
    const auto base = all[page.begin]->base();
    std::uint64_t points = 0;
    page.dead = 0;
    for (page.end = page.begin; page.end < all.size() && all[page.end]->base() == base;
         ++page.end) {
      points += all[page.end]->points();
      if (dead != nullptr && base >= from) page.dead += dead_in(*all[page.end], *dead);
    }
    if (base < from) continue;
    if (page.dead > 0 && static_cast<double>(page.dead) >= share * static_cast<double>(points))
      return page;
    page.dead = 0;
    const bool complete = page.end < all.size() || lies_beyond(*state.tail, base);
    if (!complete) return like_sized(all, page);
    if (page.end - page.begin > 1) return page;
  }
  return std::nullopt;
}

}  // namespace

sparse_index::sparse_index() : tail_(std::make_shared<sparse_tail>()) {
  auto empty = std::make_shared<sparse_state>();
  empty->tail = tail_;
  state_ = std::move(empty);
}

sparse_index::~sparse_index() = default;

std::shared_ptr<const sparse_state> sparse_index::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

sparse_snapshot sparse_index::snapshot() const { return sparse_snapshot(state()); }

void sparse_index::seal() {
  auto inverted = invert(*tail_, no_slot);
  auto tail = std::make_shared<sparse_tail>();
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<sparse_state>(*state_);
  next->segments.push_back(std::move(inverted));
  next->tail = tail_ = std::move(tail);
  state_ = std::move(next);
}

// The writer may have added segments meanwhile, which changes none of those before.
void sparse_index::replace(std::size_t begin, std::size_t end,
                           std::shared_ptr<const sparse_segment> joined) {
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<sparse_state>();
  next->tail = state_->tail;
  const auto& all = state_->segments;
  const auto at = [&all](std::size_t place) {
    return all.begin() + static_cast<std::ptrdiff_t>(place);
  };
  next->segments.assign(all.begin(), at(begin));
  if (joined != nullptr) next->segments.push_back(std::move(joined));
  next->segments.insert(next->segments.end(), at(end), all.end());
  state_ = std::move(next);
}

result<void> sparse_index::insert(slot_t slot, std::span<const std::uint32_t> indices,
                                  std::span<const float> values) {
  THESPIS_CHECK(check_values(indices, values));
  if (slot < next_slot_ || slot >= limits::slots_max)
    return error(errc::invalid_argument, "slot " + std::to_string(slot) + " is below " +
                                             std::to_string(next_slot_) + " or beyond the last");
  if (tail_->full() || lies_beyond(*tail_, slot)) seal();
  tail_->append(slot, indices, values);
  next_slot_ = slot + 1;
  return ok();
}

bool sparse_index::wants_maintenance() const {
  return first_group(*state(), 0, nullptr, 0).has_value();
}

std::uint64_t sparse_index::maintain(const slot_bitmap& dead, double share) {
  std::uint64_t dropped = 0;
  slot_t from = 0;
  for (;;) {
    const auto now = state();
    const auto found = first_group(*now, from, &dead, share);
    if (!found) return dropped;
    const std::span parts(now->segments.data() + found->begin, found->end - found->begin);
    from = parts.front()->base();
    const slots_kept kept{.end_slot = no_slot, .dead = found->dead > 0 ? &dead : nullptr};
    replace(found->begin, found->end, merge(parts, kept));
    dropped += found->dead;
  }
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
  for (const auto& row : state_->tail->rows()) count += row.slot < end_slot;
  return count;
}

std::uint64_t sparse_snapshot::postings() const {
  if (state_ == nullptr) return 0;
  std::uint64_t count = state_->tail->postings();
  for (const auto& segment : state_->segments) count += segment->postings();
  return count;
}

std::uint64_t sparse_snapshot::postings(std::span<const std::uint32_t> dimensions) const {
  if (state_ == nullptr) return 0;
  std::uint64_t count = state_->tail->postings();
  for (const auto& segment : state_->segments)
    for (const auto dimension : dimensions)
      if (const auto* list = segment->find(dimension)) count += list->count;
  return count;
}

std::uint64_t sparse_snapshot::bytes() const {
  if (state_ == nullptr) return 0;
  std::uint64_t count = sizeof *state_ + state_->tail->bytes();
  for (const auto& segment : state_->segments) count += sizeof segment + segment->bytes();
  return count;
}

}  // namespace thespis::fields
