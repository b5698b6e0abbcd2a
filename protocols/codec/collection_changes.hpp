// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/collection_alias.hpp"
#include "core/collection_copy.hpp"
#include "core/error.hpp"
#include "protocols/codec/json_writer.hpp"

/// JSON of changes of whole collections. Those of aliases are Qdrant's dialect, the rest is ours.
/// Errors of all: invalid_argument with the position, too_large (a limit).
namespace thespis::codec {

/// `{"actions": [{"create_alias": {"alias_name", "collection_name"}},
/// {"delete_alias": {"alias_name"}}, {"rename_alias": {"old_alias_name", "new_alias_name"}}]}`
[[nodiscard]] result<std::vector<alias_action>> decode_alias_actions(std::string_view body,
                                                                     std::size_t depth_max);

/// `{"name"}`: what a collection is to be called, or its copy.
[[nodiscard]] result<std::string> decode_new_name(std::string_view body, std::size_t depth_max);

/// `{}`, or nothing: of a request that has nothing to say.
[[nodiscard]] result<void> decode_nothing(std::string_view body, std::size_t depth_max);

/// `{"aliases": [{"alias_name", "collection_name"}]}`
void encode(json_writer& out, const std::vector<collection_alias>& aliases);

/// `{"name", "status", "points_copied", "points_expected", "error"}`; `status` is "running",
/// "completed" or "failed".
void encode(json_writer& out, const collection_copy_status& copy);

/// `{"copies": [...]}`
void encode(json_writer& out, const std::vector<collection_copy_status>& copies);

}  // namespace thespis::codec
