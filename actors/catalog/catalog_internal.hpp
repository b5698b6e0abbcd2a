// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "actors/api/catalog_api.hpp"
#include "storage/catalog_store.hpp"
#include "storage/collection_copy.hpp"

namespace thespis::actors {

using opened_atom = caf::atom_constant<caf::atom("opened")>;
using created_atom = caf::atom_constant<caf::atom("created")>;
using altered_atom = caf::atom_constant<caf::atom("altered")>;
using dropped_atom = caf::atom_constant<caf::atom("dropped")>;
using aliased_atom = caf::atom_constant<caf::atom("aliased")>;
using renamed_atom = caf::atom_constant<caf::atom("renamed")>;
using emptied_atom = caf::atom_constant<caf::atom("emptied")>;
using begun_atom = caf::atom_constant<caf::atom("begun")>;
using copied_atom = caf::atom_constant<caf::atom("copied")>;
using waited_atom = caf::atom_constant<caf::atom("waited")>;
using undone_atom = caf::atom_constant<caf::atom("undone")>;
using kept_atom = caf::atom_constant<caf::atom("kept")>;
using restart_atom = caf::atom_constant<caf::atom("restart")>;

using open_outcome = std::shared_ptr<result<std::shared_ptr<storage::collection_store>>>;
using create_outcome = std::shared_ptr<result<collection_meta>>;
using alter_outcome = std::shared_ptr<result<storage::alteration>>;
using drop_outcome = std::shared_ptr<result<void>>;
using alias_outcome = std::shared_ptr<result<std::vector<collection_alias>>>;
/// A collection was emptied, or not; and the store of its new tables, or why there is none.
struct truncation {
  result<void> emptied;
  result<std::shared_ptr<storage::collection_store>> reopened;
};
using truncate_outcome = std::shared_ptr<truncation>;
using begin_outcome = std::shared_ptr<result<std::unique_ptr<storage::collection_copy>>>;
using copy_outcome = std::shared_ptr<result<storage::collection_copy::progress>>;

}  // namespace thespis::actors

THESPIS_LOCAL_MESSAGE(thespis::actors::open_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::create_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::alter_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::drop_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::alias_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::truncate_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::begin_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::copy_outcome)

namespace thespis::actors {

/// The catalog as its own jobs see it.
using catalog_internal = catalog_actor::extend<
    /// The tables of a collection are open, or could not be opened.
    caf::reacts_to<opened_atom, std::string, open_outcome>,
    /// A collection is in the catalog's table, or could not be made.
    caf::reacts_to<created_atom, std::string, create_outcome>,
    /// A collection has another specification in the catalog's table, or could not get it.
    caf::reacts_to<altered_atom, uuid, alter_outcome>,
    /// A collection is out of the catalog's table, or could not be dropped.
    caf::reacts_to<dropped_atom, std::string, drop_outcome>,
    /// Aliases are changed, and these are all; or could not be.
    caf::reacts_to<aliased_atom, alias_outcome>,
    /// A collection has another name in the catalog's table, or could not get it.
    caf::reacts_to<renamed_atom, std::string, std::string, drop_outcome>,
    /// A collection has new tables, or not.
    caf::reacts_to<emptied_atom, std::string, truncate_outcome>,
    /// The copy that will have this name is begun, or could not be.
    caf::reacts_to<begun_atom, std::string, begin_outcome>,
    /// A step of the copy that will have this name is done.
    caf::reacts_to<copied_atom, std::string, copy_outcome>,
    /// The next step of that copy is due.
    caf::reacts_to<waited_atom, std::string>,
    /// What there was of that copy is removed.
    caf::reacts_to<undone_atom, std::string>,
    /// What the question of this number found unchanged is kept, or could not be.
    caf::reacts_to<kept_atom, std::uint64_t, drop_outcome>,
    /// The delay before a restart is over.
    caf::reacts_to<restart_atom, std::string>>;

}  // namespace thespis::actors
