// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/collection_alias.hpp"
#include "core/collection_info.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "storage/idempotency_store.hpp"

namespace thespis::storage {

class collection_store;
class engine;

/// What a collection has become, by the journal's entry of this number.
struct alteration {
  collection_spec spec;
  lsn_t lsn = 0;  ///< 0: nothing had to change.
};

/// The table of collections. Creation makes the tables first and then commits the catalog row and
/// the journal entry; dropping commits first and then removes tables, retried until no cursor is
/// open. Both return when the change is durable, so they block: call them on a builder thread. What
/// they do under an idempotency key (`once`) is kept in their transactions.
/// Thread: one caller at a time.
class catalog_store {
 public:
  virtual ~catalog_store() = default;

  /// All collections, by name.
  [[nodiscard]] virtual result<std::vector<collection_meta>> list() = 0;

  /// Errors: already_exists (also an alias of that name), resource_exhausted
  /// (`limits::collections_max`), io.
  [[nodiscard]] virtual result<collection_meta> create(const std::string& name,
                                                       const collection_spec& spec,
                                                       const idempotency_claim& once = nullptr) = 0;

  /// Gives a collection another specification and tells it with the places of its vectors. Open
  /// stores go on with theirs; where vectors come or go, none may write meanwhile.
  /// Errors: those of `validate`, not_found, resource_exhausted, io.
  [[nodiscard]] virtual result<alteration> alter(const uuid& id, const collection_spec& spec,
                                                 const idempotency_claim& once = nullptr) = 0;

  /// Drops the collection and its aliases; its store must be closed soon after, its tables go then.
  /// Errors: not_found, io.
  [[nodiscard]] virtual result<void> drop(const std::string& name,
                                          const idempotency_claim& once = nullptr) = 0;

  /// Keeps that nothing had to be done under a key. Returns when that is durable. Errors: io.
  [[nodiscard]] virtual result<void> keep_unchanged(const idempotency_claim& once) = 0;

  /// All aliases, by name.
  [[nodiscard]] virtual result<std::vector<collection_alias>> aliases() = 0;

  /// Takes all steps in order, as one entry of the journal, or none of them.
  /// Errors: invalid_argument (a name), not_found (collection, or an alias to be renamed),
  /// already_exists (an alias would have the name of a collection), resource_exhausted
  /// (`limits::aliases_max`), io.
  [[nodiscard]] virtual result<void> change_aliases(std::span<const alias_action> actions,
                                                    const idempotency_claim& once = nullptr) = 0;

  /// Gives a collection another name; tables, aliases and open stores stay as they are.
  /// Errors: invalid_argument, not_found, already_exists (also an alias of that name), io.
  [[nodiscard]] virtual result<void> rename(const std::string& name, const std::string& new_name,
                                            const idempotency_claim& once = nullptr) = 0;

  /// Gives the collection new, empty tables; the old ones go like those of a drop. No store of it
  /// may write meanwhile; one that is open goes on reading the old tables while they are there.
  /// Errors: not_found, resource_exhausted, io.
  [[nodiscard]] virtual result<void> truncate(const std::string& name,
                                              const idempotency_claim& once = nullptr) = 0;

  /// Makes a collection without a name, which is not listed. What has no name at a start is
  /// dropped. Errors: resource_exhausted, io.
  [[nodiscard]] virtual result<collection_meta> create_nameless(const collection_spec& spec) = 0;

  /// Gives a nameless collection its name, by which it comes to be listed. A `note` with a claim is
  /// kept in that transaction. Errors: not_found, already_exists, io.
  [[nodiscard]] virtual result<collection_meta> give_name(const uuid& id, const std::string& name,
                                                          const write_note& note = {}) = 0;

  /// Drops a nameless collection. Errors: not_found, io.
  [[nodiscard]] virtual result<void> drop_nameless(const uuid& id) = 0;

  /// Opens the tables of a collection.
  /// Errors: corruption, io, unsupported (a newer record format).
  [[nodiscard]] virtual result<std::shared_ptr<collection_store>> open(
      const collection_meta& meta) = 0;
};

}  // namespace thespis::storage
