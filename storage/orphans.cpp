// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/orphans.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <system_error>

#include "storage/generations.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

constexpr std::string_view table_prefix = "table:";
constexpr const char* table_extension = ".wt";
// Files that are written beside their target and then take its place.
constexpr std::string_view temporary_endings[] = {".tmp", ".new"};

/// Whose tables are to be kept.
struct listed {
  const std::set<uuid>& collections;
  std::map<uuid, std::uint32_t> generations;  // where the counters can be read

  // Of a listed collection whose counters cannot be read, nothing is left over.
  [[nodiscard]] bool keeps(const tables::table_owner& owner) const {
    if (!collections.contains(owner.collection)) return false;
    const auto found = generations.find(owner.collection);
    return found == generations.end() || found->second == owner.generation;
  }
};

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
    if (owner && !live.contains(*owner)) found.collections.insert({*owner, 0});
    if (!owner && is_temporary(entry.path())) found.files.push_back(entry.path());
    if (!owner || !live.contains(*owner)) continue;
    std::error_code gone;
    for (const auto& file : std::filesystem::directory_iterator(entry.path(), gone))
      if (is_temporary(file.path())) found.files.push_back(file.path());
  }
}

// Files of tables that the database no longer knows, which a crash can leave behind. Those of live
// collections are not touched: what is lost there is for a repair.
void list_table_files(const std::filesystem::path& database, const listed& live,
                      const std::set<std::string>& known, orphans& found,
                      std::error_code& failure) {
  for (const auto& entry : std::filesystem::directory_iterator(database, failure)) {
    if (entry.path().extension() != table_extension) continue;
    const auto table = std::string(table_prefix) + entry.path().stem().string();
    const auto owner = tables::owner(table);
    if (owner && !live.keeps(*owner) && !known.contains(table)) found.files.push_back(entry.path());
  }
}

}  // namespace

result<orphans> find_orphans(wt::session& session, const std::filesystem::path& data_dir,
                             const std::set<uuid>& live) {
  orphans found;
  std::set<std::string> known;
  std::vector<std::string> files;
  THESPIS_CHECK(list_tables(session, known, files));
  listed kept{live, {}};
  THESPIS_TRY(kept.generations, counted_generations(session));
  for (const auto& file : files) {
    const auto table =
        std::string(table_prefix) +
        std::filesystem::path(file.substr(tables::file_prefix.size())).stem().string();
    if (!kept.keeps(*tables::file_owner(file)) && !known.contains(table))
      found.listed_files.push_back(file);
  }
  for (const auto& table : known) {
    const auto owner = tables::owner(table);
    if (!owner || kept.keeps(*owner)) continue;
    (live.contains(owner->collection) ? found.generations : found.collections).insert(*owner);
  }
  THESPIS_CHECK(list_counters(session, live, found));
  std::error_code failure;
  list_derived(data_dir / "derived", live, found, failure);
  if (!failure) list_table_files(data_dir / "db", kept, known, found, failure);
  if (failure) return error(errc::io, "read " + data_dir.string() + ": " + failure.message());
  if (std::filesystem::exists(data_dir / "format.new", failure))
    found.files.push_back(data_dir / "format.new");
  return found;
}

}  // namespace thespis::storage
