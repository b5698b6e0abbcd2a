// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <string>
#include <utility>

#include "core/crc32c.hpp"
#include "storage/bytes.hpp"
#include "storage/fields/sparse_builder.hpp"
#include "storage/fields/sparse_state.hpp"
#include "storage/fields/sparse_values.hpp"

// Format, little-endian. Head: 8 bytes magic, u32 version, u32 segments, u32 CRC-32C of these. Then
// each segment: u64 bytes, u32 CRC-32C of (u64 bytes, payload), payload. Payload: u32 first slot of
// the page, 1,024 words of u64 that say which slots of the page there are, then until
// the end lists in ascending order of dimensions: u32 dimension, u32 count, count u16 offsets,
// count float32 weights. Everything else is made anew.
namespace thespis::fields {
namespace {

using storage::byte_reader;
using storage::byte_writer;

constexpr std::string_view magic = "THESPSPI";
constexpr std::uint32_t version = 1;
constexpr std::size_t head_bytes = 8 + 4 + 4 + 4;
constexpr std::size_t segment_head_bytes = 8 + 4;
constexpr std::size_t segments_max = std::size_t{1} << 26;  // A page has at most its slots.

error damaged(const std::string& what) {
  return error(errc::corruption, "saved sparse index: " + what);
}

void write_segment(const sparse_segment& segment, std::string& out) {
  byte_writer to(out);
  to.u32(segment.base());
  for (std::uint32_t word = 0; word < page_slots / 64; ++word) to.u64(segment.present()[word]);
  const auto dimensions = segment.dimensions();
  for (std::size_t at = 0; at < dimensions.size(); ++at) {
    const auto& list = segment.list(at);
    to.u32(dimensions[at]);
    to.u32(list.count);
    for_each_posting(segment, list, [&](offset_t offset, float) { to.u16(offset); });
    for_each_posting(segment, list, [&](offset_t, float weight) { to.floats({&weight, 1}); });
  }
}

std::uint32_t sum_of(std::string_view payload) {
  std::string size;
  byte_writer(size).u64(payload.size());
  return crc32c(payload.data(), payload.size(), crc32c(size.data(), size.size()));
}

result<void> send(const sparse_sink& sink, const sparse_segment& segment) {
  std::string payload;
  payload.reserve(page_slots / 8 + segment.postings() * 6 + segment.dimensions().size() * 8 + 8);
  write_segment(segment, payload);
  std::string head;
  byte_writer to(head);
  to.u64(payload.size());
  to.u32(sum_of(payload));
  THESPIS_CHECK(sink(head.data(), head.size()));
  return sink(payload.data(), payload.size());
}

bool read_list(byte_reader& from, sparse_builder& builder, std::uint32_t count) {
  const auto offsets = from.raw(std::size_t{count} * sizeof(offset_t));
  const auto weights = from.raw(std::size_t{count} * sizeof(float));
  if (!from.good()) return false;
  byte_reader offset_at(offsets);
  byte_reader weight_at(weights);
  std::uint32_t above = 0;
  for (std::uint32_t at = 0; at < count; ++at) {
    const auto offset = offset_at.u16();
    float weight = 0;
    weight_at.floats({&weight, 1});
    if (offset < above || !builder.has_slot(offset) ||
        !(std::abs(weight) <= limits::vector_length_max))
      return false;
    builder.add(offset, weight);
    above = std::uint32_t{offset} + 1;
  }
  return true;
}

result<std::shared_ptr<const sparse_segment>> read_segment(std::string_view payload) {
  byte_reader from(payload);
  const auto base = from.u32();
  if (!from.good() || base % page_slots != 0) return damaged("the head of a segment");
  sparse_builder builder(base);
  bool any = false;
  for (std::uint32_t word = 0; word < page_slots / 64; ++word)
    for (auto bits = from.u64(); bits != 0; bits &= bits - 1, any = true)
      builder.add_slot(
          static_cast<offset_t>(word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits))));
  std::uint64_t next = 0;
  while (from.good() && from.remaining() > 0) {
    const auto dimension = from.u32();
    const auto count = from.u32();
    if (dimension < next || count == 0 || count > page_slots || !read_list(from, builder, count))
      return damaged("the list of dimension " + std::to_string(dimension));
    builder.end_list(dimension);
    next = std::uint64_t{dimension} + 1;
  }
  if (!from.good() || !any) return damaged("a segment is cut off or has no slots");
  return builder.finish();
}

