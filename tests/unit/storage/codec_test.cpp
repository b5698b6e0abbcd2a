// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/codec.hpp"

#include <algorithm>
#include <cstring>
#include <random>

#include "core/crc32c.hpp"
#include "storage/bytes.hpp"
#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

point_record sample_point() {
  point_record row;
  row.lsn = 7;
  row.slot = 3;
  row.created_us = 1;
  row.updated_us = 2;
  row.expires_us = 3;
  row.payload.json = R"({"city":"Berlin"})";
  return row;
}

std::vector<named_vector> sample_vectors() {
  return {{"image", {1, 2, 3}}, {"text", {-0.0f, 1e30f}}};
}

collection_meta sample_meta() {
  collection_meta meta{uuid::random(), "docs", spec_of(4), 99};
  meta.spec.vectors[0].hnsw = hnsw_config{8, 50, 10, index_preset::fast};
  meta.spec.vectors[0].quantization =
      quantization_config{quantization_kind::scalar, 8, 0.99F, true};
  meta.spec.vectors[0].on_disk = true;
  meta.spec.hnsw.m = 24;
  meta.spec.quantization = quantization_config{quantization_kind::binary, 2, {}, false};
  meta.spec.vectors[0].revision = 3;
  meta.spec.metadata = R"({"owner":"me"})";
  meta.spec.limits = {1000, 1u << 20};
  meta.spec.strict = strict_mode();
  meta.spec.strict->enabled = true;
  meta.spec.strict->max_query_limit = 7;
  meta.spec.strict->write_rate_limit = 60;
  meta.spec.strict->search_allow_exact = false;
  meta.spec.strict->search_max_oversampling = 2.5F;
  return meta;
}

journal_entry sample_entry() {
  journal_entry entry{5, 2, 1234, {}, "key"};
  const auto collection = uuid::random();
  const auto meta = sample_meta();
  entry.body = {{collection, upsert(point_id(1), {1, 2}, R"({"a":1})")},
                {collection, upsert(point_id(uuid::random()), {})},
                {collection, erase(text_id("gone"))},
                {collection, payload_effect{text_id("kept"), {R"({"b":[2]})"}, 77}},
                {collection, payload_effect{point_id(4), {}, 78}},
                {meta.id, create_collection_effect{meta.name, meta.spec, meta.created_us}},
                {meta.id, alter_collection_effect{meta.spec}},
                {meta.id, drop_collection_effect{meta.name}},
                {uuid(), alias_effect{"live", meta.id}},
                {uuid(), alias_effect{"gone", std::nullopt}},
                {meta.id, rename_collection_effect{"texts"}},
                {meta.id, truncate_collection_effect{}}};
  return entry;
}

std::string encoded(const journal_entry& entry) {
  std::string out;
  const auto count = static_cast<std::uint32_t>(entry.body.size());
  codec::entry_encoder encoder({entry.lsn, entry.term, entry.time_us, entry.idempotency_key, count},
                               out);
  for (const auto& change : entry.body) encoder.add(change.collection, change.effect);
  REQUIRE(encoder.finish());
  return out;
}

/// Every kind of record, and its decoder reduced to the error that it gives.
struct sample {
  std::string bytes;
  std::function<result<void>(std::string_view)> decode;
};

template <class Decoder>
auto as_check(Decoder decoder) {
  return [decoder](std::string_view bytes) -> result<void> {
    auto decoded = decoder(bytes);
    if (!decoded) return decoded.error();
    return ok();
  };
}

std::vector<sample> samples() {
  std::string point, slot, counters, collection, segments, alias;
  REQUIRE(codec::encode_alias({"live", uuid::random()}, alias));
  REQUIRE(codec::encode_point(sample_point(), point));
  REQUIRE(codec::encode_slot(text_id("p"), sample_vectors(), slot));
  REQUIRE(codec::encode_counters({1, 2, 3, 4, 5}, counters));
  REQUIRE(codec::encode_collection(sample_meta(), collection));
  REQUIRE(codec::encode_segments({{1, 2, 3}, {3, 9, 4}}, segments));
  return {
      {point, as_check([](auto bytes) { return codec::decode_point(bytes, "point"); })},
      {slot, as_check([](auto bytes) { return codec::decode_slot(1, bytes, "slot"); })},
      {counters, as_check([](auto bytes) { return codec::decode_counters(bytes, "counters"); })},
      {collection,
       as_check([](auto bytes) { return codec::decode_collection(bytes, "collection"); })},
      {alias, as_check([](auto bytes) { return codec::decode_alias(bytes, "alias"); })},
      {segments, as_check([](auto bytes) { return codec::decode_segments(bytes, "segments"); })},
      {encoded(sample_entry()),
       as_check([](auto bytes) { return codec::decode_entry(bytes, "entry"); })},
  };
}

