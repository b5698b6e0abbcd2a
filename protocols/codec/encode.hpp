// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/collection_info.hpp"
#include "core/index_check.hpp"
#include "core/operation.hpp"
#include "core/read_request.hpp"
#include "core/search_request.hpp"
#include "core/write_request.hpp"
#include "protocols/codec/json_writer.hpp"

/// Core values as JSON in Qdrant's dialect. Fields beyond the dialect are additions of ours.
namespace thespis::codec {

void encode(json_writer& out, const point_id& id);
/// `{"id", "version", "score", "payload", "vector"}`, an answer to a search.
void encode_hit(json_writer& out, const scored_point& hit);
/// `{"id", "version", "payload", "vector"}`, an answer to a read.
void encode_record(json_writer& out, const scored_point& record);
/// A list of hits.
void encode(json_writer& out, const search_reply& reply);
/// `{"points": [...], "next_page_offset"}`
void encode(json_writer& out, const scroll_reply& reply);
/// `{"ids": [...], "next_page_offset"}`
void encode_ids_page(json_writer& out, const scroll_reply& reply);
/// `{"operation_id", "status", "affected"}`; `status` is "completed" or "acknowledged".
void encode(json_writer& out, const write_reply& reply, std::string_view status);
/// A list of those, one for each operation of a batch.
void encode_each(json_writer& out, const write_reply& reply, std::string_view status);
/// `{"operation_id", "status"}`
void encode(json_writer& out, const operation_state& state);
/// `{"collections": [{"name"}]}`
void encode(json_writer& out, const std::vector<collection_meta>& collections);
/// The dialect's description of a collection, with created, updated and each index's state.
void encode(json_writer& out, const collection_info& info);
/// `{"indexes": [{"vector", "index", "nodes", "dropped", "unreachable", "mended"}]}`
void encode(json_writer& out, const index_check_reply& reply);

}  // namespace thespis::codec
