// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "apps/importer/byte_reader.hpp"
#include "apps/importer/element_type.hpp"
#include "apps/importer/point_source.hpp"

namespace thespis::importer {

/// What a file with all its numbers in a row says of them.
struct matrix_header {
  std::uint64_t bytes = 0;  ///< Of the header, which has been read.
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
};

/// Points of the rows that follow a header. Errors: as `open_source`.
[[nodiscard]] result<std::unique_ptr<point_source>> open_matrix(std::unique_ptr<byte_reader> in,
                                                                const element_type& kind,
                                                                const matrix_header& header,
                                                                const source_options& options);

/// Refuses infinities and what is no number, with the row. Errors: invalid_argument.
[[nodiscard]] result<void> check_finite(const vector_column& column, std::uint64_t first_row,
                                        const std::string& name);

}  // namespace thespis::importer
