// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <memory>

#include "apps/client/api.hpp"
#include "apps/command.hpp"
#include "apps/dump/json_slices.hpp"
#include "apps/exporter/export_file.hpp"
#include "apps/importer/progress.hpp"
#include "apps/stop_signal.hpp"
#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/printable.hpp"

namespace thespis::apps {

namespace {

constexpr std::int64_t save_interval_ns = 200'000'000;

struct export_flags {
  connection_flags connection;
  progress_flags progress;
  std::string collection;
  std::string file;
  std::string format;
  std::size_t batch = 1000;
  bool restart = false;
  bool force = false;
  bool json = false;
};

bool is_compressed(const export_flags& flags) {
  if (!flags.format.empty()) return flags.format == "jsonl.zst";
  return !flags.file.ends_with(".jsonl") && !flags.file.ends_with(".ndjson");
}

result<dump::described_collection> describe(client::http_client& client,
                                            const export_flags& flags) {
  client::http_request request;
  request.target = client::collection_path(flags.collection);
  const auto answer = client::fetch(client, request);
  if (!answer && answer.error().code == errc::not_found)
    return error(errc::not_found, "collection '" + flags.collection + "' does not exist");
  if (!answer) return answer.error();
  return dump::decode_description(*answer);
}

// A file whose header tells other parameters than its points were kept with is not written.
result<void> check_unchanged(client::http_client& client, const export_flags& flags,
                             const dump::described_collection& before) {
  THESPIS_TRY(const auto now, describe(client, flags));
  if (now.uuid != before.uuid)
    return error(errc::failed_precondition, "collection '" + flags.collection +
                                                "' was replaced by another one meanwhile; "
                                                "--restart begins the export again");
  THESPIS_TRY(const auto changed, dump::difference_of(before.create, now.create));
  if (changed.path.empty()) return ok();
  return error(errc::failed_precondition, "collection '" + flags.collection + "': " + changed.path +
                                              " has changed from " + changed.first + " to " +
                                              changed.second +
                                              " meanwhile; --restart begins the export again");
}

// One run of the command.
class export_run {
 public:
  export_run(const export_flags& flags, client::http_client& client,
             dump::described_collection described, const stop_signal& stop)
      : flags_(flags),
        client_(client),
        described_(std::move(described)),
        stop_(stop),
        pages_(client, flags.collection, std::min(flags.batch, described_.query_points_max)),
        line_(progress_mode_of(flags.progress)) {}

  result<void> to_file() {
    THESPIS_TRY(const auto file, exporter::export_file::open({flags_.file, is_compressed(flags_),
                                                              flags_.restart, flags_.force},
                                                             flags_.collection, described_));
    before_ = file->position().points;
    if (before_ > 0 && !flags_.progress.quiet)
      std::cerr << "thespis: continuing " + flags_.file + ".part after " + std::to_string(before_) +
                       " points\n";
    auto saved_ns = steady_time_ns();
    while (!file->position().complete) {
      if (stop_.raised()) {
        THESPIS_CHECK(file->save());
        line_.clear();
        return error(errc::cancelled, "interrupted after " +
                                          std::to_string(file->position().points) +
                                          " points; the same command continues");
      }
      auto page = pages_.read(file->position().next);
      auto stored = page ? file->append(*page) : result<void>(page.error());
      if (stored && steady_time_ns() - saved_ns > save_interval_ns) {
        stored = file->save();
        saved_ns = steady_time_ns();
      }
      if (!stored) return resumable(*file, stored.error());
      show(file->position().points);
    }
    const auto unchanged = check_unchanged(client_, flags_, described_);
    if (!unchanged && unchanged.error().code != errc::failed_precondition)
      return resumable(*file, unchanged.error());
    THESPIS_CHECK(unchanged);
    THESPIS_CHECK(file->finish());
    points_ = file->position().points;
    return ok();
  }

  result<void> to_stdout() {
    const auto told = described_.points.value_or(0);
    std::cout << dump::encode_header({flags_.collection, told, described_.create});
    exporter::page page;
    do {
      if (stop_.raised()) {
        line_.clear();
        return error(errc::cancelled, "interrupted after " + std::to_string(points_) + " points");
      }
      THESPIS_TRY(page, pages_.read(page.next));
      std::cout << page.lines << std::flush;
      if (!std::cout) return error(errc::io, "cannot write to standard output");
      points_ += page.points;
      show(points_);
    } while (!page.next.empty());
    THESPIS_CHECK(check_unchanged(client_, flags_, described_));
    if (points_ != told)
      return error(errc::conflict, "the header on standard output names " + std::to_string(told) +
                                       " points, but " + std::to_string(points_) +
                                       " followed: collection '" + flags_.collection +
                                       "' was written to meanwhile");
    return ok();
  }

