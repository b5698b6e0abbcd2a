// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/derived_files.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <system_error>

#include "actors/collection/row_files.hpp"
#include "actors/collection/slot_file.hpp"
#include "actors/collection/sparse_vectors.hpp"
#include "core/log.hpp"
#include "plugins/host/arena.hpp"
#include "plugins/host/index_file.hpp"

namespace thespis::actors::derived_files {

namespace {

constexpr const char* rows_extension = ".rows";
constexpr const char* sums_extension = ".rows.sums";
constexpr const char* made_anew =
    "nothing: the next start leaves it out and makes it anew; 'thespis check --repair' removes it";

std::set<std::string> names_of(const collection_meta& meta) {
  std::set<std::string> names = {slots_name};
  for (const auto& vector : meta.spec.vectors) {
    names.insert(of_index({}, vector, index_extension).string());
    names.insert(of_index({}, vector, row_index_extension).string());
    for (const auto* extension : {rows_extension, sums_extension, row_numbers_extension})
      names.insert(of_vector({}, vector.place, extension).string());
  }
  for (const auto& vector : meta.spec.sparse_vectors)
    names.insert(of_vector({}, vector.place, postings_extension).string());
  return names;
}

/// A check of one collection's files.
class files_check {
 public:
  files_check(const collection_meta& meta, const storage::collection_counters* counters,
              std::filesystem::path folder, bool repair)
      : meta_(meta), counters_(counters), folder_(std::move(folder)), repair_(repair) {}

  void look_at_indexes();
  void look_at_postings();
  void look_at_row_indexes();
  void look_at_rows();
  void look_at_slots(storage::collection_snapshot* snapshot);
  health_component take() { return std::move(found_); }

 private:
  [[nodiscard]] result<void> fits(const plugins::index_file_stamp& stamp,
                                  const std::string& vector_name) const;
  [[nodiscard]] result<void> compare(const saved_slots& saved,
                                     storage::collection_snapshot& snapshot) const;
  [[nodiscard]] plugins::index_file_stamp stamp(const std::string& vector_name) const;
  void damaged(const std::filesystem::path& file, const error& why,
               const std::vector<std::filesystem::path>& removed);

