// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/row_numbers.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "core/limits.hpp"
#include "plugins/host/index_file.hpp"

namespace thespis::actors {

namespace {

constexpr const char* format_name = "row numbers";
constexpr const char* format_version = "1";
constexpr std::size_t counts_per_piece = 4096;

struct file_head {
  std::uint32_t byte_order = 0x01020304;
  std::uint32_t numbering = 0;
  row_t end_row = 0;
  row_t dead_rows = 0;
};

error unfit(const std::filesystem::path& file, const std::string& why) {
  return {errc::failed_precondition, "row numbers " + file.string() + ": " + why};
}

}  // namespace

row_t end_row_of(const row_table& rows, slot_t end_slot) {
  for (auto slot = end_slot; slot > 0; --slot)
    if (const auto range = rows.rows(slot - 1); range.count != 0) return range.first + range.count;
  return 0;
}

result<void> save_row_numbers(const std::filesystem::path& file,
                              const plugins::index_file_stamp& stamp, std::uint32_t numbering,
                              const row_table& rows, row_t dead_rows) {
  plugins::index_file_header header;
  header.stamp = stamp;
  header.plugin_name = format_name;
  header.plugin_version = format_version;
  THESPIS_TRY(const auto out, plugins::index_file_writer::open(file, header));
  const auto end_row = end_row_of(rows, stamp.next_slot);
  const file_head head{file_head().byte_order, numbering, end_row, std::min(dead_rows, end_row)};
  THESPIS_CHECK(out->write(&head, sizeof head));
  std::vector<row_t> counts;
  for (slot_t slot = 0; slot < stamp.next_slot;) {
    counts.clear();
    for (; slot < stamp.next_slot && counts.size() < counts_per_piece; ++slot)
      counts.push_back(rows.rows(slot).count);
    THESPIS_CHECK(out->write(counts.data(), counts.size() * sizeof(row_t)));
  }
  return out->finish();
}

result<row_numbers> load_row_numbers(const std::filesystem::path& file,
                                     const plugins::index_file_stamp& expected) {
  THESPIS_TRY(const auto in, plugins::index_file_reader::open(file));
  const auto& header = in->header();
  const auto& stamp = header.stamp;
  if (header.plugin_name != format_name || header.plugin_version != format_version)
    return unfit(file, "another format");
  if (stamp.collection != expected.collection || stamp.generation != expected.generation ||
      stamp.vector_name != expected.vector_name)
    return unfit(file, "of another collection or vector");
  if (stamp.next_slot > expected.next_slot || stamp.lsn > expected.lsn)
    return unfit(file, "newer than the collection");
  file_head head;
  THESPIS_CHECK(in->read(&head, sizeof head));
  if (head.byte_order != file_head().byte_order)
    return unfit(file, "written by a machine of another byte order");
  row_numbers found;
  found.numbering = head.numbering;
  found.end_slot = stamp.next_slot;
  found.end_row = head.end_row;
  found.dead_rows = head.dead_rows;
  if (in->payload_bytes() != sizeof head + std::uint64_t{found.end_slot} * sizeof(row_t))
    return error(errc::corruption, "row numbers " + file.string() + ": of another length");
  found.counts.resize(found.end_slot);
  THESPIS_CHECK(in->read(found.counts.data(), found.counts.size() * sizeof(row_t)));
  THESPIS_CHECK(in->finish());
  const auto sum = std::accumulate(found.counts.begin(), found.counts.end(), std::uint64_t{0});
  if (sum != found.end_row || sum > limits::slots_max || found.dead_rows > found.end_row)
    return error(errc::corruption, "row numbers " + file.string() + ": slots have " +
                                       std::to_string(sum) + " rows, expected " +
                                       std::to_string(found.end_row));
  return found;
}

}  // namespace thespis::actors
