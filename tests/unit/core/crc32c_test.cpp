// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/crc32c.hpp"

#include <array>
#include <string_view>

#include "tests/support/catch.hpp"

using thespis::crc32c;
using thespis::crc32c_portable;

TEST_CASE("CRC-32C gives the values of RFC 3720") {
  std::array<unsigned char, 32> data{};
  CHECK(crc32c(data.data(), data.size()) == 0x8A9136AAu);
  data.fill(0xFF);
  CHECK(crc32c(data.data(), data.size()) == 0x62A8AB43u);
  for (unsigned char i = 0; i < 32; ++i) data[i] = i;
  CHECK(crc32c(data.data(), data.size()) == 0x46DD794Eu);
}

TEST_CASE("CRC-32C can be continued at any byte") {
  constexpr std::string_view text = "every actor keeps its own lines";
  const auto whole = crc32c(text.data(), text.size());
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    CHECK(crc32c(text.data() + cut, text.size() - cut, crc32c(text.data(), cut)) == whole);
}

TEST_CASE("CRC-32C is the same with and without the processor's instruction") {
  std::array<unsigned char, 100> data{};
  for (unsigned char i = 0; i < data.size(); ++i) data[i] = static_cast<unsigned char>(i * 37);
  for (std::size_t bytes = 0; bytes <= data.size(); ++bytes)
    CHECK(crc32c(data.data(), bytes, 5) == crc32c_portable(data.data(), bytes, 5));
}
