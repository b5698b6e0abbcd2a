// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Writes the binary seeds of the corpora from valid values: seeds CORPUS_FOLDER. Texts are written
// by hand and lie beside them.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "actors/collection/row_numbers.hpp"
#include "actors/collection/slot_file.hpp"
#include "plugins/host/row_sums.hpp"
#include "protocols/codec/binary_upload.hpp"
#include "storage/codec.hpp"
#include "storage/codec_idempotency.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/unit/index_hnsw/plugin_harness.hpp"

using namespace thespis;
namespace stored = thespis::storage::codec;

namespace {

class corpus {
 public:
  corpus(const std::filesystem::path& root, const std::string& target) : folder_(root / target) {
    std::filesystem::create_directories(folder_);
  }

  void add(const std::string& name, char kind, const std::string& bytes) const {
    add(name, std::string(1, kind) + bytes);
  }
  void add(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary | std::ios::trunc) << bytes;
  }

 private:
  std::filesystem::path folder_;
};

uuid collection() { return *uuid::parse("7d444840-9dc0-11d1-b245-5ffdce74fad2"); }

std::vector<point_id> ids() {
  return {point_id(7), *point_id::from_string("d290f1ee-6c54-4b01-90e6-d701748f0851"),
          *point_id::from_string("a text"), point_id(~std::uint64_t{0})};
}

std::vector<named_vector> vectors() { return {{"", {0.5F, -1}}, {"title", {1, 2, 3}}}; }

collection_spec spec() {
  collection_spec made;
  vector_spec plain;
  plain.size = 4;
  vector_spec other;
  other.name = "title";
  other.size = 3;
  other.metric = distance::euclid;
  other.hnsw = hnsw_config{8, 50, 1000, index_preset::fast};
  other.quantization = quantization_config{quantization_kind::scalar, 8, 0.9F, true};
  other.on_disk = true;
  made.vectors = {plain, other};
  made.quantization = quantization_config{quantization_kind::binary, 2, {}, {}};
  return made;
}

