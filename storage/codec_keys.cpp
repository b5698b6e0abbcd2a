// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/bytes.hpp"
#include "storage/codec.hpp"

namespace thespis::storage::codec {

namespace {

error wrong_length(const char* what) {
  return error(errc::corruption, std::string(what) + ": wrong length");
}

}  // namespace

void encode_slot_key(slot_t slot, std::string& out) {
  out.clear();
  byte_writer(out).u32_big_endian(slot);
}

result<slot_t> decode_slot_key(std::string_view key) {
  byte_reader in(key);
  const slot_t slot = in.u32_big_endian();
  if (!in.complete()) return wrong_length("key of a slot");
  return slot;
}

void encode_journal_key(const journal_key& key, std::string& out) {
  out.clear();
  byte_writer writer(out);
  writer.u64_big_endian(key.lsn);
  writer.u32_big_endian(key.part);
}

result<journal_key> decode_journal_key(std::string_view key) {
  byte_reader in(key);
  journal_key decoded;
  decoded.lsn = in.u64_big_endian();
  decoded.part = in.u32_big_endian();
  if (!in.complete()) return wrong_length("key of a journal entry");
  return decoded;
}

}  // namespace thespis::storage::codec