/// Makes the checksum right again, as a hostile writer would.
std::string resealed(std::string bytes) {
  std::string crc;
  byte_writer(crc).u32(crc32c(bytes.data() + 4, bytes.size() - 4));
  std::memcpy(bytes.data(), crc.data(), crc.size());
  return bytes;
}

}  // namespace

TEST_CASE("records come back as they were written") {
  std::string bytes;
  REQUIRE(codec::encode_point(sample_point(), bytes));
  const auto point = codec::decode_point(bytes, "point");
  REQUIRE(point);
  CHECK(point->lsn == 7);
  CHECK(point->slot == 3);
  CHECK(point->created_us == 1);
  CHECK(point->updated_us == 2);
  CHECK(point->expires_us == 3);
  CHECK(point->payload == sample_point().payload);

  REQUIRE(codec::encode_slot(text_id("p"), sample_vectors(), bytes));
  const auto slot = codec::decode_slot(9, bytes, "slot");
  REQUIRE(slot);
  CHECK(slot->slot == 9);
  CHECK(slot->id == text_id("p"));
  CHECK(slot->vectors == sample_vectors());

  REQUIRE(codec::encode_counters({1, 2, 3, 4, 5}, bytes));
  const auto counters = codec::decode_counters(bytes, "counters");
  REQUIRE(counters);
  CHECK(counters->generation == 1);
  CHECK(counters->next_slot == 2);
  CHECK(counters->points == 3);
  CHECK(counters->updated_us == 4);
  CHECK(counters->lsn == 5);

  const auto meta = sample_meta();
  REQUIRE(codec::encode_collection(meta, bytes));
  const auto collection = codec::decode_collection(bytes, "collection");
  REQUIRE(collection);
  CHECK(collection->id == meta.id);
  CHECK(collection->name == meta.name);
  CHECK(collection->spec == meta.spec);
  CHECK(collection->created_us == meta.created_us);

  const auto entry = sample_entry();
  const auto decoded = codec::decode_entry(encoded(entry), "entry");
  REQUIRE(decoded);
  CHECK(*decoded == entry);
}

TEST_CASE("a truncated or lengthened record is corruption") {
  for (const auto& sample : samples()) {
    REQUIRE(sample.decode(sample.bytes));
    for (std::size_t size = 0; size < sample.bytes.size(); ++size) {
      // A copy of its own, so that a sanitizer sees a read past its end.
      const std::vector<char> part(sample.bytes.begin(), sample.bytes.begin() + size);
      CHECK(sample.decode({part.data(), part.size()}).error().code == errc::corruption);
    }
    CHECK(sample.decode(sample.bytes + "x").error().code == errc::corruption);
  }
}

TEST_CASE("a record with any bit flipped is corruption") {
  for (const auto& sample : samples()) {
    for (std::size_t bit = 0; bit < sample.bytes.size() * 8; ++bit) {
      auto bytes = sample.bytes;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      CHECK(sample.decode(bytes).error().code == errc::corruption);
    }
  }
}

