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

/// Knows all collections, makes and drops them, and supervises their actors: one that fails is
/// restarted from storage with a growing delay and after repeated failures quarantined; one that is
/// damaged or of a newer format is quarantined at once.
using catalog_actor = caf::typed_actor<
    /// Makes a collection; answers when it is durable and serves.
    /// Errors: invalid_argument, already_exists, resource_exhausted, not_found (index plugin),
    /// unsupported (what an index plugin refuses, or a quantizer that is not loaded), plugin, io.
    caf::replies_to<create_atom, std::string, collection_spec>::with<collection_meta>,
    /// Drops a collection and its points; answers when that is durable. Errors: not_found, io.
    caf::replies_to<drop_atom, std::string>::with<bool>,
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
