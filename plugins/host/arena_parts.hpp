// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "plugins/host/arena.hpp"

namespace thespis::plugins {

/// Private to plugins/host: how an arena lies in memory.
struct arena::impl {
  impl() = default;
  ~impl();
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  /// Maps chunks until there are `count`; false if there is no address space.
  bool map_chunks(std::uint32_t count) noexcept;
  /// Raises `end`.
  void publish(slot_t new_end) noexcept;
  [[nodiscard]] unsigned char* row(slot_t slot) const noexcept;

  distance metric = distance::cosine;
  thespis_arena lent{};                ///< As plugins see it.
  unsigned char** chunks = nullptr;    ///< Mapped for all chunks there can ever be.
  std::size_t table_bytes = 0;         ///< Of the mapping behind `chunks`.
  std::size_t chunk_bytes = 0;         ///< Of each chunk; several share a mapping.
  std::uint32_t chunk_count = 0;       ///< Mapped so far; the writer's.
  std::atomic<std::uint32_t> end = 0;  ///< Rows below it exist; published after they are complete.
};

/// Private to plugins/host and plugins/contract: the arena as it crosses to plugins; valid as long
/// as `vectors` lives.
[[nodiscard]] thespis_arena lend(const arena& vectors) noexcept;

}  // namespace thespis::plugins
