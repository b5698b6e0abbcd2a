// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/table_verify.hpp"

#include <set>
#include <system_error>
#include <utility>

#include "core/clock.hpp"

namespace thespis::storage {

namespace {

constexpr std::string_view prefix = "table:";

std::filesystem::path copies_in(const std::filesystem::path& database) {
  return database.parent_path() / "salvaged";
}

std::string file_of(const std::string& table) { return table.substr(prefix.size()) + ".wt"; }

}  // namespace

bool table_verify::sound(const std::string& table) const {
  const auto found = tables_.find(table);
  return found != tables_.end() && found->second != state::damaged;
}

// Also by an earlier run: its copy is there until somebody has looked at what was lost.
bool table_verify::salvaged(const std::string& table) const {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return false;
  if (found->second == state::salvaged) return true;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(copies_in(database_), missing))
    if (entry.path().filename().string().starts_with(file_of(table) + ".")) return true;
  return false;
}

result<void> table_verify::run() {
  std::set<std::string> names;
  {
    THESPIS_TRY(auto list, session_.open_names());
    while (true) {
      THESPIS_TRY(const bool more, list.next());
      if (!more) break;
      THESPIS_TRY(const auto name, list.key());
      if (name.starts_with(prefix)) names.emplace(name);
    }
  }
  for (const auto& name : names) {
    THESPIS_TRY(tables_[name], look_at(name));
    ++found_.checked;
  }
  return ok();
}

result<table_verify::state> table_verify::look_at(const std::string& table) {
  auto verified = session_.verify(table);
  if (verified) return state::sound;
  if (verified.error().code != errc::corruption) return verified.error();
  health_finding damage{table,
                        verified.error().message,
                        "run 'thespis check --repair', which saves what can be read",
                        true,
                        {}};
  if (!std::filesystem::exists(database_ / file_of(table))) {
    damage.what = "its file is missing";
    damage.remedy = "restore the data folder from a copy, or drop the collection";
    found_.add(std::move(damage));
    return state::damaged;
  }
  if (!salvage_) {
    found_.add(std::move(damage));
    return state::damaged;
  }
  THESPIS_TRY(const auto copy, keep_copy(table));
  auto salvaged = session_.salvage(table);
  if (salvaged) salvaged = session_.verify(table);
  if (!salvaged) {
    damage.what += "; salvage failed: " + salvaged.error().message;
    damage.remedy = "restore the data folder from a copy; the damaged file is kept as " + copy;
    found_.add(std::move(damage));
    return state::damaged;
  }
  THESPIS_TRY(const auto rows, count_rows(table));
  damage.remedy = "what is missing is named with its collection";
  damage.repaired = "salvaged: " + std::to_string(rows) +
                    " rows could be read; the damaged file is kept as " + copy;
  found_.add(std::move(damage));
  return state::salvaged;
}

result<std::string> table_verify::keep_copy(const std::string& table) const {
  const auto folder = copies_in(database_);
  const auto copy = folder / (file_of(table) + "." + std::to_string(wall_time_us()));
  std::error_code failure;
  std::filesystem::create_directory(folder, failure);
  if (!failure) std::filesystem::copy_file(database_ / file_of(table), copy, failure);
  if (failure)
    return error(errc::io, table + ": is damaged, and its file cannot be copied to " +
                               copy.string() + ": " + failure.message());
  return copy.string();
}

result<std::uint64_t> table_verify::count_rows(const std::string& table) {
  THESPIS_TRY(auto rows, session_.open(table));
  std::uint64_t count = 0;
  while (true) {
    THESPIS_TRY(const bool more, rows.next());
    if (!more) return count;
    ++count;
  }
}

}  // namespace thespis::storage
