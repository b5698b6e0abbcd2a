// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocols/rest/call.hpp"

/// One function per endpoint; the table in `routes.cpp` says where each is mounted.
namespace thespis::rest::handlers {

using answered = boost::asio::awaitable<void>;

// service.cpp
answered root(call& in);
answered version(call& in);
answered telemetry(call& in);
answered metrics(call& in);

// health.cpp
answered alive(call& in);
answered ready(call& in);
answered deep_health(call& in);

// collections.cpp
answered list_collections(call& in);
answered create_collection(call& in);
answered collection_info(call& in);
answered collection_exists(call& in);
answered drop_collection(call& in);
answered reopen_collection(call& in);

// alter.cpp
answered update_collection(call& in);
answered add_vector(call& in);
answered drop_vector(call& in);
// collection_changes.cpp
answered change_aliases(call& in);
answered list_aliases(call& in);
answered rename_collection(call& in);
answered truncate_collection(call& in);
answered copy_collection(call& in);
answered list_copies(call& in);

// index_check.cpp
answered check_indexes(call& in);

// points_write.cpp
answered upsert_points(call& in);
answered delete_points(call& in);
answered set_payload(call& in);
answered overwrite_payload(call& in);
answered delete_payload(call& in);
answered clear_payload(call& in);
answered update_vectors(call& in);
answered delete_vectors(call& in);
answered write_batch(call& in);

// operations.cpp
answered one_operation(call& in);

// points_read.cpp
answered one_point(call& in);
answered point_exists(call& in);
answered many_points(call& in);
answered point_ids(call& in);
answered count_points(call& in);
answered scroll_points(call& in);

// search.cpp
answered query_points(call& in);
answered query_batch(call& in);
answered search_points(call& in);
answered search_batch(call& in);

}  // namespace thespis::rest::handlers