std::string entry(const std::vector<effect>& effects, std::string_view key) {
  std::string bytes;
  stored::entry_encoder encoder(
      {12, 3, 1'700'000'000'000'000, key, static_cast<std::uint32_t>(effects.size())}, bytes);
  for (const auto& change : effects) encoder.add(collection(), change);
  (void)encoder.finish();
  return bytes;
}

void write_entries(const corpus& out) {
  const point full{ids()[2], vectors(), payload{"{\"a\":[1,true]}"}};
  const upsert_effect upsert{full, 5, 6, 7};
  out.add("entry_none", 'J', entry({}, ""));
  out.add("entry_upsert", 'J', entry({upsert}, "key"));
  out.add("entry_erase", 'J', entry({delete_effect{ids()[0]}, delete_effect{ids()[1]}}, ""));
  out.add(
      "entry_payload", 'J',
      entry({payload_effect{ids()[2], payload{"{\"b\":2}"}, 8}, payload_effect{ids()[0], {}, 9}},
            ""));
  out.add("entry_create", 'J', entry({create_collection_effect{"docs", spec(), 9}}, ""));
  out.add("entry_drop", 'J', entry({drop_collection_effect{"docs"}}, ""));
  out.add("entry_alias", 'J',
          entry({alias_effect{"live", collection()}, alias_effect{"old", std::nullopt}}, ""));
  out.add("entry_rename", 'J',
          entry({rename_collection_effect{"texts"}, truncate_collection_effect{}}, ""));
  out.add("entry_mixed", 'J', entry({upsert, delete_effect{ids()[1]}, upsert}, ""));
}

void write_records(const corpus& out) {
  write_entries(out);
  std::string bytes;
  (void)stored::encode_point({12, 3, 5, 6, 7, payload{"{\"a\":1}"}}, bytes);
  out.add("point", 'P', bytes);
  int number = 0;
  for (const auto& id : ids()) {
    (void)stored::encode_slot(id, vectors(), bytes);
    out.add("slot_" + std::to_string(number), 'S', bytes);
    stored::encode_id_key(id, bytes);
    out.add("key_" + std::to_string(number++), 'k', bytes);
  }
  storage::collection_counters counters;
  counters.next_slot = 9;
  (void)stored::encode_counters(counters, bytes);
  out.add("counters", 'N', bytes);
  (void)stored::encode_collection({collection(), "docs", spec(), 11}, bytes);
  out.add("collection", 'C', bytes);
  (void)stored::encode_alias({"live", collection()}, bytes);
  out.add("alias", 'A', bytes);
  (void)stored::encode_segments({{1, 5, 300}, {6, 6, 20}}, bytes);
  out.add("segments", 'G', bytes);
  (void)stored::encode_idempotency({{7, 9}, 12, 34, 5, storage::write_outcome::changed, {3, 2}},
                                   bytes);
  out.add("idempotency", 'I', bytes);
  (void)stored::encode_idempotency_order("order-17", bytes);
  out.add("idempotency_order", 'O', bytes);
  stored::encode_idempotency_key("order-17", bytes);
  out.add("key_idempotency", 'i', bytes);
  stored::encode_idempotency_order_key(12, bytes);
  out.add("key_idempotency_order", 'i', bytes);
  stored::encode_slot_key(5, bytes);
  out.add("key_slot", 'k', bytes);
  stored::encode_journal_key({5, 1}, bytes);
  out.add("key_entry", 'k', bytes);
}

void write_uploads(const corpus& out) {
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<point_id> numbers = {point_id(1), point_id(2), point_id(3), point_id(4)};
  const std::vector<std::string> payloads = {"{\"a\":1}", "", "{}", "{\"b\":{\"c\":[]}}"};
  out.add("numbers", *codec::encode_binary_upload({numbers, "", 2, rows, {}}));
  out.add("tagged", *codec::encode_binary_upload({ids(), "title", 2, rows, {}}));
  out.add("payloads", *codec::encode_binary_upload({ids(), "", 2, rows, payloads}));
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string slots(const std::filesystem::path& file, slot_t end) {
  actors::view seen;
  collection_meta meta;
  meta.id = collection();
  seen.meta = std::make_shared<const collection_meta>(meta);
  seen.lsn = 100;
  seen.end_slot = end;
  seen.vectors.resize(2);
  seen.vectors[1].spec.place.number = 1;
  for (slot_t slot = 0; slot < end; ++slot) {
    seen.slots.put(slot, ids()[slot % 4], slot);
    if (slot % 3 == 0) seen.vectors[slot % 2].dead.insert(slot);
    if (slot % 5 != 0) continue;
    seen.retired.insert(slot);
    for (auto& vector : seen.vectors) vector.dead.insert(slot);
  }
  const std::vector<actors::upkeep_marks> upkeep = {{1, 2}, {3, 4}};
  (void)actors::save_slots(file, seen, 2, upkeep);
  return bytes_of(file);
}

void write_index_files(const corpus& out) {
  const tests::scratch_folder folder;
  const auto file = folder.path() / "x";
  plugins::index_file_header header;
  header.stamp = {collection(), "title", 2, 70, 100};
  header.metric = distance::dot;
  header.dimension = 3;
  header.plugin_name = "rows";
  header.plugin_version = "1";
  for (const std::size_t bytes : {0, 1, 200}) {
    const std::string payload(bytes, 'p');
    const auto writer = plugins::index_file_writer::open(file, header);
    (void)(*writer)->write(payload.data(), payload.size());
    (void)(*writer)->finish();
    out.add("file_" + std::to_string(bytes), 'x', bytes_of(file));
  }
  const std::vector<unsigned char> rows(std::size_t{3000} * 1024);
  for (const slot_t end : {0u, 70u, 3000u}) {
    header.stamp.next_slot = end;
    plugins::row_sums sums(1024);
    (void)sums.save(
        file, header, [&](slot_t slot) { return rows.data() + std::size_t{slot} * 1024; }, ok);
    out.add("sums_" + std::to_string(end), 'r', bytes_of(file));
  }
  for (const slot_t end : {0u, 5u, 70u})
    out.add("slots_" + std::to_string(end), 's', slots(file, end));
  for (const slot_t end : {0u, 1u, 70u}) {
    actors::row_table numbered;
    for (slot_t slot = 0; slot < end; ++slot) numbered.put(slot, slot % 4);
    const plugins::index_file_stamp stamp{collection(), "words", 2, end, 100};
    (void)actors::save_row_numbers(file, stamp, 7, numbered, end / 3);
    out.add("numbers_" + std::to_string(end), 'n', bytes_of(file));
  }
}

// The kinds are those that the target's first byte has.
void write_graphs(const corpus& out) {
  constexpr const char* quantizers[] = {"none", "sq8", "sq4", "binary"};
  test::rows stored_rows(THESPIS_METRIC_EUCLID, 12, 96);
  stored_rows.fill(31);
  test::rows many(THESPIS_METRIC_EUCLID, 12, 300);
  many.fill(32);
  for (int kind = 0; kind < 4; ++kind) {
    test::graph_index small(stored_rows, 4, 16, 42, quantizers[kind]);
    out.add("empty_" + std::to_string(kind), static_cast<char>(kind), small.save());
    small.insert_range(0, 60);
    const auto bytes = small.save();
    for (const int more : {0, 4, 8, 12})
      out.add("plain_" + std::to_string(kind + more), static_cast<char>(kind + more), bytes);
    // Codes are learnt from many nodes, of which the first are saved.
    test::graph_index coded(many, 4, 16, 42, quantizers[kind]);
    coded.insert_range(0, 300);
    for (const int more : {0, 4, 8})
      out.add("coded_" + std::to_string(kind + more), static_cast<char>(kind + more),
              coded.save(static_cast<std::uint32_t>(16 + 10 * more)));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: fuzz_seeds CORPUS_FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path root(arguments[1]);
  write_records({root, "records"});
  write_uploads({root, "uploads"});
  write_index_files({root, "index_files"});
  write_graphs({root, "graph_files"});
  return 0;
}
