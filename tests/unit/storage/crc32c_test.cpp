// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/crc32c.hpp"

#include <string>

#include "tests/support/catch.hpp"

using thespis::storage::crc32c;
using thespis::storage::crc32c_portable;

TEST_CASE("CRC-32C gives the published check values") {
  // RFC 3720, appendix B.4, and the catalogue's check value of "123456789".
  CHECK(crc32c("123456789") == 0xE3069283u);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAu);
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43u);
  CHECK(crc32c("") == 0);
}

TEST_CASE("CRC-32C by instruction, by table and in pieces agree at every length") {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    CHECK(crc32c(bytes) == crc32c_portable(bytes));
    const auto half = bytes.size() / 2;
    const auto front = crc32c(std::string_view(bytes).substr(0, half));
    CHECK(crc32c(std::string_view(bytes).substr(half), front) == crc32c(bytes));
    bytes.push_back(static_cast<char>(i * 37));
  }
}
