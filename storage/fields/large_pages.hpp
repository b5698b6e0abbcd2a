// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace thespis::fields {

/// Memory for arrays that are read here and there: from 2 MiB on in large pages, where the system
/// has them, so that a read costs one miss and not two. Thread: any.
template <class T>
struct large_page_allocator {
  using value_type = T;

  /// From so many bytes on memory is aligned to them.
  static constexpr std::size_t large = std::size_t{2} << 20;

  large_page_allocator() = default;
  template <class Other>
  explicit large_page_allocator(const large_page_allocator<Other>&) noexcept {}

  T* allocate(std::size_t count) {
    const auto bytes = count * sizeof(T);
    if (bytes < large) return static_cast<T*>(::operator new(bytes));
    void* made = ::operator new(bytes, std::align_val_t(large));
    // It is advice: without it the memory serves as well.
    static_cast<void>(madvise(made, bytes, MADV_HUGEPAGE));
    return static_cast<T*>(made);
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    if (count * sizeof(T) < large)
      ::operator delete(memory);
    else
      ::operator delete(memory, std::align_val_t(large));
  }
  friend bool operator==(const large_page_allocator&, const large_page_allocator&) = default;
};

}  // namespace thespis::fields
