// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/collection_info.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/mutation.hpp"
#include "core/point.hpp"
#include "core/uuid.hpp"
#include "storage/collection_store.hpp"

/// The bytes of keys and records. Every record is a frame: CRC-32C of what follows (u32), magic
/// (u8 'T', u8 kind), format (u8), flags (u8, zero), length of the body (u32), body. The checksum,
/// the magic and the length are checked before a byte of the body is interpreted. Integers are
/// little-endian, keys big-endian.
///
/// Errors of every `decode_*`: corruption if a check fails; unsupported for a newer format, or for
/// a kind of vector or effect that this build does not read. `what` names the record in messages.
namespace thespis::storage::codec {

/// What a frame holds. Values are stored and never reused.
enum class record : std::uint8_t {
  point = 'P',
  slot = 'S',
  counters = 'N',
  collection = 'C',
  journal_entry = 'J',
  journal_segments = 'G',
  alias = 'A',
  idempotency = 'I',
  idempotency_order = 'O',
};

/// Newest format of a kind, which this build writes; it reads that and all before.
[[nodiscard]] std::uint8_t format_newest(record kind) noexcept;
/// Bytes in front of a frame's body.
inline constexpr std::size_t frame_header_bytes = 12;

/// Makes room for the header of a frame at the end of `out` and returns where it begins.
[[nodiscard]] std::size_t begin_frame(std::string& out);
/// Fills in the header of the frame that began at `begin` and ends at the end of `out`.
/// Errors: too_large if the body exceeds 4 GiB.
[[nodiscard]] result<void> end_frame(record kind, std::string& out, std::size_t begin);
/// Checks a frame and returns its body, a part of `bytes`.
[[nodiscard]] result<std::string_view> open_frame(record kind, std::string_view bytes,
                                                  std::string_view what);
/// Whole length of the frame whose first bytes are `bytes`. Errors: corruption if they are too few.
[[nodiscard]] result<std::size_t> frame_bytes(std::string_view bytes, std::string_view what);

/// Key of a point; keys sort as ids do.
void encode_id_key(const point_id& id, std::string& out);
[[nodiscard]] result<point_id> decode_id_key(std::string_view key);
void encode_slot_key(slot_t slot, std::string& out);
[[nodiscard]] result<slot_t> decode_slot_key(std::string_view key);

/// Key of one part of a journal entry.
struct journal_key {
  lsn_t lsn = 0;
  std::uint32_t part = 0;
};
void encode_journal_key(const journal_key& key, std::string& out);
[[nodiscard]] result<journal_key> decode_journal_key(std::string_view key);

// Each `encode_*` of a record replaces `out`.

[[nodiscard]] result<void> encode_point(const point_record& row, std::string& out);
[[nodiscard]] result<point_record> decode_point(std::string_view bytes, std::string_view what);

[[nodiscard]] result<void> encode_slot(const point_id& id, const std::vector<named_vector>& vectors,
                                       std::string& out);
/// `slot` is not part of the bytes; it becomes that of the row.
[[nodiscard]] result<slot_row> decode_slot(slot_t slot, std::string_view bytes,
                                           std::string_view what);

[[nodiscard]] result<void> encode_counters(const collection_counters& counters, std::string& out);
[[nodiscard]] result<collection_counters> decode_counters(std::string_view bytes,
                                                          std::string_view what);

[[nodiscard]] result<void> encode_collection(const collection_meta& meta, std::string& out);
[[nodiscard]] result<collection_meta> decode_collection(std::string_view bytes,
                                                        std::string_view what);

/// A second name and the collection that it means.
struct alias_row {
  std::string alias;
  uuid collection;
};
[[nodiscard]] result<void> encode_alias(const alias_row& row, std::string& out);
[[nodiscard]] result<alias_row> decode_alias(std::string_view bytes, std::string_view what);

/// The fields of a journal entry in front of its effects.
struct entry_head {
  lsn_t lsn = 0;
  std::uint64_t term = 0;
  std::int64_t time_us = 0;
  std::string_view idempotency_key;
  std::uint32_t effects = 0;
};

/// Builds one journal entry without copying the effects first.
class entry_encoder {
 public:
  /// Replaces `out`.
  entry_encoder(const entry_head& head, std::string& out);
  void add(const uuid& collection, const effect& change);
  /// Errors: too_large.
  [[nodiscard]] result<void> finish();

 private:
  std::string& out_;
  std::size_t begin_;
};

/// Neighbouring entries of the journal, the unit of trimming.
struct journal_segment {
  lsn_t first = 0;
  lsn_t last = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const journal_segment&, const journal_segment&) = default;
};
[[nodiscard]] result<void> encode_segments(const std::vector<journal_segment>& segments,
                                           std::string& out);
[[nodiscard]] result<std::vector<journal_segment>> decode_segments(std::string_view bytes,
                                                                   std::string_view what);

[[nodiscard]] result<journal_entry> decode_entry(std::string_view bytes, std::string_view what);

}  // namespace thespis::storage::codec