  void print_summary() {
    line_.clear();
    if (flags_.progress.quiet) return;
    const double seconds = static_cast<double>(steady_time_ns() - start_ns_) / 1e9;
    auto& out = flags_.file == "-" ? std::cerr : std::cout;
    if (flags_.json) {
      out << boost::json::serialize(boost::json::object{{"collection", flags_.collection},
                                                        {"file", flags_.file},
                                                        {"points", points_},
                                                        {"export_s", seconds}})
          << '\n';
      return;
    }
    out << importer::upload_progress(points_, std::nullopt, 0) + " of " +
               printable(flags_.collection) + " into " + printable(flags_.file) + " in " +
               std::to_string(seconds).substr(0, 5) + " s\n";
  }

  void clear() { line_.clear(); }

 private:
  void show(std::uint64_t points) {
    const double seconds = static_cast<double>(steady_time_ns() - start_ns_) / 1e9;
    line_.show(importer::upload_progress(points, described_.points, seconds, before_));
  }

  // Errors of the disk may also keep the state from being written; that of the last save stays.
  static result<void> resumable(exporter::export_file& file, error failure) {
    const auto points = file.position().points;
    if (file.save())
      failure.message += "; " + std::to_string(points) +
                         " points are kept, the same command "
                         "continues";
    return failure;
  }

  const export_flags& flags_;
  client::http_client& client_;
  const dump::described_collection described_;
  const stop_signal& stop_;
  exporter::collection_pages pages_;
  importer::progress_line line_;
  std::int64_t start_ns_ = steady_time_ns();
  std::uint64_t before_ = 0;
  std::uint64_t points_ = 0;
};

result<void> export_collection(const export_flags& flags) {
  if (flags.file == "-" && flags.format == "jsonl.zst")
    return error(errc::invalid_argument, "--format jsonl.zst needs a file, not standard output");
  THESPIS_TRY(auto client, connect(flags.connection));
  THESPIS_TRY(const auto stop, stop_signal::install());
  THESPIS_TRY(auto described, describe(client, flags));
  export_run run(flags, client, std::move(described), stop);
  const auto done = flags.file == "-" ? run.to_stdout() : run.to_file();
  if (done)
    run.print_summary();
  else
    run.clear();
  return done;
}

}  // namespace

void add_export(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("export", "Write a collection into a file");
  const auto flags = std::make_shared<export_flags>();
  command->add_option("-c,--collection,COLLECTION", flags->collection, "Collection")->required();
  command
      ->add_option("FILE", flags->file,
                   "JSON lines: NAME.jsonl plain, - to standard output, any other compressed with "
                   "zstd")
      ->required();
  command->add_option("--format", flags->format, "jsonl or jsonl.zst; else by name")
      ->check(CLI::IsMember({"jsonl", "jsonl.zst"}));
  command->add_option("--batch", flags->batch, "Points per request; fewer where they are long")
      ->check(CLI::Range(std::size_t{1}, std::size_t{limits::limit_max}))
      ->capture_default_str();
  command->add_flag("--restart", flags->restart, "Begin again, do not continue FILE.part");
  command->add_flag("--force", flags->force, "Replace FILE if it exists, once the new one is done");
  command->add_flag("--json", flags->json, "Print a summary as JSON");
  add_progress_flags(*command, flags->progress);
  add_connection_flags(*command, flags->connection);
  command->footer(
      "The first line tells the collection's name, its number of points and how to create it, the\n"
      "others are {\"id\":1,\"vector\":...,\"payload\":{...}}. FILE is there when it is complete;\n"
      "before, FILE.part and FILE.part.state let the same command continue.\n"
      "Exit codes: as of thespis, and 130 when interrupted.\n"
      "Examples:\n"
      "  thespis export docs docs.jsonl.zst\n"
      "  thespis export docs - | jq .payload");
  command->callback([flags, &status] {
    const auto done = export_collection(*flags);
    status = done ? exit_ok : report(done.error());
  });
}

}  // namespace thespis::apps
