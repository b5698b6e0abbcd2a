// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string_view>

#include "core/collection_spec.hpp"
#include "core/error.hpp"
#include "storage/bytes.hpp"

namespace thespis::storage::codec::detail {

/// Writes a specification in format 4, without places.
void write_spec(byte_writer& out, const collection_spec& spec);

/// Reads a specification. Format 1 has neither presets, quantization nor vectors on disk, format 2
/// no sparse vectors, format 3 neither revisions, metadata nor limits: what one lacks has its
/// default. Errors: as all decoders.
[[nodiscard]] result<collection_spec> read_spec(byte_reader& in, std::uint8_t format,
                                                std::string_view what);

/// Writes the places of the vectors of a specification.
void write_places(byte_writer& out, const collection_spec& spec);

/// Reads them; before format 4 places followed from the order of the vectors.
void read_places(byte_reader& in, std::uint8_t format, collection_spec& spec);

}  // namespace thespis::storage::codec::detail
