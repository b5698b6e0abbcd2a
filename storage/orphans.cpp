// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/orphans.hpp"

#include <algorithm>
#include <cstring>
#include <system_error>

#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

constexpr std::string_view table_prefix = "table:";
constexpr const char* table_extension = ".wt";
// Files that are written beside their target and then take its place.
constexpr std::string_view temporary_endings[] = {".tmp", ".new"};

bool is_temporary(const std::filesystem::path& file) {
  const auto name = file.filename().string();
  return std::any_of(std::begin(temporary_endings), std::end(temporary_endings),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

result<void> list_tables(wt::session& session, std::set<std::string>& known,
                         std::vector<std::string>& files) {
  THESPIS_TRY(auto names, session.open_names());
  while (true) {
    THESPIS_TRY(const bool more, names.next());
    if (!more) return ok();
    THESPIS_TRY(const auto name, names.key());
    if (name.starts_with(table_prefix)) known.emplace(name);
    if (tables::file_owner(name)) files.emplace_back(name);
  }
}

result<void> list_counters(wt::session& session, const std::set<uuid>& live, orphans& found) {
  THESPIS_TRY(auto rows, session.open(tables::counters));
  while (true) {
    THESPIS_TRY(const bool more, rows.next());
    if (!more) return ok();
    THESPIS_TRY(const auto key, rows.key());
    uuid owner;
    if (key.size() != owner.bytes.size()) continue;
    std::memcpy(owner.bytes.data(), key.data(), key.size());
    if (!live.contains(owner)) found.counters.push_back(owner);
  }
}

void list_derived(const std::filesystem::path& root, const std::set<uuid>& live, orphans& found,
                  std::error_code& failure) {
  for (const auto& entry : std::filesystem::directory_iterator(root, failure)) {
    const auto owner = uuid::parse(entry.path().filename().string());
    if (owner && !live.contains(*owner)) found.collections.insert(*owner);
    if (!owner && is_temporary(entry.path())) found.files.push_back(entry.path());
    if (!owner || !live.contains(*owner)) continue;
    std::error_code gone;
    for (const auto& file : std::filesystem::directory_iterator(entry.path(), gone))
      if (is_temporary(file.path())) found.files.push_back(file.path());
  }
}

// Files of tables that the database no longer knows, which a crash can leave behind. Those of live
// collections are not touched: what is lost there is for a repair.
void list_table_files(const std::filesystem::path& database, const std::set<uuid>& live,
                      const std::set<std::string>& known, orphans& found,
                      std::error_code& failure) {
  for (const auto& entry : std::filesystem::directory_iterator(database, failure)) {
    if (entry.path().extension() != table_extension) continue;
    const auto table = std::string(table_prefix) + entry.path().stem().string();
    const auto owner = tables::owner(table);
    if (owner && !live.contains(*owner) && !known.contains(table))
      found.files.push_back(entry.path());
  }
}

}  // namespace

result<orphans> find_orphans(wt::session& session, const std::filesystem::path& data_dir,
                             const std::set<uuid>& live) {
  orphans found;
  std::set<std::string> known;
  std::vector<std::string> files;
  THESPIS_CHECK(list_tables(session, known, files));
  for (const auto& file : files) {
    const auto table =
        std::string(table_prefix) +
        std::filesystem::path(file.substr(tables::file_prefix.size())).stem().string();
    if (!live.contains(*tables::file_owner(file)) && !known.contains(table))
      found.listed_files.push_back(file);
  }
  for (const auto& table : known)
    if (const auto owner = tables::owner(table); owner && !live.contains(*owner))
      found.collections.insert(*owner);
  THESPIS_CHECK(list_counters(session, live, found));
  std::error_code failure;
  list_derived(data_dir / "derived", live, found, failure);
  if (!failure) list_table_files(data_dir / "db", live, known, found, failure);
  if (failure) return error(errc::io, "read " + data_dir.string() + ": " + failure.message());
  if (std::filesystem::exists(data_dir / "format.new", failure))
    found.files.push_back(data_dir / "format.new");
  return found;
}

}  // namespace thespis::storage