slot_t last_slot(const sparse_segment& segment) {
  slot_t last = 0;
  for_each_slot(segment, [&](offset_t offset) { last = segment.base() + offset; });
  return last;
}

slot_t first_slot(const sparse_segment& segment) {
  for (std::uint32_t word = 0; word < page_slots / 64; ++word)
    if (const auto bits = segment.present()[word]; bits != 0)
      return segment.base() + word * 64 + static_cast<slot_t>(std::countr_zero(bits));
  return no_slot;
}

// Reads from a source and counts what is left of it.
class counted_source {
 public:
  explicit counted_source(const sparse_source& source) : source_(source), left_(source.bytes) {}

  result<std::string> take(std::uint64_t bytes) {
    if (bytes > left_) return damaged("it is cut off");
    std::string taken(bytes, '\0');
    THESPIS_CHECK(source_.read(taken.data(), taken.size()));
    left_ -= bytes;
    return taken;
  }
  [[nodiscard]] bool empty() const { return left_ == 0; }

 private:
  const sparse_source& source_;
  std::uint64_t left_;
};

result<std::uint32_t> read_head(counted_source& source) {
  THESPIS_TRY(const auto head, source.take(head_bytes));
  byte_reader from(head);
  const auto found_magic = from.raw(magic.size());
  const auto found_version = from.u32();
  const auto segments = from.u32();
  if (found_magic != magic || !checksum_holds(from.u32(), crc32c(head.data(), head_bytes - 4)))
    return damaged("the head does not agree with its checksum");
  if (found_version != version)
    return damaged("version " + std::to_string(found_version) + ", known is " +
                   std::to_string(version));
  if (segments > segments_max) return damaged("too many segments");
  return segments;
}

result<std::string> read_payload(counted_source& source) {
  THESPIS_TRY(const auto head, source.take(segment_head_bytes));
  byte_reader from(head);
  const auto bytes = from.u64();
  const auto sum = from.u32();
  THESPIS_TRY(auto payload, source.take(bytes));
  if (!checksum_holds(sum, sum_of(payload)))
    return damaged("a segment does not agree with its checksum");
  return payload;
}

}  // namespace

result<void> sparse_snapshot::save(slot_t end_slot, const sparse_sink& sink) const {
  std::vector<std::shared_ptr<const sparse_segment>> saved;
  if (state_ != nullptr) {
    for (const auto& segment : state_->segments) {
      if (last_slot(*segment) < end_slot)
        saved.push_back(segment);
      else if (auto part = merge({&segment, 1}, {.end_slot = end_slot, .dead = nullptr}))
        saved.push_back(std::move(part));
    }
    if (auto part = invert(*state_->tail, end_slot)) saved.push_back(std::move(part));
  }
  std::string head(magic);
  byte_writer to(head);
  to.u32(version);
  to.u32(static_cast<std::uint32_t>(saved.size()));
  to.u32(crc32c(head.data(), head.size()));
  THESPIS_CHECK(sink(head.data(), head.size()));
  for (const auto& segment : saved) THESPIS_CHECK(send(sink, *segment));
  return ok();
}

result<std::unique_ptr<sparse_index>> sparse_index::load(const sparse_source& source) {
  counted_source from(source);
  THESPIS_TRY(const auto segments, read_head(from));
  auto state = std::make_shared<sparse_state>();
  auto made = std::make_unique<sparse_index>();
  state->tail = made->tail_;
  slot_t next = 0;
  for (std::uint32_t at = 0; at < segments; ++at) {
    THESPIS_TRY(const auto payload, read_payload(from));
    THESPIS_TRY(auto segment, read_segment(payload));
    if (first_slot(*segment) < next || last_slot(*segment) >= limits::slots_max)
      return damaged("slots of segments do not ascend");
    next = last_slot(*segment) + 1;
    state->segments.push_back(std::move(segment));
  }
  if (!from.empty()) return damaged("there is more than was saved");
  made->state_ = std::move(state);
  made->next_slot_ = next;
  return made;
}

}  // namespace thespis::fields
