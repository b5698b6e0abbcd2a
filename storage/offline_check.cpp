// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/offline_check.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "core/clock.hpp"
#include "storage/codec.hpp"
#include "storage/collection_check.hpp"
#include "storage/collection_reader.hpp"
#include "storage/collection_repair.hpp"
#include "storage/data_folder.hpp"
#include "storage/generations.hpp"
#include "storage/idempotency_check.hpp"
#include "storage/journal_check.hpp"
#include "storage/log_check.hpp"
#include "storage/orphans.hpp"
#include "storage/parts.hpp"
#include "storage/table_verify.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

constexpr std::size_t step_bytes = 8u << 20;
constexpr const char* run_repair = "run 'thespis check --repair'";

/// The exit status of a panic as long as it lives.
class panic_status {
 public:
  explicit panic_status(int status) noexcept { wt::exit_on_panic_with(status); }
  ~panic_status() { wt::exit_on_panic_with(wt::panic_exit_status); }
  panic_status(const panic_status&) = delete;
  panic_status& operator=(const panic_status&) = delete;
};

/// A check of one folder, from opening to closing.
class folder_check {
 public:
  folder_check(data_folder&& folder, const config::storage& settings,
               const offline_check_options& wanted)
      : folder_(std::move(folder)), wanted_(wanted), shared_(settings, nullptr) {}

  result<health_report> run(const derived_files_check& derived);

 private:
  result<void> run_whole(stored_check& one);
  result<void> verify_tables();
  result<void> read_catalog();
  result<void> check_lost_rows(health_component& catalog);
  result<void> check_aliases();
  result<void> check_collection(const collection_meta& meta, const derived_files_check& derived);
  result<void> check_orphans();
  [[nodiscard]] bool unreadable(const std::string& table) const {
    return !verified_ || !verified_->sound(table);
  }

  data_folder folder_;
  const offline_check_options wanted_;
  parts shared_;
  health_report report_;
  std::optional<table_verify> verified_;
  std::vector<collection_meta> collections_;
  std::set<uuid> listed_;  // also those whose row cannot be read
};

result<health_report> folder_check::run(const derived_files_check& derived) {
  report_.started_us = wall_time_us();
  THESPIS_TRY(
      shared_.connection,
      open_database(folder_.database(), configuration(shared_.settings) + shared_.files.install()));
  THESPIS_CHECK(verify_tables());
  if (!unreadable(tables::catalog)) {
    THESPIS_CHECK(read_catalog());
    if (!unreadable(tables::aliases)) THESPIS_CHECK(check_aliases());
  }
  for (const auto& meta : collections_) THESPIS_CHECK(check_collection(meta, derived));
  if (!unreadable(tables::journal) && !unreadable(tables::node)) {
    journal_check journal(shared_.sessions);
    THESPIS_CHECK(run_whole(journal));
  }
  // A folder of an earlier build has no such table.
  if (!unreadable(tables::idempotency)) {
    idempotency_check keys(shared_.sessions, wanted_.repair);
    THESPIS_CHECK(run_whole(keys));
  }
  // Whoever cannot read the list of collections must not say that something belongs to none.
  if (!unreadable(tables::catalog) && !unreadable(tables::counters)) THESPIS_CHECK(check_orphans());
  shared_.sessions.close_idle();
  THESPIS_CHECK(shared_.connection.close());
  report_.finished_us = wall_time_us();
  report_.share = 1;
  return std::move(report_);
}

result<void> folder_check::run_whole(stored_check& one) {
  std::size_t read = 1;
  while (read > 0) {
    THESPIS_TRY(read, one.step(step_bytes));
  }
  for (auto& part : one.found()) report_.node.push_back(std::move(part));
  return ok();
}

result<void> folder_check::verify_tables() {
  THESPIS_TRY(auto session, shared_.sessions.borrow());
  verified_.emplace(*session, folder_.database(), wanted_.repair);
  THESPIS_CHECK(verified_->run());
  report_.node.push_back(verified_->found());
  return ok();
}

