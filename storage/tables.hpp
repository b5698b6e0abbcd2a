// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/uuid.hpp"

/// Names of tables. User text is never part of one.
namespace thespis::storage::tables {

/// One row per property of the data folder: node id, term, trimmed mark.
inline const std::string node = "table:node";
/// Collection by UUID.
inline const std::string catalog = "table:catalog";
/// Counters of each collection by UUID.
inline const std::string counters = "table:counters";
/// Parts of journal entries by (LSN, part).
inline const std::string journal = "table:journal";

// Keys of the node's table.
inline constexpr std::string_view node_id_key = "node.id";
inline constexpr std::string_view term_key = "node.term";
inline constexpr std::string_view trimmed_key = "journal.trimmed";
inline constexpr std::string_view segments_key = "journal.segments";

inline constexpr std::string_view points_prefix = "table:points-";
inline constexpr std::string_view slots_prefix = "table:slots-";

/// Points of a collection by id.
inline std::string points(const uuid& collection) {
  return std::string(points_prefix) + collection.text();
}

/// Vectors of a collection by slot.
inline std::string slots(const uuid& collection) {
  return std::string(slots_prefix) + collection.text();
}

/// The collection that a table belongs to; nothing for tables of the node.
inline std::optional<uuid> owner(std::string_view table) {
  for (const auto prefix : {points_prefix, slots_prefix})
    if (table.starts_with(prefix)) return uuid::parse(table.substr(prefix.size()));
  return std::nullopt;
}

inline constexpr std::string_view file_prefix = "file:";
inline constexpr std::string_view file_suffix = ".wt";

/// The collection that the file of a table belongs to; nothing for others and for tables.
inline std::optional<uuid> file_owner(std::string_view file) {
  if (!file.starts_with(file_prefix) || !file.ends_with(file_suffix)) return std::nullopt;
  file.remove_prefix(file_prefix.size());
  file.remove_suffix(file_suffix.size());
  return owner("table:" + std::string(file));
}

/// Key of a collection's row in the tables of the node.
inline std::string_view key(const uuid& collection) noexcept {
  return {reinterpret_cast<const char*>(collection.bytes.data()), collection.bytes.size()};
}

}  // namespace thespis::storage::tables
