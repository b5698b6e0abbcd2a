// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "storage/catalog_store.hpp"
#include "storage/parts.hpp"
#include "storage/tables.hpp"
#include "storage/writer.hpp"

namespace thespis::storage {

/// The catalog in tables, with a copy in memory by name. Changes beyond creation and drop are in
/// `catalog_changes.cpp`.
/// A lock makes it safe beyond its contract, since all of it blocks on the disk anyway.
class catalog_tables final : public catalog_store {
 public:
  /// Reads the catalog and removes tables and files without a collection.
  /// Errors: corruption, unsupported, io.
  [[nodiscard]] static result<std::unique_ptr<catalog_tables>> open(parts& shared);

  [[nodiscard]] result<std::vector<collection_meta>> list() override;
  [[nodiscard]] result<collection_meta> create(const std::string& name, const collection_spec& spec,
                                               const idempotency_claim& once) override;
  [[nodiscard]] result<alteration> alter(const uuid& id, const collection_spec& spec,
                                         const idempotency_claim& once) override;
  [[nodiscard]] result<void> drop(const std::string& name, const idempotency_claim& once) override;
  [[nodiscard]] result<void> keep_unchanged(const idempotency_claim& once) override;
  [[nodiscard]] result<std::vector<collection_alias>> aliases() override;
  [[nodiscard]] result<void> change_aliases(std::span<const alias_action> actions,
                                            const idempotency_claim& once) override;
  [[nodiscard]] result<void> rename(const std::string& name, const std::string& new_name,
                                    const idempotency_claim& once) override;
  [[nodiscard]] result<void> truncate(const std::string& name,
                                      const idempotency_claim& once) override;
  [[nodiscard]] result<collection_meta> create_nameless(const collection_spec& spec) override;
  [[nodiscard]] result<collection_meta> give_name(const uuid& id, const std::string& name,
                                                  const write_note& note) override;
  [[nodiscard]] result<void> drop_nameless(const uuid& id) override;
  [[nodiscard]] result<std::shared_ptr<collection_store>> open(
      const collection_meta& meta) override;

  /// Lets go of its session, before the database closes.
  void close();

 private:
  struct handles {
    storage::writer writer;
    wt::cursor catalog;
    wt::cursor counters;
    wt::cursor aliases;
  };

  explicit catalog_tables(parts& shared) noexcept : shared_(shared) {}
  using alias_map = std::map<std::string, uuid>;

  result<void> load();
  result<void> load_aliases();
  result<void> check_against_counters();
  result<void> drop_unfinished();
  result<collection_meta> create_tables(const std::string& name, const collection_spec& spec,
                                        const idempotency_claim& once);
  result<void> make_tables(const tables::table_owner& owner);
  result<lsn_t> commit_creation(const collection_meta& meta, const idempotency_claim& once);
  result<collection_counters> counters_of(const collection_meta& meta);
  result<lsn_t> commit_alteration(const collection_meta& meta, const idempotency_claim& once);
  result<lsn_t> commit_drop(const collection_meta& meta, const idempotency_claim& once);
  result<void> drop_tables(const collection_meta& meta, const idempotency_claim& once);
  result<void> check_free(const std::string& name) const;
  result<alias_map> decide(std::span<const alias_action> actions) const;
  result<void> put_aliases(const alias_map& before, const alias_map& after);
  result<lsn_t> commit_name(const collection_meta& named, const write_note& note);
  result<lsn_t> commit_truncation(const collection_meta& meta, std::uint32_t generation,
                                  const idempotency_claim& once);
  result<lsn_t> commit(const uuid& collection, std::span<const effect> effects,
                       const writer::change& rows, const write_note& note);
  result<void> keep_note(const write_note& note);

  parts& shared_;
  std::mutex mutex_;
  std::optional<handles> handles_;
  std::map<std::string, collection_meta> by_name_;
  std::map<uuid, collection_meta> nameless_;  ///< Copies that are being made.
  alias_map aliases_;
  std::multimap<uuid, std::weak_ptr<const collection_store>> stores_;  ///< Opened since the start.
  std::map<uuid, std::string> damaged_;  ///< Why they cannot be opened.
};

}  // namespace thespis::storage