result<void> folder_check::read_catalog() {
  health_component catalog{.name = "catalog"};
  {
    THESPIS_TRY(auto session, shared_.sessions.borrow());
    THESPIS_TRY(auto rows, session->open(tables::catalog));
    while (true) {
      THESPIS_TRY(const bool more, rows.next());
      if (!more) break;
      ++catalog.checked;
      THESPIS_TRY(const auto key, rows.key());
      THESPIS_TRY(const auto bytes, rows.value());
      uuid id;
      if (key.size() == id.bytes.size()) {
        std::copy(key.begin(), key.end(), reinterpret_cast<char*>(id.bytes.data()));
        listed_.insert(id);
      }
      auto meta = codec::decode_collection(bytes, "a collection's row");
      if (meta && tables::key(meta->id) == key && meta->name.empty()) {
        catalog.add({"collection " + id.text(),
                     "an unfinished copy of a collection",
                     "nothing: the next start removes it",
                     false,
                     {}});
        continue;
      }
      if (meta && tables::key(meta->id) == key) {
        collections_.push_back(std::move(*meta));
        continue;
      }
      const bool newer = !meta && meta.error().code == errc::unsupported;
      catalog.add({"collection " + id.text(),
                   meta ? "its row holds another" : meta.error().message,
                   newer ? "use the build that wrote it" : "restore the data folder from a copy",
                   true,
                   {}});
    }
  }
  if (!unreadable(tables::counters)) THESPIS_CHECK(check_lost_rows(catalog));
  report_.node.push_back(std::move(catalog));
  return ok();
}

// A row goes together with its counters, so counters without a row tell of a loss. What belongs to
// them counts as listed, so that nothing of it is removed.
result<void> folder_check::check_lost_rows(health_component& catalog) {
  const bool give_up = wanted_.repair && wanted_.drop_damaged;
  THESPIS_TRY(auto session, shared_.sessions.borrow());
  THESPIS_TRY(auto rows, session->open(tables::counters));
  while (true) {
    THESPIS_TRY(const bool more, rows.next());
    if (!more) return ok();
    THESPIS_TRY(const auto key, rows.key());
    uuid id;
    if (key.size() != id.bytes.size()) continue;
    std::copy(key.begin(), key.end(), reinterpret_cast<char*>(id.bytes.data()));
    if (listed_.contains(id)) continue;
    if (!give_up) listed_.insert(id);
    catalog.add({"collection " + id.text(), "its row is lost, its counters are there",
                 "restore the data folder from a copy; 'thespis check --repair --drop-damaged' "
                 "removes what is left of the collection",
                 true, give_up ? "what was left of it is removed" : ""});
  }
}

// An alias means a listed collection and is no collection's name. The table is not there in a
// folder that only earlier builds have used; then it is unreadable, and nothing is lost.
result<void> folder_check::check_aliases() {
  health_component aliases{.name = "aliases"};
  std::set<std::string> names;
  for (const auto& meta : collections_) names.insert(meta.name);
  std::vector<std::string> bad;
  THESPIS_TRY(auto session, shared_.sessions.borrow());
  THESPIS_TRY(auto rows, session->open(tables::aliases));
  while (true) {
    THESPIS_TRY(const bool more, rows.next());
    if (!more) break;
    ++aliases.checked;
    THESPIS_TRY(const auto key, rows.key());
    THESPIS_TRY(const auto bytes, rows.value());
    const auto row = codec::decode_alias(bytes, "an alias's row");
    std::string what;
    if (!row)
      what = row.error().message;
    else if (row->alias != key)
      what = "its row holds alias '" + row->alias + "'";
    else if (!listed_.contains(row->collection))
      what = "it means collection " + row->collection.text() + ", which is not listed";
    else if (names.contains(row->alias))
      what = "there is a collection of that name";
    if (what.empty()) continue;
    const bool newer = !row && row.error().code == errc::unsupported;
    if (!newer) bad.emplace_back(key);
    aliases.add({"alias '" + std::string(key) + "'", what,
                 newer ? "use the build that wrote it"
                       : "'thespis check --repair' removes it; then make it again",
                 true, wanted_.repair && !newer ? "removed" : ""});
  }
  rows.reset();
  if (wanted_.repair && !bad.empty()) {
    wt::transaction writing(*session);
    THESPIS_CHECK(writing.begun());
    for (const auto& alias : bad) {
      THESPIS_TRY([[maybe_unused]] const bool any, rows.remove(alias));
    }
    THESPIS_CHECK(writing.commit());
    THESPIS_CHECK(session->flush_log());
  }
  report_.node.push_back(std::move(aliases));
  return ok();
}

