// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "apps/importer/byte_reader.hpp"
#include "apps/importer/point_source.hpp"

namespace thespis::importer {

/// Opens an fvecs or bvecs file: before the components of each row, float32 or uint8, stands their
/// number as a 32-bit integer, all little-endian; it is the same in all rows.
/// Source: "Datasets for approximate nearest neighbor search", corpus-texmex.irisa.fr.
/// Errors: as `open_source`.
[[nodiscard]] result<std::unique_ptr<point_source>> open_vecs(std::unique_ptr<byte_reader> in,
                                                              file_format format,
                                                              const source_options& options);

}  // namespace thespis::importer
