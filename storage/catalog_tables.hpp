// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "storage/catalog_store.hpp"
#include "storage/parts.hpp"
#include "storage/writer.hpp"

namespace thespis::storage {

/// The catalog in a table, with a copy in memory by name.
/// A lock makes it safe beyond its contract, since all of it blocks on the disk anyway.
class catalog_tables final : public catalog_store {
 public:
  /// Reads the catalog and removes tables and files without a collection.
  /// Errors: corruption, unsupported, io.
  [[nodiscard]] static result<std::unique_ptr<catalog_tables>> open(parts& shared);

  [[nodiscard]] result<std::vector<collection_meta>> list() override;
  [[nodiscard]] result<collection_meta> create(const std::string& name,
                                               const collection_spec& spec) override;
  [[nodiscard]] result<void> drop(const std::string& name) override;
  [[nodiscard]] result<std::shared_ptr<collection_store>> open(
      const collection_meta& meta) override;

  /// Lets go of its session, before the database closes.
  void close();

 private:
  struct handles {
    storage::writer writer;
    wt::cursor catalog;
    wt::cursor counters;
  };

  explicit catalog_tables(parts& shared) noexcept : shared_(shared) {}
  result<void> load();
  result<void> check_against_counters();
  result<void> make_tables(const uuid& collection);
  result<lsn_t> commit_creation(const collection_meta& meta);
  result<lsn_t> commit_drop(const collection_meta& meta);

  parts& shared_;
  std::mutex mutex_;
  std::optional<handles> handles_;
  std::map<std::string, collection_meta> by_name_;
  std::map<uuid, std::string> damaged_;  ///< Why they cannot be opened.
};

}  // namespace thespis::storage
