// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Derived files: the frame of index files, sums of rows, slots, numbers of rows. The first byte of
// an input says which; where a build checks checksums, those of the input are made right first.

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "actors/collection/row_numbers.hpp"
#include "actors/collection/slot_file.hpp"
#include "plugins/host/index_file.hpp"
#include "plugins/host/row_sums.hpp"
#include "tests/fuzz/file_seal.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;
using namespace thespis::fuzz;

namespace {

constexpr slot_t slots_max = 5000;
constexpr lsn_t lsn_max = 1'000'000;
constexpr std::size_t vectors = 2;
constexpr actors::row_t rows_written_max = 100'000;
constexpr std::uint64_t stride_bytes = 1024;

// A file in memory that has a path.
class memory_file {
 public:
  explicit memory_file(const std::string& bytes)
      : descriptor_(::memfd_create("input", MFD_CLOEXEC)) {
    require(descriptor_ >= 0, "a file in memory can be made");
    const auto written = ::pwrite(descriptor_, bytes.data(), bytes.size(), 0);
    require(written == static_cast<ssize_t>(bytes.size()), "a file in memory can be written");
  }
  ~memory_file() { ::close(descriptor_); }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;

  [[nodiscard]] std::filesystem::path path() const {
    return "/proc/self/fd/" + std::to_string(descriptor_);
  }

