// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/slot_table.hpp"

#include <cstring>

namespace thespis::actors {

namespace {

enum kind : std::uint8_t { number = 0, universal = 1, text = 2 };

constexpr slot_t low_bits(std::uint32_t bits) { return (slot_t{1} << bits) - 1; }

}  // namespace

slot_table::slot_table() : chunks_(std::make_shared<const chunk_list>()) {}

void slot_table::put(slot_t slot, const point_id& id, lsn_t version) {
  const std::size_t needed = (slot >> chunk_slots_log2) + std::size_t{1};
  if (needed > chunks_->size()) {
    auto grown = std::make_shared<chunk_list>(*chunks_);
    while (grown->size() < needed) grown->push_back(std::make_shared<chunk>());
    chunks_ = std::move(grown);
  }
  auto& home = chunk_of(slot);
  const auto at = slot & low_bits(chunk_slots_log2);
  auto* cell = home.cells[at].data();
  if (id.is_number()) {
    const auto value = id.number();
    std::memcpy(cell, &value, sizeof value);
    home.kinds[at] = kind::number;
  } else if (id.is_uuid()) {
    std::memcpy(cell, id.as_uuid().bytes.data(), 16);
    home.kinds[at] = kind::universal;
  } else {
    const auto* value =
        home.strings.emplace_back(std::make_unique<const std::string>(id.string())).get();
    std::memcpy(cell, &value, sizeof value);
    home.kinds[at] = kind::text;
  }
  home.versions[at].store(version, std::memory_order_relaxed);
}

void slot_table::touch(slot_t slot, lsn_t version) noexcept {
  chunk_of(slot).versions[slot & low_bits(chunk_slots_log2)].store(version,
                                                                   std::memory_order_relaxed);
}

point_id slot_table::id(slot_t slot) const {
  const auto& home = chunk_of(slot);
  const auto at = slot & low_bits(chunk_slots_log2);
  const auto* cell = home.cells[at].data();
  if (home.kinds[at] == kind::number) {
    std::uint64_t value = 0;
    std::memcpy(&value, cell, sizeof value);
    return point_id(value);
  }
  if (home.kinds[at] == kind::universal) {
    uuid value;
    std::memcpy(value.bytes.data(), cell, 16);
    return point_id(value);
  }
  const std::string* value = nullptr;
  std::memcpy(&value, cell, sizeof value);
  return *point_id::from_string(*value);
}

lsn_t slot_table::version(slot_t slot) const noexcept {
  return chunk_of(slot).versions[slot & low_bits(chunk_slots_log2)].load(std::memory_order_relaxed);
}

std::size_t slot_table::bytes() const noexcept { return chunks_->size() * sizeof(chunk); }

}  // namespace thespis::actors
