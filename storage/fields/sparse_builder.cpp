// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/fields/sparse_builder.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace thespis::fields {
namespace {

// One posting of a tail that waits to be sorted by dimension.
struct loose_posting {
  std::uint32_t dimension;
  float weight;
  offset_t offset;
};

// Sorts by dimension and keeps the order of equal ones: a byte at a time, least significant first.
void sort_by_dimension(std::vector<loose_posting>& postings) {
  std::vector<loose_posting> other(postings.size());
  for (std::uint32_t shift = 0; shift < 32; shift += 8) {
    std::array<std::size_t, 256> ends{};
    for (const auto& one : postings) ++ends[one.dimension >> shift & 255];
    if (std::find(ends.begin(), ends.end(), postings.size()) != ends.end()) continue;
    std::size_t sum = 0;
    for (auto& end : ends) sum += std::exchange(end, sum);
    for (const auto& one : postings) other[ends[one.dimension >> shift & 255]++] = one;
    postings.swap(other);
  }
}

// What part of `whole` `value` is, in 255ths rounded up; both have the same sign.
std::uint8_t share_of(float value, float whole) {
  if (whole == 0 || value == 0) return 0;
  const auto share = std::ceil(static_cast<double>(value) / static_cast<double>(whole) * 255);
  return static_cast<std::uint8_t>(std::clamp(share, 1.0, 255.0));
}

}  // namespace

sparse_builder::sparse_builder(slot_t base) : made_(std::make_shared<sparse_segment>()) {
  made_->base_ = base;
}

void sparse_builder::add_slot(offset_t offset) {
  if (has_slot(offset)) return;
  made_->present_[offset / 64] |= std::uint64_t{1} << (offset % 64);
  ++made_->points_;
  made_->first_window_ = std::min<std::uint32_t>(made_->first_window_, offset / window_slots);
  made_->last_window_ = std::max<std::uint32_t>(made_->last_window_, offset / window_slots);
}

void sparse_builder::add(const sparse_segment& from, const sparse_list& list) {
  for_each_posting(from, list, [this](offset_t offset, float weight) {
    if (has_slot(offset)) add(offset, weight);
  });
}

window_table sparse_builder::table_of(const sparse_list& list) const {
  window_table table;
  std::size_t at = 0;
  for (std::uint32_t window = 0; window < page_windows; ++window) {
    table.begin[window] = static_cast<std::uint16_t>(at);
    float most = 0;
    float least = 0;
    for (; at < offsets_.size() && offsets_[at] / window_slots == window; ++at) {
      most = std::max(most, weights_[at]);
      least = std::min(least, weights_[at]);
    }
    table.most[window] = share_of(most, list.most);
    table.least[window] = share_of(least, list.least);
  }
  return table;
}

void sparse_builder::end_list(std::uint32_t dimension) {
  if (offsets_.empty()) return;
  auto& made = *made_;
  sparse_list list;
  list.count = static_cast<std::uint32_t>(offsets_.size());
  for (const float weight : weights_) {
    list.most = std::max(list.most, weight);
    list.least = std::min(list.least, weight);
  }
  if (list.has_table()) {
    list.table = static_cast<std::uint32_t>(made.tables_.size());
    made.tables_.push_back(table_of(list));
  }
  if (list.has_bitmap()) {
    const auto begin = made.bitmaps_.size();
    made.tables_.back().bitmap = static_cast<std::uint32_t>(begin / (page_slots / 64));
    made.bitmaps_.resize(begin + page_slots / 64);
    for (const auto offset : offsets_)
      made.bitmaps_[begin + offset / 64] |= std::uint64_t{1} << (offset % 64);
  }
  if (list.dense()) {
    const auto begin = made.arrays_.size();
    list.begin = static_cast<std::uint32_t>(begin / page_slots);
    made.arrays_.resize(begin + page_slots);
    for (std::size_t at = 0; at < offsets_.size(); ++at)
      made.arrays_[begin + offsets_[at]] = weights_[at] == 0 ? -0.0F : weights_[at];
  } else {
    list.begin = static_cast<std::uint32_t>(made.offsets_.size());
    made.offsets_.insert(made.offsets_.end(), offsets_.begin(), offsets_.end());
    made.weights_.insert(made.weights_.end(), weights_.begin(), weights_.end());
  }
  made.dimensions_.push_back(dimension);
  made.lists_.push_back(list);
  made.postings_ += list.count;
  offsets_.clear();
  weights_.clear();
}

std::shared_ptr<const sparse_segment> sparse_builder::finish() {
  made_->dimensions_.shrink_to_fit();
  made_->lists_.shrink_to_fit();
  made_->offsets_.shrink_to_fit();
  made_->weights_.shrink_to_fit();
  made_->arrays_.shrink_to_fit();
  made_->tables_.shrink_to_fit();
  made_->bitmaps_.shrink_to_fit();
  return std::move(made_);
}

std::shared_ptr<const sparse_segment> merge(
    std::span<const std::shared_ptr<const sparse_segment>> parts, const slots_kept& kept) {
  struct source {
    std::uint32_t dimension;
    std::uint32_t part;
    std::uint32_t list;
  };
  sparse_builder builder(parts.front()->base());
  std::vector<source> sources;
  bool any = false;
  for (std::uint32_t part = 0; part < parts.size(); ++part) {
    for_each_slot(*parts[part], [&](offset_t offset) {
      if (!kept(parts[part]->base() + offset)) return;
      builder.add_slot(offset);
      any = true;
    });
    const auto dimensions = parts[part]->dimensions();
    for (std::uint32_t list = 0; list < dimensions.size(); ++list)
      sources.push_back({dimensions[list], part, list});
  }
  if (!any) return nullptr;
  std::sort(sources.begin(), sources.end(), [](const source& a, const source& b) {
    return a.dimension != b.dimension ? a.dimension < b.dimension : a.part < b.part;
  });
  for (std::size_t at = 0; at < sources.size(); ++at) {
    const auto& one = sources[at];
    builder.add(*parts[one.part], parts[one.part]->list(one.list));
    if (at + 1 == sources.size() || sources[at + 1].dimension != one.dimension)
      builder.end_list(one.dimension);
  }
  return builder.finish();
}

std::shared_ptr<const sparse_segment> invert(const sparse_tail& tail, slot_t end_slot) {
  const auto rows = tail.rows();
  if (rows.empty() || rows.front().slot >= end_slot) return nullptr;
  sparse_builder builder(rows.front().slot / page_slots * page_slots);
  std::vector<loose_posting> postings;
  postings.reserve(tail.postings());
  for (const auto& row : rows) {
    if (row.slot >= end_slot) break;
    const auto offset = static_cast<offset_t>(row.slot % page_slots);
    builder.add_slot(offset);
    for (const auto& entry : row.entries)
      postings.push_back({entry.dimension, entry.value, offset});
  }
  sort_by_dimension(postings);
  for (std::size_t at = 0; at < postings.size(); ++at) {
    builder.add(postings[at].offset, postings[at].weight);
    if (at + 1 == postings.size() || postings[at + 1].dimension != postings[at].dimension)
      builder.end_list(postings[at].dimension);
  }
  return builder.finish();
}

}  // namespace thespis::fields