 private:
  int descriptor_;
};

std::filesystem::path scratch_file() {
  static const tests::scratch_folder folder;
  return folder.path() / "written";
}

uuid collection() { return *uuid::parse("7d444840-9dc0-11d1-b245-5ffdce74fad2"); }

result<std::string> payload_of(plugins::index_file_reader& in, std::size_t piece) {
  std::string payload;
  while (payload.size() < in.payload_bytes()) {
    const auto at = payload.size();
    const auto part = std::min<std::size_t>(piece, in.payload_bytes() - at);
    payload.resize(at + part);
    THESPIS_CHECK(in.read(payload.data() + at, part));
  }
  char beyond = 0;
  require(!in.read(&beyond, 1), "nothing is read past the end");
  THESPIS_CHECK(in.finish());
  return payload;
}

void read_index_file(const std::string& bytes) {
  const memory_file file(bytes);
  const auto in = plugins::index_file_reader::open(file.path());
  if (!in) return require_damage(in.error());
  require((*in)->payload_bytes() <= bytes.size(), "the payload is a part of the file");
  const auto payload = payload_of(**in, 7 + bytes.size() % 64);
  require(static_cast<bool>(payload), "a checked payload can be read");

  const auto written = scratch_file();
  const auto out = plugins::index_file_writer::open(written, (*in)->header());
  require(static_cast<bool>(out), "what was read can be written");
  require((*out)->write(payload->data(), payload->size()) && (*out)->finish(), "to its end");
  const auto again = plugins::index_file_reader::open(written);
  require(static_cast<bool>(again), "what was written can be read");
  const auto& one = (*in)->header();
  const auto& other = (*again)->header();
  require(one.stamp.collection == other.stamp.collection && one.stamp.lsn == other.stamp.lsn &&
              one.stamp.vector_name == other.stamp.vector_name &&
              one.stamp.generation == other.stamp.generation &&
              one.stamp.next_slot == other.stamp.next_slot && one.metric == other.metric &&
              one.dimension == other.dimension && one.plugin_name == other.plugin_name &&
              one.plugin_version == other.plugin_version,
          "a header comes back as it was");
  require(*payload_of(**again, 4096) == *payload, "a payload comes back as it was");
}

void read_row_sums(const std::string& bytes) {
  static const std::vector<unsigned char> rows(slots_max * stride_bytes);
  plugins::index_file_header expected;
  expected.stamp = {collection(), "title", 2, slots_max, lsn_max};
  expected.metric = distance::dot;
  expected.dimension = 3;
  expected.plugin_name = "rows";
  expected.plugin_version = "1";
  const memory_file file(bytes);
  plugins::row_sums sums(stride_bytes);
  const auto end = sums.load(file.path(), expected);
  if (!end) return require_damage(end.error());
  require(*end <= slots_max, "sums go no further than the collection");
  const auto row = [&](slot_t slot) { return rows.data() + slot * stride_bytes; };
  const auto good = sums.verify(*end, row);
  require(good <= *end, "no more rows are right than there are sums");
}

bool equal(const slot_bitmap& a, const slot_bitmap& b, slot_t end) {
  if (a.size() != b.size()) return false;
  for (slot_t slot = 0; slot < end; ++slot)
    if (a.contains(slot) != b.contains(slot)) return false;
  return true;
}

const std::vector<vector_place>& places() {
  static const std::vector<vector_place> all{{0, {}}, {1, {}}};
  return all;
}

void read_slots(const std::string& bytes) {
  const plugins::index_file_stamp expected{collection(), "", 2, slots_max, lsn_max};
  const memory_file file(bytes);
  const auto read = actors::load_slots(file.path(), expected, places());
  if (!read) return require_damage(read.error());
  require(read->next_slot <= slots_max && read->dead.size() == vectors, "slots are bounded");

  actors::view seen;
  collection_meta meta;
  meta.id = collection();
  seen.meta = std::make_shared<const collection_meta>(meta);
  seen.lsn = read->lsn;
  seen.end_slot = read->next_slot;
  seen.slots = read->slots;
  seen.retired = read->retired;
  for (std::size_t i = 0; i < vectors; ++i) {
    auto& shown = seen.vectors.emplace_back();
    shown.spec.place = places()[i];
    shown.dead = read->dead[i];
  }
  const auto written = scratch_file();
  require(static_cast<bool>(actors::save_slots(written, seen, expected.generation, read->upkeep)),
          "what was read can be written");
  const auto again = actors::load_slots(written, expected, places());
  require(static_cast<bool>(again), "what was written can be read");
  require(again->next_slot == read->next_slot && again->lsn == read->lsn, "with the same stamp");
  for (slot_t slot = 0; slot < read->next_slot; ++slot) {
    require(again->slots.id(slot) == read->slots.id(slot), "an id comes back as it was");
    const auto version = read->slots.version(slot);
    require(again->slots.version(slot) ==
                (version > read->lsn ? actors::slot_table::version_unknown : version),
            "a version comes back, or is not known");
  }
  require(equal(again->retired, read->retired, read->next_slot), "the retired stay retired");
  for (std::size_t i = 0; i < vectors; ++i)
    require(equal(again->dead[i], read->dead[i], read->next_slot), "the dead stay dead");
}

void read_numbers(const std::string& bytes) {
  const plugins::index_file_stamp expected{collection(), "words", 2, slots_max, lsn_max};
  const memory_file file(bytes);
  const auto read = actors::load_row_numbers(file.path(), expected);
  if (!read) return require_damage(read.error());
  require(read->end_slot <= slots_max && read->counts.size() == read->end_slot,
          "numbers go no further than the collection");
  if (read->end_row > rows_written_max) return;
  actors::row_table rows;
  for (slot_t slot = 0; slot < read->end_slot; ++slot) rows.put(slot, read->counts[slot]);
  require(rows.end_row() == read->end_row, "counts add up");
  const auto written = scratch_file();
  auto stamp = expected;
  stamp.next_slot = read->end_slot;
  require(static_cast<bool>(
              actors::save_row_numbers(written, stamp, read->numbering, rows, read->dead_rows)),
          "what was read can be written");
  const auto again = actors::load_row_numbers(written, expected);
  require(static_cast<bool>(again), "what was written can be read");
  require(again->numbering == read->numbering && again->counts == read->counts &&
              again->dead_rows == read->dead_rows,
          "numbers come back as they were");
}

}  // namespace

void thespis::fuzz::check_input(std::string_view input) {
  switch (take_byte(input)) {
    case 'x': read_index_file(seal_index_file(input)); break;
    case 'r': read_row_sums(seal_index_file(input)); break;
    case 's': read_slots(seal_index_file(input)); break;
    case 'n': read_numbers(seal_index_file(input)); break;
    default: break;
  }
}
