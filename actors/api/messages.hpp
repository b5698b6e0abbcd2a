// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <caf/all.hpp>
#include <memory>
#include <vector>

#include "core/collection_alias.hpp"
#include "core/collection_change.hpp"
#include "core/collection_copy.hpp"
#include "core/collection_info.hpp"
#include "core/health.hpp"
#include "core/idempotency.hpp"
#include "core/ids.hpp"
#include "core/index_check.hpp"
#include "core/operation.hpp"
#include "core/read_request.hpp"
#include "core/search_request.hpp"
#include "core/write_context.hpp"
#include "core/write_request.hpp"

namespace thespis::actors {

/// A message that several actors may read at once.
template <class T>
using shared = std::shared_ptr<const T>;

using create_atom = caf::atom_constant<caf::atom("create")>;
using alter_atom = caf::atom_constant<caf::atom("alter")>;
using drop_atom = caf::atom_constant<caf::atom("drop")>;
using alias_atom = caf::atom_constant<caf::atom("alias")>;
using aliases_atom = caf::atom_constant<caf::atom("aliases")>;
using rename_atom = caf::atom_constant<caf::atom("rename")>;
using truncate_atom = caf::atom_constant<caf::atom("truncate")>;
using copy_atom = caf::atom_constant<caf::atom("copy")>;
using copies_atom = caf::atom_constant<caf::atom("copies")>;
using list_atom = caf::atom_constant<caf::atom("list")>;
using find_atom = caf::atom_constant<caf::atom("find")>;
using info_atom = caf::atom_constant<caf::atom("info")>;
using count_atom = caf::atom_constant<caf::atom("count")>;
using exists_atom = caf::atom_constant<caf::atom("exists")>;
using check_atom = caf::atom_constant<caf::atom("check")>;
using health_atom = caf::atom_constant<caf::atom("health")>;
using retry_atom = caf::atom_constant<caf::atom("retry")>;
using ready_atom = caf::atom_constant<caf::atom("ready")>;
using operation_atom = caf::atom_constant<caf::atom("operation")>;
using recall_atom = caf::atom_constant<caf::atom("recall")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;

}  // namespace thespis::actors

/// Everything of ours that travels between actors. CAF stays inside the process, so none of it is
/// ever serialized.
#define THESPIS_LOCAL_MESSAGE(...)                                     \
  namespace caf {                                                      \
  template <>                                                          \
  struct allowed_unsafe_message_type<__VA_ARGS__> : std::true_type {}; \
  }

THESPIS_LOCAL_MESSAGE(thespis::upsert_request)
THESPIS_LOCAL_MESSAGE(thespis::delete_request)
THESPIS_LOCAL_MESSAGE(thespis::write_operation)
THESPIS_LOCAL_MESSAGE(thespis::batch_request)
THESPIS_LOCAL_MESSAGE(thespis::write_reply)
THESPIS_LOCAL_MESSAGE(thespis::write_context)
THESPIS_LOCAL_MESSAGE(thespis::operation_state)
THESPIS_LOCAL_MESSAGE(thespis::idempotency)
THESPIS_LOCAL_MESSAGE(thespis::point_id)
THESPIS_LOCAL_MESSAGE(thespis::collection_spec)
THESPIS_LOCAL_MESSAGE(thespis::uuid)
THESPIS_LOCAL_MESSAGE(thespis::collection_meta)
THESPIS_LOCAL_MESSAGE(thespis::collection_info)
THESPIS_LOCAL_MESSAGE(thespis::index_check_reply)
THESPIS_LOCAL_MESSAGE(std::vector<thespis::collection_meta>)
THESPIS_LOCAL_MESSAGE(std::vector<thespis::alias_action>)
THESPIS_LOCAL_MESSAGE(std::vector<thespis::collection_alias>)
THESPIS_LOCAL_MESSAGE(thespis::collection_copy_status)
THESPIS_LOCAL_MESSAGE(std::vector<thespis::collection_copy_status>)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::collection_change>)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::health_report>)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::search_request>)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::search_reply>)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::search_batch_request>)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::search_batch_reply>)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::retrieve_request>)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::retrieve_reply>)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::scroll_request>)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::scroll_reply>)
