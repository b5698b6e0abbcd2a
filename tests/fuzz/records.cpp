// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Journal entries, every other record, and keys. The first byte of an input says which; where a
// build checks checksums, that of the input is made right first.

#include <cstring>
#include <string>

#include "core/crc32c.hpp"
#include "storage/codec.hpp"
#include "storage/codec_idempotency.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace thespis;
using namespace thespis::fuzz;
namespace stored = thespis::storage::codec;

namespace {

constexpr std::string_view what = "record";

std::string sealed(std::string_view input) {
  std::string bytes(input);
  if (bytes.size() < stored::frame_header_bytes) return bytes;
  std::uint32_t crc = crc32c(bytes.data() + sizeof crc, bytes.size() - sizeof crc);
  std::memcpy(bytes.data(), &crc, sizeof crc);
  return bytes;
}

// What was read is written and read again: the same bytes come out both times, and whatever was
// accepted takes no more room than the input justifies.
template <class Decode, class Encode>
void round_trip(const std::string& bytes, Decode decode, Encode encode) {
  const auto first = decode(std::string_view(bytes));
  if (!first) return require_damage(first.error());
  std::string once;
  require(static_cast<bool>(encode(*first, once)), "what was read can be written");
  const auto second = decode(std::string_view(once));
  require(static_cast<bool>(second), "what was written can be read");
  std::string twice;
  require(static_cast<bool>(encode(*second, twice)), "it can be written again");
  require(once == twice, "a record is stable after one round");
  const auto length = stored::frame_bytes(once, what);
  require(length && *length == once.size(), "a frame tells its length");
}

result<void> encode_entry(const journal_entry& entry, std::string& out) {
  stored::entry_encoder encoder({entry.lsn, entry.term, entry.time_us, entry.idempotency_key,
                                 static_cast<std::uint32_t>(entry.body.size())},
                                out);
  for (const auto& part : entry.body) encoder.add(part.collection, part.effect);
  return encoder.finish();
}

void read_entry(const std::string& bytes) {
  round_trip(
      bytes, [](std::string_view from) { return stored::decode_entry(from, what); }, encode_entry);
}

void read_point(const std::string& bytes) {
  round_trip(
      bytes, [](std::string_view from) { return stored::decode_point(from, what); },
      [](const auto& row, std::string& out) { return stored::encode_point(row, out); });
}

void read_slot(const std::string& bytes) {
  round_trip(
      bytes, [](std::string_view from) { return stored::decode_slot(7, from, what); },
      [](const auto& row, std::string& out) {
        return stored::encode_slot(row.id, row.vectors, out);
      });
}

void read_counters(const std::string& bytes) {
  round_trip(
      bytes, [](std::string_view from) { return stored::decode_counters(from, what); },
      [](const auto& counters, std::string& out) {
        return stored::encode_counters(counters, out);
      });
}

void read_collection(const std::string& bytes) {
  round_trip(
      bytes, [](std::string_view from) { return stored::decode_collection(from, what); },
      [](const auto& meta, std::string& out) { return stored::encode_collection(meta, out); });
}

void read_alias(const std::string& bytes) {
  round_trip(
      bytes, [](std::string_view from) { return stored::decode_alias(from, what); },
      [](const auto& row, std::string& out) { return stored::encode_alias(row, out); });
}

void read_segments(const std::string& bytes) {
  round_trip(
      bytes, [](std::string_view from) { return stored::decode_segments(from, what); },
      [](const auto& segments, std::string& out) {
        return stored::encode_segments(segments, out);
      });
}

void read_idempotency(const std::string& bytes) {
  round_trip(
      bytes, [](std::string_view from) { return stored::decode_idempotency(from, what); },
      [](const auto& row, std::string& out) { return stored::encode_idempotency(row, out); });
}

void read_idempotency_order(const std::string& bytes) {
  round_trip(
      bytes, [](std::string_view from) { return stored::decode_idempotency_order(from, what); },
      [](const auto& key, std::string& out) { return stored::encode_idempotency_order(key, out); });
}

void read_idempotency_keys(std::string_view key) {
  std::string written;
  if (const auto name = stored::decode_idempotency_key(key)) {
    stored::encode_idempotency_key(*name, written);
    require(written == key, "the key of a record is its only one");
  } else {
    require_damage(name.error());
  }
  if (const auto lsn = stored::decode_idempotency_order_key(key)) {
    stored::encode_idempotency_order_key(*lsn, written);
    require(written == key, "the key of a place is its only one");
  } else {
    require_damage(lsn.error());
  }
}

void read_keys(std::string_view key) {
  std::string written;
  if (const auto id = stored::decode_id_key(key)) {
    stored::encode_id_key(*id, written);
    require(written == key, "the key of an id is its only one");
  } else {
    require_damage(id.error());
  }
  if (const auto slot = stored::decode_slot_key(key)) {
    stored::encode_slot_key(*slot, written);
    require(written == key, "the key of a slot is its only one");
  } else {
    require_damage(slot.error());
  }
  if (const auto entry = stored::decode_journal_key(key)) {
    stored::encode_journal_key(*entry, written);
    require(written == key, "the key of a journal entry is its only one");
  } else {
    require_damage(entry.error());
  }
}

}  // namespace

void thespis::fuzz::check_input(std::string_view input) {
  switch (take_byte(input)) {
    case 'J': read_entry(sealed(input)); break;
    case 'P': read_point(sealed(input)); break;
    case 'S': read_slot(sealed(input)); break;
    case 'N': read_counters(sealed(input)); break;
    case 'C': read_collection(sealed(input)); break;
    case 'A': read_alias(sealed(input)); break;
    case 'G': read_segments(sealed(input)); break;
    case 'I': read_idempotency(sealed(input)); break;
    case 'O': read_idempotency_order(sealed(input)); break;
    case 'i': read_idempotency_keys(input); break;
    case 'k': read_keys(input); break;
    default: break;
  }
}
