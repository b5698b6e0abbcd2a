// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace thespis::hnsw {

/// Gives memory in whole pairs of cache lines, which processors fetch together: what one thread
/// writes never shares one with what another does.
template <class T>
struct line_allocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{128};

  line_allocator() noexcept = default;
  template <class U>
  line_allocator(const line_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    constexpr auto unit = static_cast<std::size_t>(alignment);
    const std::size_t bytes = (count * sizeof(T) + unit - 1) / unit * unit;
    return static_cast<T*>(::operator new(bytes, alignment));
  }
  void deallocate(T* memory, std::size_t) noexcept { ::operator delete(memory, alignment); }

  friend bool operator==(const line_allocator&, const line_allocator&) noexcept { return true; }
};

/// A vector that belongs to one thread at a time.
template <class T>
using line_vector = std::vector<T, line_allocator<T>>;

}  // namespace thespis::hnsw
