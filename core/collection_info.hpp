// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/collection_spec.hpp"
#include "core/uuid.hpp"

namespace thespis {

/// What the catalog knows of a collection.
struct collection_meta {
  uuid id;  ///< Names the tables and files; user text never does.
  std::string name;
  collection_spec spec;
  std::int64_t created_us = 0;
};

/// Whether a collection is at its best: green; indexing: yellow; failed: red.
enum class collection_status : std::uint8_t { green = 1, yellow = 2, red = 3 };

/// State of the index of one vector name.
struct vector_index_info {
  std::string name;
  std::string index;                 ///< Plugin name.
  std::uint64_t indexed_slots = 0;   ///< Slots that the index covers, live or dead.
  std::uint64_t tail_slots = 0;      ///< Slots scanned exactly because they are not indexed yet.
  std::uint64_t inserted_slots = 0;  ///< Slots that it took in since the collection was loaded.
  std::string quantizer;             ///< What was asked for; empty: the index chooses.
  std::uint32_t quantizer_bits = 0;  ///< 0: the quantizer's own.
  index_preset preset = index_preset::balanced;
  std::uint64_t index_bytes = 0;         ///< Links and tables in memory.
  std::uint64_t arena_bytes = 0;         ///< Vectors in memory, also those of a mapped file.
  std::uint64_t arena_mapped_bytes = 0;  ///< Vectors in a mapped file, in memory or not.
};

/// Sizes and state of a collection at one moment.
struct collection_info {
  collection_meta meta;
  collection_status status = collection_status::green;
  std::string status_detail;  ///< Why not green, for people.
  std::uint64_t points = 0;
  std::uint64_t tombstones = 0;
  std::int64_t updated_us = 0;
  std::uint64_t slot_table_bytes = 0;  ///< Ids and versions in memory.
  std::vector<vector_index_info> indexes;
};

}  // namespace thespis
