// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/fields/sparse_window.hpp"

#include <cstring>

namespace thespis::fields {
namespace {

// Four lanes; the compiler makes of them what the machine has.
using lanes = float __attribute__((vector_size(16)));
using lane_flags = std::int32_t __attribute__((vector_size(16)));
constexpr std::uint32_t lane_count = 4;
constexpr std::uint32_t group = 4 * lane_count;

lanes load(const float* from) noexcept {
  lanes values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

void store(float* to, lanes values) noexcept { std::memcpy(to, &values, sizeof values); }

bool any(lane_flags flags) noexcept {
  std::uint64_t halves[2];
  std::memcpy(halves, &flags, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

// So far ahead of its use memory is asked for: the processor stops looking ahead at each page.
constexpr std::uint32_t ahead_bytes = 1024;

void add_array(float* sums, const float* weights, float factor) noexcept {
  const lanes factors = {factor, factor, factor, factor};
  for (std::uint32_t at = 0; at < window_slots; at += group) {
    __builtin_prefetch(weights + at + ahead_bytes / sizeof(float));
    for (std::uint32_t lane = at; lane < at + group; lane += lane_count)
      store(sums + lane, load(sums + lane) + factors * load(weights + lane));
  }
}

void add_run(float* sums, const sparse_segment::run& run, float factor) noexcept {
  const offset_t* offsets = run.offsets;
  const float* weights = run.weights;
  std::size_t at = 0;
  for (; at + group <= run.count; at += group) {
    __builtin_prefetch(weights + at + ahead_bytes / sizeof(float));
    __builtin_prefetch(offsets + at + ahead_bytes / sizeof(float));
    for (std::size_t one = at; one < at + group; ++one)
      sums[offsets[one] % window_slots] += factor * weights[one];
  }
  for (; at < run.count; ++at) sums[offsets[at] % window_slots] += factor * weights[at];
}

sparse_segment::run run_of(const window_term& term) noexcept {
  const auto all = term.segment->postings_of(*term.list);
  return {all.offsets + term.window_begin, all.weights + term.window_begin, term.window_count};
}

// The processor finds the next run by itself only after a few misses.
void fetch(const window_term& term, std::uint32_t window) noexcept {
  constexpr std::uint32_t line_bytes = 64;
  if (term.list->dense()) {
    const auto* from = term.segment->array_of(*term.list) + window * window_slots;
    for (std::uint32_t line = 0; line < ahead_bytes / line_bytes; ++line)
      __builtin_prefetch(from + line * line_bytes / sizeof(float));
    return;
  }
  const auto run = run_of(term);
  __builtin_prefetch(run.offsets);
  __builtin_prefetch(run.offsets + line_bytes / sizeof(offset_t));
  __builtin_prefetch(run.weights);
  __builtin_prefetch(run.weights + line_bytes / sizeof(float));
}

}  // namespace

void window_term::enter(std::uint32_t window) noexcept {
  if (list->has_table()) {
    const auto& table = segment->table_of(*list);
    const std::uint32_t next = window + 1 < page_windows ? table.begin[window + 1] : list->count;
    window_begin = table.begin[window];
    window_count = next - window_begin;
    const float share = weight >= 0 ? static_cast<float>(table.most[window])
                                    : static_cast<float>(table.least[window]);
    window_bound = bound * share / 255.0F;
    return;
  }
  const auto all = segment->postings_of(*list);
  window_begin += window_count;
  auto end = window_begin;
  while (end < all.count && all.offsets[end] / window_slots == window) ++end;
  window_count = end - window_begin;
  window_bound = window_count > 0 ? bound : 0;
}

std::uint32_t window_scores::admit(const sparse_segment& segment, const page_filter& filter,
                                   std::uint32_t window) noexcept {
  first_ = window * window_slots;
  std::uint32_t count = 0;
  for (std::uint32_t at = 0; at < window_words; ++at) {
    const auto word = window * window_words + at;
    admitted_[at] = segment.present()[word] & filter.word(word);
    count += static_cast<std::uint32_t>(std::popcount(admitted_[at]));
  }
  return count;
}

void window_scores::note(const window_term& term, std::uint32_t window) noexcept {
  if (term.list->dense()) {
    const float* weights = term.segment->array_of(*term.list) + window * window_slots;
    for (std::uint32_t at = 0; at < window_slots; ++at)
      noted_[at] |= static_cast<std::uint8_t>(sparse_segment::is_posting(weights[at]));
    return;
  }
  const auto run = run_of(term);
  for (std::uint32_t at = 0; at < run.count; ++at) noted_[run.offsets[at] % window_slots] = 1;
}

void window_scores::add(std::span<const window_term> terms, std::uint32_t window,
                        bool all) noexcept {
  if (all) noted_.fill(0);
  for (std::size_t at = 0; at < terms.size(); ++at) {
    if (at + 1 < terms.size()) fetch(terms[at + 1], window);
    const auto& term = terms[at];
    if (term.window_count == 0 || (term.skipped && !all)) continue;
    if (all) note(term, window);
    if (term.list->dense())
      add_array(sums_.data(), term.segment->array_of(*term.list) + window * window_slots,
                term.weight);
    else
      add_run(sums_.data(), run_of(term), term.weight);
  }
}

void window_scores::take_above(float least, std::uint32_t window, bool noted,
                               std::vector<estimate>& out) {
  const lanes leasts = {least, least, least, least};
  float* sums = sums_.data();
  for (std::uint32_t at = 0; at < window_slots; at += group) {
    lane_flags flags = {};
    for (std::uint32_t lane = 0; lane < group; lane += lane_count)
      flags |= load(sums + at + lane) >= leasts;
    if (any(flags))
      for (std::uint32_t slot = at; slot < at + group; ++slot) {
        const bool admitted = (admitted_[slot / 64] >> (slot % 64) & 1) != 0;
        if (sums[slot] >= least && admitted && (!noted || noted_[slot] != 0))
          out.push_back({static_cast<offset_t>(window * window_slots + slot), sums[slot]});
      }
    for (std::uint32_t lane = 0; lane < group; lane += lane_count) store(sums + at + lane, lanes{});
  }
}

}  // namespace thespis::fields
