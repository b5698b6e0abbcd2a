// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/client/http_client.hpp"
#include "apps/dump/export_header.hpp"
#include "apps/importer/point_source.hpp"
#include "apps/new_collection.hpp"
#include "core/error.hpp"

namespace thespis::apps {

/// Where an import goes.
struct import_target {
  std::string collection;
  collection_shape_flags shape;   ///< Of a collection that `create` makes; not for exports.
  bool create = false;            ///< It is not there yet.
  bool other_parameters = false;  ///< An export may go into a collection with other ones.
};

/// The collection that an import goes into, as the server describes it.
struct prepared_collection {
  std::string uuid;
  std::optional<std::uint64_t> points;          ///< That it holds now, if the server says so.
  std::uint64_t batch_points_max = UINT64_MAX;  ///< In one request.
  bool existed = false;  ///< Though `create` says that it would not: fine only for a continued run.
};

/// Makes the collection if it is missing and `create` or the file's header says how, or else checks
/// that the file goes into it, before the first point is sent.
/// Errors: not_found; dimension_mismatch, invalid_argument (vectors); failed_precondition (other
/// parameters than those of the header); as `client::call`.
[[nodiscard]] result<prepared_collection> prepare_collection(client::http_client& client,
                                                             const import_target& target,
                                                             const importer::point_source& source,
                                                             const std::string& file);

}  // namespace thespis::apps