TEST_CASE("damage under a right checksum never reads out of bounds") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::size_t refused = 0;
  for (const auto& sample : samples()) {
    for (int round = 0; round < 3000; ++round) {
      auto bytes = sample.bytes;
      for (auto edits = 1 + random() % 4; edits > 0; --edits) {
        const auto at = 4 + random() % (bytes.size() - 4);
        bytes[at] = static_cast<char>(random() % 3 == 0 ? 0xFF : random());
      }
      const auto outcome = sample.decode(resealed(bytes));
      if (outcome) continue;
      ++refused;
      const auto code = outcome.error().code;
      CHECK((code == errc::corruption || code == errc::unsupported));
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("a newer format, an unknown element type and an unknown shape are unsupported") {
  constexpr std::size_t kind_at = 5;
  constexpr std::size_t format_at = 6;
  for (const auto& sample : samples()) {
    auto bytes = sample.bytes;
    const auto newest = codec::format_newest(static_cast<codec::record>(bytes[kind_at]));
    bytes[format_at] = static_cast<char>(newest + 1);
    CHECK(sample.decode(resealed(bytes)).error().code == errc::unsupported);
  }
  std::string slot;
  REQUIRE(codec::encode_slot(point_id(1), {{"", {1}}}, slot));
  // header, id (9), vector count (2), name (2), then shape and element type
  const std::size_t shape_at = codec::frame_header_bytes + 9 + 2 + 2;
  for (const auto at : {shape_at, shape_at + 1}) {
    auto bytes = slot;
    bytes[at] = 4;
    CHECK(codec::decode_slot(0, resealed(bytes), "slot").error().code == errc::unsupported);
  }
}

TEST_CASE("vectors of every shape and element type come back as they were") {
  named_vector half{"half", {0.5F, -2, 65'504}};
  half.elements = element_type::float16;
  named_vector bytes{"bytes", {0, 127, 255}};
  bytes.elements = element_type::uint8;
  named_vector sparse{"sparse", {0.25F, -3}};
  sparse.shape = vector_shape::sparse;
  sparse.indices = {7, 4'000'000'000};
  named_vector rows{"rows", {1, 2, 3, 4, 5, 6}};
  rows.shape = vector_shape::multivector;
  rows.size = 3;
  named_vector nothing{"nothing", {}};
  nothing.shape = vector_shape::sparse;
  const std::vector<named_vector> vectors{bytes, half, nothing, rows, sparse};
  std::string row;
  REQUIRE(codec::encode_slot(point_id(1), vectors, row));
  const auto read = codec::decode_slot(5, row, "slot");
  REQUIRE(read);
  CHECK(read->vectors == vectors);
  for (std::size_t cut = codec::frame_header_bytes; cut < row.size(); ++cut)
    CHECK_FALSE(codec::decode_slot(5, std::string_view(row).substr(0, cut), "slot"));
}

TEST_CASE("a collection stored in format 3 has places by the order of its vectors") {
  constexpr std::size_t format_at = 6;
  constexpr std::size_t length_at = 8;
  collection_meta meta{uuid::random(), "docs", spec_of(4), 99};
  meta.spec.vectors[0].name = "a";
  meta.spec.vectors.push_back(meta.spec.vectors[0]);
  meta.spec.vectors[1].name = "b";
  meta.spec.sparse_vectors.push_back({"words", true});
  std::string record;
  REQUIRE(codec::encode_collection(meta, record));
  // What came with format 4: revisions, metadata, limits, and places with their marks.
  const std::size_t later = 2 * 4 + 4 + 1 + 4 + 3 * 12 + 4 + 8;
  record.resize(record.size() - later);
  record[format_at] = 3;
  const auto length = static_cast<std::uint32_t>(record.size() - codec::frame_header_bytes);
  for (std::size_t i = 0; i < 4; ++i)
    record[length_at + i] = static_cast<char>(length >> (8 * i) & 0xFF);
  const auto stored = codec::decode_collection(resealed(record), "collection");
  REQUIRE(stored);
  auto expected = meta.spec;
  expected.vectors[1].place.number = 1;
  expected.next_number = 2;
  CHECK(stored->spec == expected);
  // Read and written again, it is of the newest format.
  REQUIRE(codec::encode_collection(*stored, record));
  CHECK(record[format_at] == 4);
  CHECK(codec::decode_collection(record, "collection")->spec == expected);
}

TEST_CASE("a collection stored in format 1 is read with defaults for what came later") {
  constexpr std::size_t format_at = 6;
  collection_meta expected{uuid::random(), "docs", spec_of(4), 99};
  expected.spec.vectors[0].hnsw = hnsw_config{8, 50, 10, index_preset::balanced};
  std::string spec;
  byte_writer body(spec);
  for (const auto value : {24u, 100u, 1000u}) body.u32(value);  // graph parameters
  body.u16(1);                                                  // vectors
  body.u16(0);                                                  // name
  body.u8(1);                                                   // dense
  body.u8(1);                                                   // float32
  body.u8(static_cast<std::uint8_t>(expected.spec.vectors[0].metric));
  body.u32(4);
  body.u16(4);
  body.raw(expected.spec.vectors[0].index);
  body.u8(1);
  for (const auto value : {8u, 50u, 10u}) body.u32(value);
  expected.spec.hnsw.m = 24;
  const std::string id(reinterpret_cast<const char*>(expected.id.bytes.data()), 16);

  std::string record;
  const auto begin = codec::begin_frame(record);
  byte_writer fields(record);
  fields.raw(id);
  fields.u16(4);
  fields.raw("docs");
  fields.i64(99);
  fields.raw(spec);
  REQUIRE(codec::end_frame(codec::record::collection, record, begin));
  record[format_at] = 1;
  const auto stored = codec::decode_collection(resealed(record), "collection");
  REQUIRE(stored);
  CHECK(stored->name == "docs");
  auto placed = expected.spec;
  placed.next_number = 1;
  CHECK(stored->spec == placed);

  // The same creation in a journal entry: lsn, term, time, key, one effect of kind 3.
  std::string entry;
  const auto entry_begin = codec::begin_frame(entry);
  byte_writer head(entry);
  head.u64(5);
  head.u64(2);
  head.i64(1234);
  head.u32(0);
  head.u32(1);
  head.raw(id);
  head.u8(3);
  head.u16(4);
  head.raw("docs");
  head.i64(99);
  head.raw(spec);
  REQUIRE(codec::end_frame(codec::record::journal_entry, entry, entry_begin));
  const auto replayed = codec::decode_entry(entry, "entry");
  REQUIRE(replayed);
  REQUIRE(replayed->body.size() == 1);
  const auto* created = std::get_if<create_collection_effect>(&replayed->body[0].effect);
  REQUIRE(created != nullptr);
  CHECK(created->spec == expected.spec);
}

TEST_CASE("every combination of a quantization's parts comes back") {
  for (const auto kind :
       {quantization_kind::none, quantization_kind::scalar, quantization_kind::binary})
    for (const auto quantile : {std::optional<float>(), std::optional<float>(0.5F)})
      for (const auto always_ram :
           {std::optional<bool>(), std::optional<bool>(false), std::optional<bool>(true)}) {
        collection_meta meta{uuid::random(), "docs", spec_of(4), 99};
        meta.spec.quantization = quantization_config{kind, 4, quantile, always_ram};
        meta.spec.vectors[0].on_disk = true;
        std::string bytes;
        REQUIRE(codec::encode_collection(meta, bytes));
        const auto stored = codec::decode_collection(bytes, "collection");
        REQUIRE(stored);
        CHECK(stored->spec == meta.spec);
      }
}

TEST_CASE("a record read as another kind is corruption") {
  std::string bytes;
  REQUIRE(codec::encode_counters({}, bytes));
  CHECK(codec::decode_point(bytes, "point").error().code == errc::corruption);
}

TEST_CASE("keys come back and sort as their ids do") {
  std::vector<point_id> ids{point_id(0),        point_id(255),    point_id(256),
                            point_id(~0ull),    point_id(uuid{}), point_id(uuid::random()),
                            text_id("a"),       text_id("ab"),    text_id("b"),
                            text_id("\xC3\xA9")};
  std::sort(ids.begin(), ids.end());
  std::vector<std::string> keys;
  for (const auto& id : ids) {
    codec::encode_id_key(id, keys.emplace_back());
    const auto decoded = codec::decode_id_key(keys.back());
    REQUIRE(decoded);
    CHECK(*decoded == id);
  }
  CHECK(std::is_sorted(keys.begin(), keys.end()));
}

TEST_CASE("a key of the wrong length or kind is corruption") {
  using namespace std::string_literals;
  CHECK(codec::decode_id_key("").error().code == errc::corruption);
  CHECK(codec::decode_id_key("\0abc"s).error().code == errc::corruption);
  CHECK(codec::decode_id_key("\0abcdefghi"s).error().code == errc::corruption);
  CHECK(codec::decode_id_key("\2"s).error().code == errc::corruption);
  CHECK(codec::decode_id_key("\x09xxxxxxxx"s).error().code == errc::unsupported);
  CHECK(codec::decode_slot_key("abc").error().code == errc::corruption);
  CHECK(codec::decode_journal_key("abc").error().code == errc::corruption);
}
