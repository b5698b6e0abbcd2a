// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "apps/importer/line_reader.hpp"
#include "apps/importer/point_source.hpp"

namespace thespis::importer {

/// Opens an exported collection at its header. Points are handed on as they are written; checked is
/// that each line is whole, is JSON, has an id and no vectors but those of the header with the
/// lengths that it names, and that there are as many lines as it says.
/// Errors: invalid_argument (a header that is none, --first-id); unsupported (its version).
[[nodiscard]] result<std::unique_ptr<point_source>> open_export(line_reader in,
                                                                const source_options& options);

}  // namespace thespis::importer
