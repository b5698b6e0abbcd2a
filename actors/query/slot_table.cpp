// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/slot_table.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

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

result<void> slot_table::save(slot_t end, lsn_t newest, const sink& write) const {
  std::string block;
  for (slot_t first = 0; first < end; first += chunk_slots) {
    const auto& home = chunk_of(first);
    const std::size_t count = std::min(chunk_slots, end - first);
    block.assign(reinterpret_cast<const char*>(home.kinds.data()), count);
    std::string texts;
    for (std::size_t at = 0; at < count; ++at) {
      char cell[16] = {};
      if (home.kinds[at] == kind::text) {
        const std::string* value = nullptr;
        std::memcpy(&value, home.cells[at].data(), sizeof value);
        const auto bytes = static_cast<std::uint16_t>(value->size());
        texts.append(reinterpret_cast<const char*>(&bytes), sizeof bytes).append(*value);
      } else {
        std::memcpy(cell, home.cells[at].data(), home.kinds[at] == kind::number ? 8 : 16);
      }
      block.append(cell, sizeof cell);
    }
    for (std::size_t at = 0; at < count; ++at) {
      const auto noted = home.versions[at].load(std::memory_order_relaxed);
      const auto version = noted > newest ? version_unknown : noted;
      block.append(reinterpret_cast<const char*>(&version), sizeof version);
    }
    block += texts;
    THESPIS_CHECK(write(block.data(), block.size()));
  }
  return ok();
}

result<slot_table> slot_table::load(slot_t end, const source& read) {
  slot_table made;
  auto chunks = std::make_shared<chunk_list>();
  std::array<lsn_t, chunk_slots> versions;
  for (slot_t first = 0; first < end; first += chunk_slots) {
    auto& home = *chunks->emplace_back(std::make_shared<chunk>());
    const std::size_t count = std::min(chunk_slots, end - first);
    THESPIS_CHECK(read(home.kinds.data(), count));
    THESPIS_CHECK(read(home.cells.data(), count * sizeof(home.cells[0])));
    THESPIS_CHECK(read(versions.data(), count * sizeof(lsn_t)));
    for (std::size_t at = 0; at < count; ++at) {
      home.versions[at].store(versions[at], std::memory_order_relaxed);
      if (home.kinds[at] > kind::text)
        return error(errc::corruption, "a slot's id is of an unknown kind");
      if (home.kinds[at] != kind::text) continue;
      std::uint16_t bytes = 0;
      THESPIS_CHECK(read(&bytes, sizeof bytes));
      std::string value(bytes, '\0');
      THESPIS_CHECK(read(value.data(), value.size()));
      if (const auto id = point_id::from_string(value); !id)
        return error(errc::corruption, "a slot's id is none: " + id.error().message);
      const auto* kept =
          home.strings.emplace_back(std::make_unique<const std::string>(std::move(value))).get();
      std::memcpy(home.cells[at].data(), &kept, sizeof kept);
    }
  }
  made.chunks_ = std::move(chunks);
  return made;
}

std::size_t slot_table::bytes() const noexcept { return chunks_->size() * sizeof(chunk); }

}  // namespace thespis::actors
