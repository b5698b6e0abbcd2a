// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/utf8.hpp"

#include <boost/locale/utf.hpp>

namespace thespis::codec {

bool is_utf8(std::string_view text) noexcept {
  namespace utf = boost::locale::utf;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end)
    if (!utf::is_valid_codepoint(utf::utf_traits<char>::decode(at, end))) return false;
  return true;
}

std::string_view shown(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && boost::locale::utf::utf_traits<char>::is_trail(text[bytes_max]))
    --bytes_max;
  return text.substr(0, bytes_max);
}

}  // namespace thespis::codec
