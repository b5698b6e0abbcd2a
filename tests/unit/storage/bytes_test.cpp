// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/bytes.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using thespis::storage::byte_reader;
using thespis::storage::byte_writer;

TEST_CASE("bytes are written in the stated order and read back") {
  std::string out;
  byte_writer writer(out);
  writer.u16(0x0102);
  writer.u32(0x01020304);
  writer.u32_big_endian(0x01020304);
  writer.u64_big_endian(0x0102030405060708);
  writer.i64(-2);
  writer.floats(std::vector<float>{1.5f, -2.0f});
  CHECK(out.substr(0, 2) == "\x02\x01");
  CHECK(out.substr(2, 4) == "\x04\x03\x02\x01");
  CHECK(out.substr(6, 4) == "\x01\x02\x03\x04");
  byte_reader reader(out);
  CHECK(reader.u16() == 0x0102);
  CHECK(reader.u32() == 0x01020304);
  CHECK(reader.u32_big_endian() == 0x01020304);
  CHECK(reader.u64_big_endian() == 0x0102030405060708);
  CHECK(reader.i64() == -2);
  std::vector<float> floats(2);
  reader.floats(floats);
  CHECK(floats == std::vector<float>{1.5f, -2.0f});
  CHECK(reader.complete());
}

TEST_CASE("a read past the end gives nothing and is remembered") {
  byte_reader reader("abc");
  CHECK(reader.u32() == 0);
  CHECK_FALSE(reader.good());
  CHECK(reader.remaining() == 0);
  CHECK(reader.u8() == 0);
  CHECK(reader.raw(1).empty());
  CHECK_FALSE(reader.complete());
}
