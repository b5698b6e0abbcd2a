// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <charconv>
#include <cstdint>
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
/// UUIDs of collections by their aliases.
inline const std::string aliases = "table:aliases";
/// Counters of each collection by UUID.
inline const std::string counters = "table:counters";
/// Parts of journal entries by (LSN, part).
inline const std::string journal = "table:journal";

/// Writes by idempotency key; see `codec_idempotency.hpp`.
inline const std::string idempotency = "table:idempotency";

// Keys of the node's table.
inline constexpr std::string_view node_id_key = "node.id";
inline constexpr std::string_view term_key = "node.term";
inline constexpr std::string_view trimmed_key = "journal.trimmed";
inline constexpr std::string_view segments_key = "journal.segments";

inline constexpr std::string_view points_prefix = "table:points-";
inline constexpr std::string_view slots_prefix = "table:slots-";

/// What tables belong to: a collection, and the generation of its slots. One that was emptied has
/// tables of another generation than before.
struct table_owner {
  uuid collection;
  std::uint32_t generation = 0;

  friend auto operator<=>(const table_owner&, const table_owner&) = default;
};

/// The end of the names of its tables.
inline std::string suffix(const table_owner& of) {
  auto text = of.collection.text();
  if (of.generation != 0) text += "-" + std::to_string(of.generation);
  return text;
}

/// Points of a collection by id.
inline std::string points(const uuid& collection, std::uint32_t generation = 0) {
  return std::string(points_prefix) + suffix({collection, generation});
}

/// Vectors of a collection by slot.
inline std::string slots(const uuid& collection, std::uint32_t generation = 0) {
  return std::string(slots_prefix) + suffix({collection, generation});
}

/// Reads what `suffix` wrote.
inline std::optional<table_owner> parse_suffix(std::string_view text) {
  constexpr std::size_t uuid_chars = 36;
  if (text.size() < uuid_chars) return std::nullopt;
  const auto collection = uuid::parse(text.substr(0, uuid_chars));
  if (!collection) return std::nullopt;
  table_owner found{*collection, 0};
  if (text.size() == uuid_chars) return found;
  text.remove_prefix(uuid_chars);
  if (text.front() != '-') return std::nullopt;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + 1, end, found.generation);
  if (read.ec != std::errc() || read.ptr != end || suffix(found).substr(uuid_chars) != text)
    return std::nullopt;
  return found;
}

/// What a table belongs to; nothing for tables of the node.
inline std::optional<table_owner> owner(std::string_view table) {
  for (const auto prefix : {points_prefix, slots_prefix})
    if (table.starts_with(prefix)) return parse_suffix(table.substr(prefix.size()));
  return std::nullopt;
}

inline constexpr std::string_view file_prefix = "file:";
inline constexpr std::string_view file_suffix = ".wt";

/// What the file of a table belongs to; nothing for others and for tables.
inline std::optional<table_owner> file_owner(std::string_view file) {
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
