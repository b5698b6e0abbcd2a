// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string_view>

#include "core/collection_spec.hpp"
#include "core/error.hpp"
#include "storage/bytes.hpp"

namespace thespis::storage::codec::detail {

/// Writes a specification in format 2.
void write_spec(byte_writer& out, const collection_spec& spec);

/// Reads a specification. Format 1 has neither presets, quantization nor vectors on disk: what it
/// lacks has its default. Errors: as all decoders.
[[nodiscard]] result<collection_spec> read_spec(byte_reader& in, std::uint8_t format,
                                                std::string_view what);

}  // namespace thespis::storage::codec::detail
