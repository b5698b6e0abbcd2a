// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "apps/importer/byte_reader.hpp"
#include "apps/importer/point_source.hpp"

namespace thespis::importer {

/// Opens a NumPy file, versions 1.0 to 3.0, of float16, float32, float64, uint8 or int8 in either
/// byte order: two dimensions are rows and columns, one dimension is a single vector.
/// Source: NumPy, NEP 1 and `numpy.lib.format`.
/// Errors: as `open_source`; unsupported (Fortran order, other elements, structures).
[[nodiscard]] result<std::unique_ptr<point_source>> open_npy(std::unique_ptr<byte_reader> in,
                                                             const source_options& options);

}  // namespace thespis::importer
