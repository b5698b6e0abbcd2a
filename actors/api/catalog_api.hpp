// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <string>

#include "actors/api/collection_api.hpp"

namespace thespis::actors {

/// How to reach a collection: writes go to `writer`, reads to `reader`.
struct collection_handles {
  collection_meta meta;
  collection_actor writer;
  reader_actor reader;
};

/// Progress of the start.
struct readiness {
  bool ready = false;
  std::uint64_t collections = 0;
  std::uint64_t loading = 0;      ///< Not answering yet.
  std::uint64_t quarantined = 0;  ///< Failed repeatedly; they answer `unavailable`.
};

}  // namespace thespis::actors

THESPIS_LOCAL_MESSAGE(thespis::actors::readiness)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::actors::collection_handles>)

namespace thespis::actors {

/// Knows all collections, makes and drops them, and supervises their actors: one that fails is
/// restarted from storage with a growing delay and after repeated failures quarantined.
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
    /// How far the start has come.
    caf::replies_to<ready_atom>::with<readiness>,
    /// Stops every collection in order and quits; answers when all is saved.
    caf::replies_to<stop_atom>::with<bool>>;

}  // namespace thespis::actors
