// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/collection_info.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"

namespace thespis::storage {

class collection_store;
class engine;

/// The table of collections. Creation makes the tables first and then commits the catalog row and
/// the journal entry; dropping commits first and then removes tables, retried until no cursor is
/// open. Both return when the change is durable, so they block: call them on a builder thread.
/// Thread: one caller at a time.
class catalog_store {
 public:
  virtual ~catalog_store() = default;

  /// All collections, by name.
  [[nodiscard]] virtual result<std::vector<collection_meta>> list() = 0;

  /// Errors: already_exists, resource_exhausted (`limits::collections_max`), io.
  [[nodiscard]] virtual result<collection_meta> create(const std::string& name,
                                                       const collection_spec& spec) = 0;

  /// Drops the collection; its store must be closed soon after, its tables go then.
  /// Errors: not_found, io.
  [[nodiscard]] virtual result<void> drop(const std::string& name) = 0;

  /// Opens the tables of a collection.
  /// Errors: corruption, io, unsupported (a newer record format).
  [[nodiscard]] virtual result<std::shared_ptr<collection_store>> open(
      const collection_meta& meta) = 0;
};

}  // namespace thespis::storage
