// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/utf8.hpp"

#include <boost/locale/utf.hpp>

namespace thespis::codec {

std::string_view shown(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && boost::locale::utf::utf_traits<char>::is_trail(text[bytes_max]))
    --bytes_max;
  return text.substr(0, bytes_max);
}

}  // namespace thespis::codec
