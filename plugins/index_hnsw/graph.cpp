// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/graph.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace thespis::hnsw {
namespace {

constexpr std::size_t line_bytes = 64;

std::size_t list_bytes(std::uint32_t links) {
  const std::size_t bytes = links * sizeof(link_word);
  // A list of less than a line is not worth a line; a longer one begins on one.
  const std::size_t unit = bytes < line_bytes ? 16 : line_bytes;
  return (bytes + unit - 1) / unit * unit;
}

constexpr std::uint64_t pack(std::uint32_t node, std::uint32_t level) {
  return std::uint64_t{level} << 32 | node;
}

void raise(std::atomic<std::uint32_t>& end, std::uint32_t least) {
  auto now = end.load(std::memory_order_relaxed);
  while (now < least && !end.compare_exchange_weak(now, least, std::memory_order_acq_rel)) {
  }
}

// Source: Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", mix64.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

graph::graph(plugin::services host, std::uint32_t m, std::uint64_t seed)
    : m_(m),
      seed_(seed),
      level_factor_(1.0 / std::log(static_cast<double>(m))),
      base_(host, list_bytes(2 * m)),
      states_(host, sizeof(std::uint8_t)),
      upper_at_(host, sizeof(std::uint32_t)),
      upper_(host, list_bytes(m)),
      changed_(host, sizeof(std::uint8_t)),
      slots_(host, sizeof(std::uint32_t)),
      node_at_(host, sizeof(std::uint32_t)),
      entry_(pack(no_node, 0)) {}

std::uint32_t graph::draw_level(std::uint32_t slot) const noexcept {
  const std::uint64_t bits = mix(mix(seed_) ^ slot) >> 11;
  const double uniform = (static_cast<double>(bits) + 1.0) * 0x1p-53;  // in (0, 1]
  const double level = -std::log(uniform) * level_factor_;
  return std::min(static_cast<std::uint32_t>(level), level_max);
}

std::uint32_t graph::add(std::uint32_t slot, std::uint32_t level) {
  const std::uint32_t node = added_.fetch_add(1, std::memory_order_relaxed);
  states_.ensure(node);
  upper_at_.ensure(node);
  base_.ensure(node);
  changed_.ensure(node);
  slots_.ensure(node);
  node_at_.ensure(slot);
  *reinterpret_cast<std::uint32_t*>(slots_.at(node)) = slot;
  if (level != 0) {
    const auto first = upper_count_.fetch_add(level, std::memory_order_relaxed);
    upper_.ensure(first + level - 1);
    upper_at(node).store(first, std::memory_order_release);
  }
  state(node).store(static_cast<std::uint8_t>(level + 1), std::memory_order_release);
  raise(end_slot_, slot + 1);
  raise(end_node_, node + 1);
  return node;
}

void graph::publish(std::uint32_t node) noexcept {
  state(node).fetch_or(published_bit, std::memory_order_acq_rel);
  node_at(slot_of(node)).store(node + 1, std::memory_order_release);
  count_.fetch_add(1, std::memory_order_acq_rel);
}

bool graph::present(std::uint32_t node) const noexcept {
  return (state(node).load(std::memory_order_acquire) & published_bit) != 0;
}

std::uint32_t graph::find(std::uint32_t slot) const noexcept {
  if (slot >= end_slot()) return no_node;
  return node_at(slot).load(std::memory_order_acquire) - 1;
}

std::uint32_t graph::level_of(std::uint32_t node) const noexcept {
  const std::uint32_t stored = state(node).load(std::memory_order_acquire) & level_mask;
  return stored == 0 ? 0 : stored - 1;
}

void graph::rest() noexcept {
  for (std::uint32_t node = 0; node < end_node(); ++node)
    changed_at(node).store(0, std::memory_order_relaxed);
}

entry_point graph::entry() const noexcept {
  const auto packed = entry_.load(std::memory_order_acquire);
  return {static_cast<std::uint32_t>(packed), static_cast<std::uint32_t>(packed >> 32)};
}

bool graph::offer_entry(std::uint32_t node, std::uint32_t level, bool only_if_first) noexcept {
  const std::lock_guard guard(entry_change_);
  const auto present = entry();
  const bool first = present.node == no_node;
  if (first || (!only_if_first && level > present.level))
    entry_.store(pack(node, level), std::memory_order_release);
  return first;
}

std::uint64_t graph::bytes() const noexcept {
  const std::uint64_t per_node = base_.block_bytes() + states_.block_bytes() +
                                 upper_at_.block_bytes() + changed_.block_bytes() +
                                 slots_.block_bytes();
  return end_node() * per_node + end_slot() * std::uint64_t{node_at_.block_bytes()} +
         upper_count_.load(std::memory_order_relaxed) * std::uint64_t{upper_.block_bytes()};
}

graph::node_lock::node_lock(const graph& owner, std::uint32_t node) noexcept
    : state_(owner.state(node)) {
  while ((state_.fetch_or(locked_bit, std::memory_order_acquire) & locked_bit) != 0)
    while ((state_.load(std::memory_order_relaxed) & locked_bit) != 0) pause();
}

graph::node_lock::~node_lock() {
  state_.fetch_and(static_cast<std::uint8_t>(~locked_bit), std::memory_order_release);
}

}  // namespace thespis::hnsw
