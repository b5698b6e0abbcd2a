// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/point_id.hpp"

namespace thespis::actors {

/// Which point each slot belongs to and which write touched it last, in 25 bytes per slot.
/// Copies share their chunks, so a view's copy costs one pointer.
/// Thread: one writer puts; readers with a copy taken later read slots put before the copy.
class slot_table {
 public:
  slot_table();

  /// Notes the point of a new slot.
  void put(slot_t slot, const point_id& id, lsn_t version);

  /// Notes a write that kept the slot; readers of older copies see it too.
  void touch(slot_t slot, lsn_t version) noexcept;

  [[nodiscard]] point_id id(slot_t slot) const;
  [[nodiscard]] lsn_t version(slot_t slot) const noexcept;

  /// Stands for the version of a slot whose last write is not known; see `save`.
  static constexpr lsn_t version_unknown = ~lsn_t{0};

  /// Writes the slots below `end`, in the byte order of this machine. A version above `newest` was
  /// noted by a later write and is written as `version_unknown`. Errors: those of `write`.
  /// Thread: beside the writer, on a copy.
  using sink = std::function<result<void>(const void* data, std::size_t bytes)>;
  [[nodiscard]] result<void> save(slot_t end, lsn_t newest, const sink& write) const;

  /// Reads what `save` wrote. Errors: those of `read`; corruption.
  using source = std::function<result<void>(void* data, std::size_t bytes)>;
  [[nodiscard]] static result<slot_table> load(slot_t end, const source& read);

  /// Memory taken, in bytes.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  static constexpr std::uint32_t chunk_slots_log2 = 12;
  static constexpr std::uint32_t chunk_slots = 1u << chunk_slots_log2;

  struct chunk {
    std::array<std::array<std::uint8_t, 16>, chunk_slots> cells;  // number, UUID or string pointer
    std::array<std::uint8_t, chunk_slots> kinds{};
    std::array<std::atomic<lsn_t>, chunk_slots> versions{};
    std::vector<std::unique_ptr<const std::string>> strings;  // what string cells point to
  };
  using chunk_list = std::vector<std::shared_ptr<chunk>>;

  [[nodiscard]] chunk& chunk_of(slot_t slot) const noexcept {
    return *(*chunks_)[slot >> chunk_slots_log2];
  }

  std::shared_ptr<const chunk_list> chunks_;  // replaced, never changed
};

}  // namespace thespis::actors
