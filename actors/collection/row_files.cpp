// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/row_files.hpp"

#include <algorithm>
#include <random>
#include <system_error>
#include <utility>

#include "actors/collection/derived_files.hpp"
#include "core/log.hpp"
#include "plugins/host/index_file.hpp"

namespace thespis::actors {

namespace {

/// If more than one row in so many was dead, rows are better numbered anew.
constexpr row_t dead_part_max = 2;

std::filesystem::path numbers_of(const std::filesystem::path& folder, const vector_spec& spec) {
  return derived_files::of_vector(folder, spec.place, derived_files::row_numbers_extension);
}

std::filesystem::path index_of(const std::filesystem::path& folder, const vector_spec& spec) {
  return derived_files::of_index(folder, spec, derived_files::row_index_extension);
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

std::filesystem::path row_files::revise(std::filesystem::path index_file) {
  return std::exchange(index_file_, std::move(index_file));
}

void row_files::open(const std::filesystem::path& folder, const vector_spec& spec,
                     const plugins::index_file_stamp& expected) {
  numbers_file_ = numbers_of(folder, spec);
  index_file_ = index_of(folder, spec);
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

result<std::optional<slot_t>> row_files::load(plugins::index& index, bool wanted,
                                              plugins::arena& arena,
                                              const plugins::index_file_stamp& expected,
                                              row_table& rows, slot_bitmap& dead_rows) {
  if (kept_) reach(kept_->end_slot, 0, rows, dead_rows);
  THESPIS_CHECK(arena.extend(rows.end_row()));  // the last rows may be of dead slots
  const auto numbers = std::exchange(kept_, std::nullopt).value_or(row_numbers());
  if (!wanted || numbers.numbering == 0) return std::optional<slot_t>();
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

result<void> check_row_files(const std::filesystem::path& folder, const vector_spec& spec,
                             const plugins::index_file_stamp& expected) {
  const auto file = index_of(folder, spec);
  const auto numbers = load_row_numbers(numbers_of(folder, spec), expected);
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
