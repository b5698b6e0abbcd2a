// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <optional>

#include "core/collection_spec.hpp"
#include "core/search_request.hpp"
#include "protocols/codec/json_reader.hpp"
#include "protocols/codec/json_writer.hpp"

/// Codes of vectors, in Qdrant's dialect. Readers report through the reader.
namespace thespis::codec {

/// A `quantization_config`: null for none asked for, `{"scalar": {"type": "int8", "quantile",
/// "always_ram"}}`, `{"binary": {"encoding": "one_bit" | "two_bits", "always_ram"}}` or
/// "Disabled". Ours: `"type": "int4"`, `"bits": 1..4` beside or in place of `"encoding"`,
/// `{"none": {}}` and "none". Errors: unsupported for the dialect's other codes.
[[nodiscard]] std::optional<quantization_config> read_quantization(json_reader& in);

/// Writes it as it was asked for.
void encode(json_writer& out, const std::optional<quantization_config>& asked);

/// `params.quantization` of a search: null or `{"ignore", "rescore", "oversampling"}`.
/// Errors: invalid_argument for an oversampling outside 1 to `limits::oversampling_max`.
[[nodiscard]] code_use read_code_use(json_reader& in);

}  // namespace thespis::codec
