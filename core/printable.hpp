// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thespis {

/// True if all of `text` is well-formed UTF-8.
/// Source: RFC 3629, section 4.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// What escaped text becomes part of: a line for people, or a JSON string (quotes too).
enum class text_form : std::uint8_t { plain = 1, json = 2 };

/// Appends text from anywhere so that it can neither end a line, nor move a terminal's cursor, nor
/// reorder the text around it. Escapes are those of JSON; a byte that is no UTF-8 becomes \xHH in
/// plain text and U+FFFD in JSON, which cannot carry it.
void append_printable(std::string& out, std::string_view text, text_form form);

/// The plain form of `text`.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace thespis
