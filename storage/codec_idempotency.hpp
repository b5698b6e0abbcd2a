// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string>
#include <string_view>

#include "storage/idempotency_store.hpp"

/// Rows of the table of idempotency keys. Each write has two: its record by key, and its key by
/// LSN, in the order in which they go. Errors: as in `codec.hpp`.
namespace thespis::storage::codec {

/// Which of the two a row is: the first byte of its key.
enum class idempotency_row : char { record = 'K', order = 'O' };

void encode_idempotency_key(std::string_view key, std::string& out);
/// Errors: corruption (also of a row of the other sort).
[[nodiscard]] result<std::string_view> decode_idempotency_key(std::string_view key);
void encode_idempotency_order_key(lsn_t lsn, std::string& out);
[[nodiscard]] result<lsn_t> decode_idempotency_order_key(std::string_view key);

[[nodiscard]] result<void> encode_idempotency(const idempotency_record& row, std::string& out);
[[nodiscard]] result<idempotency_record> decode_idempotency(std::string_view bytes,
                                                            std::string_view what);
[[nodiscard]] result<void> encode_idempotency_order(std::string_view key, std::string& out);
/// The key is a part of `bytes`.
[[nodiscard]] result<std::string_view> decode_idempotency_order(std::string_view bytes,
                                                                std::string_view what);

}  // namespace thespis::storage::codec
