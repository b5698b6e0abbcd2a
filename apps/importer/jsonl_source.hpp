// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "apps/importer/byte_reader.hpp"
#include "apps/importer/point_source.hpp"

namespace thespis::importer {

/// Opens a file of JSON objects, one per line:
/// `{"id":7,"vector":[0.1,0.2],"payload":{"k":"v"}}`, or `"vector":{"name":[...],...}`, or whatever
/// other vectors an upsert takes. Lists of one name have one length; empty lines are passed over.
/// The first line tells `shapes`, none if not all of its vectors are lists of numbers. If it is the
/// header of an exported collection, that is what is opened (`open_export`).
/// Errors: as `open_source`.
[[nodiscard]] result<std::unique_ptr<point_source>> open_jsonl(std::unique_ptr<byte_reader> in,
                                                               const source_options& options);

}  // namespace thespis::importer
