// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/row_numbers.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <system_error>
#include <utility>

#include "actors/collection/derived_files.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "plugins/host/index_file.hpp"

namespace thespis::actors {

namespace {

constexpr const char* format_name = "row numbers";
constexpr const char* format_version = "1";
/// If more than one row in so many was dead, rows are better numbered anew.
constexpr row_t dead_part_max = 2;
constexpr std::size_t counts_per_piece = 4096;

struct file_head {
  std::uint32_t byte_order = 0x01020304;
  std::uint32_t numbering = 0;
  row_t end_row = 0;
  row_t dead_rows = 0;
};

row_t end_row_of(const row_table& rows, slot_t end_slot) {
  for (auto slot = end_slot; slot > 0; --slot)
    if (const auto range = rows.rows(slot - 1); range.count != 0) return range.first + range.count;
  return 0;
}

error unfit(const std::filesystem::path& file, const std::string& why) {
  return {errc::failed_precondition, "row numbers " + file.string() + ": " + why};
}

std::filesystem::path numbers_of(const std::filesystem::path& folder, std::size_t ordinal) {
  return derived_files::of_vector(folder, ordinal, derived_files::row_numbers_extension);
}

std::filesystem::path index_of(const std::filesystem::path& folder, std::size_t ordinal) {
  return derived_files::of_vector(folder, ordinal, derived_files::row_index_extension);
}

/// The first slot of which the first `end` rows have nothing; none if they end within a slot.
std::optional<slot_t> slot_after(const row_table& rows, row_t end) {
  if (end == 0) return 0;
  const auto slot = rows.slot(end - 1);
  const auto range = rows.rows(slot);
  if (range.first + range.count != end) return std::nullopt;
  return slot + 1;
}

std::uint32_t other_numbering() {
  std::random_device source;
  return static_cast<std::uint32_t>(source()) | 1u;
}

}  // namespace

result<void> save_row_numbers(const std::filesystem::path& file,
                              const plugins::index_file_stamp& stamp, std::uint32_t numbering,
                              const row_table& rows, row_t dead_rows) {
  plugins::index_file_header header;
  header.stamp = stamp;
  header.plugin_name = format_name;
  header.plugin_version = format_version;
  THESPIS_TRY(const auto out, plugins::index_file_writer::open(file, header));
  const file_head head{file_head().byte_order, numbering, end_row_of(rows, stamp.next_slot),
                       dead_rows};
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

void row_files::open(const std::filesystem::path& folder, std::size_t ordinal,
                     const plugins::index_file_stamp& expected) {
  numbers_file_ = numbers_of(folder, ordinal);
  index_file_ = index_of(folder, ordinal);
  vector_name_ = expected.vector_name;
  auto numbers = load_row_numbers(numbers_file_, expected);
  if (!numbers)
    return number_anew(numbers.error().code == errc::not_found ? "" : numbers.error().message);
  if (numbers->dead_rows > numbers->end_row / dead_part_max)
    return number_anew(std::to_string(numbers->dead_rows) + " of " +
                       std::to_string(numbers->end_row) + " rows are dead");
  numbering_ = numbers->numbering;
  kept_ = std::move(*numbers);
}

// An index of an earlier numbering must not be found again.
void row_files::number_anew(const std::string& why) {
  std::error_code failed;
  std::filesystem::remove(index_file_, failed);
  std::filesystem::remove(numbers_file_, failed);
  numbering_ = other_numbering();
  kept_.reset();
  if (!why.empty())
    log::warn("collection", "rows are numbered anew, and their index is built again",
              {{"vector", vector_name_}, {"why", why}});
}

void row_files::reach(slot_t slot, row_t count, row_table& rows, slot_bitmap& dead_rows) {
  if (!kept_) return;
  if (slot < next_slot_) return number_anew("slots were read twice");
  for (; next_slot_ < std::min(slot, kept_->end_slot); ++next_slot_) {
    const auto first = rows.end_row();
    rows.put(next_slot_, kept_->counts[next_slot_]);
    for (auto row = first; row < rows.end_row(); ++row) dead_rows.insert(row);
  }
  if (slot >= kept_->end_slot) return;
  if (kept_->counts[slot] != count)
    return number_anew("slot " + std::to_string(slot) + " has " + std::to_string(count) +
                       " rows, expected " + std::to_string(kept_->counts[slot]));
  next_slot_ = slot + 1;
}

std::uint64_t row_files::saved_bytes() const noexcept {
  std::error_code missing;
  const auto bytes = kept_ ? std::filesystem::file_size(index_file_, missing) : 0;
  return missing ? 0 : bytes;
}

result<std::optional<slot_t>> row_files::load(plugins::index& index, plugins::arena& arena,
                                              const plugins::index_file_stamp& expected,
                                              row_table& rows, slot_bitmap& dead_rows) {
  if (kept_) reach(kept_->end_slot, 0, rows, dead_rows);
  THESPIS_CHECK(arena.extend(rows.end_row()));  // the last rows may be of dead slots
  if (!kept_) return std::optional<slot_t>();
  const auto numbers = std::move(*kept_);
  kept_.reset();
  auto stamp = expected;
  stamp.generation = numbers.numbering;
  stamp.next_slot = numbers.end_row;
  const auto loaded = index.load(index_file_, stamp, &dead_rows);
  if (loaded) {
    if (auto end = slot_after(rows, loaded->next_slot)) {
      while (*end < numbers.end_slot && numbers.counts[*end] == 0) ++*end;
      return end;
    }
    number_anew("the index ends within the rows of a point");
  } else if (loaded.error().code != errc::not_found) {
    number_anew(loaded.error().message);
  }
  return std::optional<slot_t>();
}

result<void> row_files::save(const plugins::index& index, const plugins::index_file_stamp& stamp,
                             const row_table& rows, row_t dead_rows) const {
  THESPIS_CHECK(save_row_numbers(numbers_file_, stamp, numbering_, rows, dead_rows));
  auto of_rows = stamp;
  of_rows.generation = numbering_;
  of_rows.next_slot = end_row_of(rows, stamp.next_slot);
  return index.save(index_file_, of_rows);
}

result<void> check_row_files(const std::filesystem::path& folder, std::size_t ordinal,
                             const plugins::index_file_stamp& expected) {
  const auto file = index_of(folder, ordinal);
  const auto numbers = load_row_numbers(numbers_of(folder, ordinal), expected);
  const auto opened = plugins::index_file_reader::open(file);
  const bool alone = !opened && opened.error().code == errc::not_found;
  if (!numbers && (numbers.error().code != errc::not_found || alone)) return numbers.error();
  if (alone) return ok();
  if (!opened) return opened.error();
  const auto& stamp = (*opened)->header().stamp;
  const auto wrong = [&](const std::string& why) {
    return error(errc::failed_precondition, "index of rows " + file.string() + ": " + why);
  };
  if (!numbers) return wrong("the numbers of its rows are missing");
  if (stamp.collection != expected.collection || stamp.vector_name != expected.vector_name)
    return wrong("of another collection or vector");
  if (stamp.generation != numbers->numbering) return wrong("of another numbering of rows");
  if (stamp.next_slot > numbers->end_row || stamp.lsn > expected.lsn)
    return wrong("newer than the numbers of its rows");
  return ok();
}

}  // namespace thespis::actors
