// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "apps/importer/byte_reader.hpp"
#include "apps/importer/point_source.hpp"

namespace thespis::importer {

/// Opens a file of the bin family: 32-bit little-endian rows and columns, then the rows.
/// Source: big-ann-benchmarks, section "Dataset formats". Errors: as `open_source`.
[[nodiscard]] result<std::unique_ptr<point_source>> open_bin(std::unique_ptr<byte_reader> in,
                                                             file_format format,
                                                             const source_options& options);

/// Opens an IDX file: two zero bytes, element type, number of dimensions, their big-endian sizes,
/// then the elements; all dimensions after the first make one vector.
/// Source: the MNIST database, section "File formats". Errors: as `open_source`.
[[nodiscard]] result<std::unique_ptr<point_source>> open_idx(std::unique_ptr<byte_reader> in,
                                                             const source_options& options);

}  // namespace thespis::importer
