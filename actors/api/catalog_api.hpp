// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/api/collection_api.hpp"
#include "core/health.hpp"

namespace thespis::actors {

/// How to reach a collection: writes go to `writer`, reads to `reader`.
struct collection_handles {
  collection_meta meta;
  collection_actor writer;
  reader_actor reader;
};

/// A collection that does not serve, and how far it is.
struct absent_collection {
  std::string name;
  std::string why;
  double share = 0;  ///< Of its rows that were read or checked while it is loaded, from 0 to 1.
};

/// Progress of the start.
struct readiness {
  bool ready = false;
  std::uint64_t collections = 0;
  std::vector<absent_collection> loading;             ///< Not answering yet.
  std::vector<absent_collection> quarantined;         ///< Damaged, or failed repeatedly.
  bool validating = false;                            ///< Stored rows are being checked.
  double validated = 0;                               ///< Share of them, from 0 to 1.
  health_state validation = health_state::unchecked;  ///< What the last check of them found.
};

}  // namespace thespis::actors

THESPIS_LOCAL_MESSAGE(thespis::actors::readiness)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::actors::collection_handles>)

namespace thespis::actors {

/// An alias stands for its collection in every message that takes a collection's name, except where
/// that is said. Knows all collections, makes and drops them, and supervises their actors: one that
/// fails is restarted from storage with a growing delay and after repeated failures quarantined;
/// one that is damaged or of a newer format is quarantined at once.
///
/// What writes takes a `write_context` and, with an idempotency key, is done once, as a write of
/// points is: see `collection_actor`.
using catalog_actor = caf::typed_actor<
    /// Makes a collection; answers when it is durable and serves.
    /// Errors: invalid_argument, already_exists (also an alias of that name), resource_exhausted,
    /// not_found (index plugin), unsupported (what an index plugin refuses, or a quantizer that is
    /// not loaded), plugin, io.
    caf::replies_to<create_atom, std::string, collection_spec,
                    write_context>::with<collection_meta>,
    /// Changes parameters of a collection that serves; answers with the number of the journal's
    /// entry (0: nothing had to change) when that is durable and holds. Other indexes that it asks
    /// for are made in the background. While vectors come or go, writes wait and searches go on.
    /// Errors: those of `altered`, not_found (also of an index plugin), unavailable (it does not
    /// serve, or changes in another way), unsupported, resource_exhausted, io.
    caf::replies_to<alter_atom, std::string, shared<collection_change>, write_context>::with<lsn_t>,
    /// Drops a collection, its points and its aliases; answers when that is durable. With an
    /// idempotency key, false if there was none. Errors: not_found (without one; also an alias of
    /// that name), io.
    caf::replies_to<drop_atom, std::string, write_context>::with<bool>,
    /// Changes aliases in the order given, all at once: every message before it is served sees
    /// none of it, every later one all. Answers when it is durable.
    /// Errors: those of `catalog_store::change_aliases`.
    caf::replies_to<alias_atom, std::vector<alias_action>, write_context>::with<bool>,
    /// The aliases of a collection, or of all (""), by name. Errors: not_found.
    caf::replies_to<aliases_atom, std::string>::with<std::vector<collection_alias>>,
    /// Gives a collection another name; answers when it is durable. Requests under way go on.
    /// Errors: invalid_argument (also the name of an alias), not_found, already_exists, unavailable
    /// (it does not serve, or changes already), io.
    caf::replies_to<rename_atom, std::string, std::string, write_context>::with<bool>,
    /// Empties a collection; answers when that is durable and seen. A write before or during that
    /// is answered before and lost, or takes effect after it.
    /// Errors: not_found, unavailable (it does not serve, or changes already), resource_exhausted,
    /// io.
    caf::replies_to<truncate_atom, std::string, write_context>::with<bool>,
    /// Makes a collection (the second name) with the specification and the points of another (the
    /// first), as those are at one moment. It appears when it is whole. Answers then, or, where the
    /// context does not wait, as soon as it is begun. A repeat of one that was answered so is told
    /// how far it is, or waits for it. Errors: invalid_argument, not_found, already_exists,
    /// conflict (the first was emptied or dropped meanwhile), unavailable (too many copies),
    /// resource_exhausted, io.
    caf::replies_to<copy_atom, std::string, std::string,
                    write_context>::with<collection_copy_status>,
    /// Copies of a collection that are made, and the last ones that were, oldest first.
    /// Errors: not_found.
    caf::replies_to<copies_atom, std::string>::with<std::vector<collection_copy_status>>,
    /// What a write of points under this key was answered, once it is durable: for repeats whose
    /// collection is gone. Errors: not_found, conflict, key_reused, io.
    caf::replies_to<recall_atom, idempotency>::with<write_reply>,
    /// All collections by name.
    caf::replies_to<list_atom>::with<std::vector<collection_meta>>,
    /// A collection's handles. Errors: not_found, unavailable (restarting or quarantined).
    caf::replies_to<find_atom, std::string>::with<shared<collection_handles>>,
    /// What is known of a collection that does not serve. Errors: not_found, unavailable (it serves
    /// or will soon).
    caf::replies_to<info_atom, std::string>::with<collection_info>,
    /// Opens a quarantined collection again; answers when it is on its way. Errors: not_found,
    /// failed_precondition (it is not quarantined).
    caf::replies_to<retry_atom, std::string>::with<bool>,
    /// How far the start has come.
    caf::replies_to<ready_atom>::with<readiness>,
    /// Checks everything that is stored, indexes too; answers when it is done. One check runs at a
    /// time, and who asks meanwhile shares it.
    caf::replies_to<check_atom>::with<shared<health_report>>,
    /// The check that runs, as far as it is, or the last one.
    caf::replies_to<health_atom>::with<shared<health_report>>,
    /// Stops every collection in order and quits; answers when all is saved.
    caf::replies_to<stop_atom>::with<bool>>;

}  // namespace thespis::actors
