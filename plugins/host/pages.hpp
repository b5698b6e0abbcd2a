// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>

namespace thespis::plugins {

inline constexpr std::size_t huge_page_bytes = 2u << 20;

[[nodiscard]] constexpr std::size_t round_up(std::size_t value, std::size_t unit) noexcept {
  return (value + unit - 1) / unit * unit;
}

/// Bytes of a page of this system.
[[nodiscard]] std::size_t page_bytes() noexcept;

/// Whether pages that nobody wrote to count against what the system promises.
enum class pages : unsigned char { promised, unpromised };

/// Private to plugins/host: zeroed memory from the system that takes no room before it is written,
/// at a multiple of `alignment`, a power of two of at least a page. Null if there is none; give it
/// back with `unmap_pages` and the same `bytes`.
[[nodiscard]] void* map_pages(std::size_t bytes, std::size_t alignment, pages kind) noexcept;
void unmap_pages(void* memory, std::size_t bytes) noexcept;

}  // namespace thespis::plugins
