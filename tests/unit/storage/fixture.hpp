// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/mutation.hpp"
#include "storage/bytes.hpp"
#include "storage/catalog_store.hpp"
#include "storage/collection_store.hpp"
#include "storage/engine.hpp"
#include "storage/flusher.hpp"
#include "storage/journal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

namespace thespis::storage::test {

inline config::storage settings_for(const std::filesystem::path& folder) {
  config::storage settings;
  settings.data_dir = folder;
  settings.cache_bytes = 16u << 20;
  settings.log_file_bytes = 1u << 20;
  return settings;
}

inline collection_spec spec_of(std::uint32_t dimension) {
  collection_spec spec;
  vector_spec vector;
  vector.size = dimension;
  vector.metric = distance::euclid;
  spec.vectors.push_back(vector);
  return spec;
}

inline effect upsert(const point_id& id, std::vector<float> values, std::string json = {}) {
  upsert_effect change;
  change.point.id = id;
  change.point.vectors.push_back({"", std::move(values)});
  change.point.payload.json = std::move(json);
  change.created_us = 11;
  change.updated_us = 22;
  return change;
}

inline effect set_payload(const point_id& id, std::string json) {
  return payload_effect{id, {std::move(json)}, 33};
}

inline effect erase(const point_id& id) { return delete_effect{id}; }

inline point_id text_id(std::string_view text) { return *point_id::from_string(text); }

/// Flips a bit in every block of rows. Source: WiredTiger's btmem.h and block.h, headers of pages
/// and blocks: the type, 7 for rows, is byte 24, the size of the block bytes 28 to 31.
inline void damage_rows(const std::filesystem::path& file) {
  constexpr std::size_t unit = 4096;
  std::ostringstream all;
  all << std::ifstream(file, std::ios::binary).rdbuf();
  auto bytes = std::move(all).str();
  for (std::size_t at = unit; at + unit <= bytes.size(); at += unit) {
    byte_reader size(std::string_view(bytes).substr(at + 28, 4));
    const std::size_t block = size.u32();
    if (bytes[at + 24] == 7 && block > 0 && block % unit == 0 && block <= bytes.size() - at)
      bytes[at + 100] ^= 1;
  }
  std::ofstream(file, std::ios::binary) << bytes;
}

/// An engine on a folder, with the means to reopen it.
struct open_engine {
  explicit open_engine(const config::storage& settings_) : settings(settings_) { open(); }

  void open() {
    auto opened = engine::open(settings);
    REQUIRE(opened);
    engine = *opened;
  }
  void reopen() {
    REQUIRE(engine->close());
    engine.reset();
    open();
  }
  std::shared_ptr<collection_store> create(const std::string& name, std::uint32_t dimension = 2) {
    const auto meta = engine->catalog().create(name, spec_of(dimension));
    REQUIRE(meta);
    return store(name);
  }
  std::shared_ptr<collection_store> store(const std::string& name) {
    const auto all = engine->catalog().list();
    REQUIRE(all);
    for (const auto& meta : *all) {
      if (meta.name != name) continue;
      auto opened = engine->catalog().open(meta);
      REQUIRE(opened);
      return *opened;
    }
    FAIL("no collection " << name);
    return nullptr;
  }

  config::storage settings;
  std::shared_ptr<storage::engine> engine;
};

}  // namespace thespis::storage::test