result<void> folder_check::check_collection(const collection_meta& meta,
                                            const derived_files_check& derived) {
  collection_health health{.name = meta.name};
  std::uint32_t generation = 0;
  if (!unreadable(tables::counters)) {
    THESPIS_TRY(auto session, shared_.sessions.borrow());
    THESPIS_TRY(generation, generation_of(*session, meta.id));
  }
  const auto points = tables::points(meta.id, generation);
  const auto slots = tables::slots(meta.id, generation);
  const bool readable = !unreadable(points) && !unreadable(slots) && !unreadable(tables::counters);
  const auto folder = folder_.derived() / meta.id.text();
  if (!readable) {
    health_component rows{.name = "points", .state = health_state::unchecked};
    rows.add({"collection '" + meta.name + "'", "its tables cannot be read", run_repair, true, {}});
    health.components.push_back(std::move(rows));
    auto files = derived(meta, nullptr, nullptr, folder, wanted_.repair);
    std::move(files.begin(), files.end(), std::back_inserter(health.components));
  } else {
    collection_repair repair(shared_.sessions, meta);
    const bool salvaged = verified_->salvaged(points) || verified_->salvaged(slots);
    THESPIS_TRY(health.components, repair.run(wanted_, salvaged));
    if (wanted_.repair && (repair.changed() || salvaged)) {
      // What was derived from other rows is made anew.
      std::error_code ignored;
      std::filesystem::remove_all(folder, ignored);
    }
    THESPIS_TRY(const auto snapshot, collection_reader::open(shared_, meta, generation));
    auto files = derived(meta, &repair.counters(), snapshot.get(), folder, wanted_.repair);
    std::move(files.begin(), files.end(), std::back_inserter(health.components));
  }
  report_.collections.push_back(std::move(health));
  return ok();
}

result<void> folder_check::check_orphans() {
  health_component into{.name = "orphans"};
  orphans found;
  {
    THESPIS_TRY(auto session, shared_.sessions.borrow());
    THESPIS_TRY(found, find_orphans(*session, folder_.database().parent_path(), listed_));
  }
  const char* const done = wanted_.repair ? "removed" : "";
  const char* const remedy = "nothing: the next start removes it";
  for (const auto& one : found.collections)
    into.add({"collection " + one.collection.text(),
              "tables or files of it are left, but it is not listed", remedy, false, done});
  for (const auto& one : found.generations)
    into.add({"tables " + tables::suffix(one), "what a collection held before it was emptied",
              remedy, false, done});
  for (const auto& one : found.files)
    into.add({one.string(), "belongs to nothing", remedy, false, done});
  for (const auto& one : found.listed_files)
    into.add({one, "is listed without a table", remedy, false, done});
  for (const auto& one : found.counters)
    into.add({"counters of collection " + one.text(), "it is not listed", remedy, false, done});
  if (wanted_.repair) {
    shared_.sessions.close_idle();
    THESPIS_CHECK(shared_.dropped.sweep({listed_.begin(), listed_.end()}));
  }
  into.checked = found.collections.size() + found.generations.size() + found.files.size() +
                 found.counters.size();
  report_.node.push_back(std::move(into));
  return ok();
}

}  // namespace

result<health_report> check_data_folder(const config::storage& settings,
                                        const offline_check_options& wanted,
                                        const derived_files_check& derived,
                                        int exit_status_on_panic) {
  std::error_code failure;
  if (!std::filesystem::exists(settings.data_dir / "format", failure))
    return error(errc::io, "data folder " + settings.data_dir.string() +
                               ": there is no data folder, or its format file is missing");
  THESPIS_TRY(auto folder, data_folder::open(settings.data_dir));
  const panic_status while_checking(exit_status_on_panic);
  THESPIS_CHECK(check_log(folder.database()));
  folder_check check(std::move(folder), settings, wanted);
  return check.run(derived);
}

}  // namespace thespis::storage