  const collection_meta& meta_;
  const storage::collection_counters* const counters_;
  const std::filesystem::path folder_;
  const bool repair_;
  health_component found_{.name = "derived files"};
};

void files_check::damaged(const std::filesystem::path& file, const error& why,
                          const std::vector<std::filesystem::path>& removed) {
  health_finding damage{file.string(), why.message, made_anew, true, {}};
  if (repair_) {
    std::error_code failure;
    for (const auto& one : removed)
      if (!failure) std::filesystem::remove(one, failure);
    if (failure)
      damage.remedy = "it cannot be removed: " + failure.message();
    else
      damage.repaired = "removed, the next start makes it anew";
  }
  found_.add(std::move(damage));
}

plugins::index_file_stamp files_check::stamp(const std::string& vector_name) const {
  if (counters_ == nullptr)
    return {meta_.id, vector_name, 0, no_slot, std::numeric_limits<lsn_t>::max()};
  return {meta_.id, vector_name, counters_->generation, counters_->next_slot, counters_->lsn};
}

result<void> files_check::fits(const plugins::index_file_stamp& found,
                               const std::string& vector_name) const {
  const auto expected = stamp(vector_name);
  const auto unfit = [](const char* why) { return error(errc::failed_precondition, why); };
  if (found.collection != meta_.id || found.vector_name != vector_name)
    return unfit("it belongs to another collection or vector");
  if (found.generation != expected.generation) return unfit("it is of another generation");
  if (found.next_slot > expected.next_slot || found.lsn > expected.lsn)
    return unfit("it is newer than the collection");
  return ok();
}

void files_check::look_at_indexes() {
  for (const auto& vector : meta_.spec.vectors) {
    const auto file = of_index(folder_, vector, index_extension);
    const auto opened = plugins::index_file_reader::open(file);
    if (!opened && opened.error().code == errc::not_found) continue;
    ++found_.checked;
    auto sound =
        opened ? fits((*opened)->header().stamp, vector.name) : result<void>(opened.error());
    if (!sound) damaged(file, sound.error(), {file});
  }
}

void files_check::look_at_postings() {
  for (const auto& vector : meta_.spec.sparse_vectors) {
    const auto file = of_vector(folder_, vector.place, postings_extension);
    const auto loaded = load_postings(file, stamp(vector.name));
    if (!loaded && loaded.error().code == errc::not_found) continue;
    ++found_.checked;
    if (!loaded) damaged(file, loaded.error(), {file});
  }
}

void files_check::look_at_row_indexes() {
  for (const auto& vector : meta_.spec.vectors) {
    if (!vector.multivector) continue;
    const auto sound = check_row_files(folder_, vector, stamp(vector.name));
    if (!sound && sound.error().code == errc::not_found) continue;
    ++found_.checked;
    const auto index = of_index(folder_, vector, row_index_extension);
    if (!sound)
      damaged(index, sound.error(),
              {index, of_vector(folder_, vector.place, row_numbers_extension)});
  }
}

void files_check::look_at_rows() {
  for (const auto& spec : meta_.spec.vectors) {
    const auto file = of_vector(folder_, spec.place, rows_extension);
    const auto sums = of_vector(folder_, spec.place, sums_extension);
    // Rows without sums are rows that were never saved.
    if (!std::filesystem::exists(file) || !std::filesystem::exists(sums)) continue;
    ++found_.checked;
    const auto now = stamp(spec.name);
    const plugins::arena_file where{file,          meta_.id, spec.name,    now.generation,
                                    now.next_slot, now.lsn,  spec.on_disk, {}};
    const auto rows = plugins::arena::check(spec.size, spec.metric, where);
    if (!rows)
      damaged(file, rows.error(), {sums, file});
    else if (rows->good_end < rows->saved_end)
      damaged(file,
              {errc::corruption, "rows from slot " + std::to_string(rows->good_end) +
                                     " on do not match their checksums"},
              {sums, file});
  }
}

void files_check::look_at_slots(storage::collection_snapshot* snapshot) {
  const auto file = folder_ / slots_name;
  auto saved = load_slots(file, stamp(""), dense_places(meta_.spec));
  if (!saved && saved.error().code == errc::not_found) return;
  ++found_.checked;
  auto sound = saved ? ok() : result<void>(saved.error());
  if (sound && snapshot != nullptr && counters_ != nullptr) sound = compare(*saved, *snapshot);
  if (!sound) damaged(file, sound.error(), {file});
}

// A slot that lives in storage and that the file knows has lived there when it was written.
result<void> files_check::compare(const saved_slots& saved,
                                  storage::collection_snapshot& snapshot) const {
  std::string wrong;
  std::uint64_t stored = 0;
  const auto read = snapshot.scan_slots(0, [&](storage::slot_row&& row) {
    if (row.slot >= saved.next_slot) return false;
    ++stored;
    if (saved.retired.contains(row.slot))
      wrong = "slot " + std::to_string(row.slot) + " is stored, but dead in the file";
    else if (saved.slots.id(row.slot) != row.id)
      wrong = "slot " + std::to_string(row.slot) + " belongs to another point";
    return wrong.empty();
  });
  if (!read) return ok();  // the tables have findings of their own
  std::uint64_t live = 0;
  for (slot_t slot = 0; slot < saved.next_slot; ++slot)
    live += saved.retired.contains(slot) ? 0 : 1;
  if (wrong.empty() && saved.lsn == counters_->lsn && live != stored)
    wrong = std::to_string(live) + " slots live in the file, but " + std::to_string(stored) +
            " are stored";
  return wrong.empty() ? ok() : result<void>(error(errc::corruption, wrong));
}

}  // namespace

std::filesystem::path of_vector(const std::filesystem::path& folder, const vector_place& place,
                                const char* extension) {
  return folder / ("vector-" + std::to_string(place.number) + extension);
}

// A file of other parameters must never be taken for one of these, so they have other names.
std::filesystem::path of_index(const std::filesystem::path& folder, const vector_spec& spec,
                               const char* extension) {
  if (spec.revision == 0) return of_vector(folder, spec.place, extension);
  const auto revision = "-r" + std::to_string(spec.revision) + extension;
  return of_vector(folder, spec.place, revision.c_str());
}

void remove_all(const std::filesystem::path& folder, const vector_place& place) {
  const auto prefix = of_vector({}, place, "").string();
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    const auto name = entry.path().filename().string();
    // Numbers of sparse vectors may be those of others.
    const bool its = name.starts_with(prefix) && name.size() > prefix.size() &&
                     (name[prefix.size()] == '.' || name[prefix.size()] == '-') &&
                     entry.path().extension() != postings_extension;
    std::error_code kept;  // the next start removes it, too
    if (its) std::filesystem::remove(entry.path(), kept);
  }
}

void remove_strays(const std::filesystem::path& folder, const collection_meta& meta) {
  const auto known = names_of(meta);
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    // One that ends in ".tmp" may be on its way; what a crash left of those went before.
    if (known.contains(entry.path().filename().string()) || entry.path().extension() == ".tmp")
      continue;
    std::error_code kept;
    std::filesystem::remove(entry.path(), kept);
    log::info("collection",
              kept ? "a file that is not its own cannot be removed"
                   : "removed a file that is not its own",
              {{"collection", meta.name}, {"file", entry.path().string()}});
  }
}

std::vector<health_component> check(const collection_meta& meta,
                                    const storage::collection_counters* counters,
                                    storage::collection_snapshot* snapshot,
                                    const std::filesystem::path& folder, bool repair) {
  files_check files(meta, counters, folder, repair);
  files.look_at_indexes();
  files.look_at_postings();
  files.look_at_row_indexes();
  files.look_at_rows();
  files.look_at_slots(snapshot);
  return {files.take()};
}

}  // namespace thespis::actors::derived_files
