// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "apps/command.hpp"
#include "apps/import_target.hpp"
#include "apps/importer/import_state.hpp"
#include "apps/importer/progress.hpp"
#include "apps/importer/uploader.hpp"
#include "apps/index_wait.hpp"
#include "apps/stop_signal.hpp"
#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/printable.hpp"

namespace thespis::apps {

namespace {

namespace json = boost::json;

constexpr std::int64_t save_interval_ns = 200'000'000;

struct import_flags {
  connection_flags connection;
  progress_flags progress;
  import_target target;
  std::string file;
  std::string format;
  std::string state;
  std::string ids;
  std::string payloads;
  std::optional<std::uint64_t> first_id;
  std::optional<std::uint64_t> limit;
  std::uint64_t skip = 0;
  std::size_t batch = 1000;
  unsigned connections = 4;
  std::uint32_t wait_timeout_s = 3600;
  bool restart = false;
  bool wait_indexed = false;
  bool json = false;
};

double seconds_since(std::int64_t start_ns) {
  return static_cast<double>(steady_time_ns() - start_ns) / 1e9;
}

result<std::unique_ptr<importer::point_source>> open(const import_flags& flags) {
  importer::file_format format{};
  if (const auto named = importer::parse_file_format(flags.format)) {
    format = *named;
  } else if (flags.file == "-") {
    format = importer::file_format::jsonl;
  } else {
    THESPIS_TRY(format, importer::guess_file_format(flags.file));
  }
  return importer::open_source(flags.file, format, {flags.first_id, flags.ids, flags.payloads});
}

// The flags that decide which row is which point.
std::string row_flags(const import_flags& flags) {
  return "format '" + flags.format + "', first id " +
         (flags.first_id ? std::to_string(*flags.first_id) : "none") + ", skip " +
         std::to_string(flags.skip) + ", limit " +
         (flags.limit ? std::to_string(*flags.limit) : "none") +
         (flags.ids.empty() ? "" : ", ids") + (flags.payloads.empty() ? "" : ", payloads");
}

// One run of the command.
class import_run {
 public:
  import_run(const import_flags& flags, client::http_client& client, const stop_signal& stop)
      : flags_(flags),
        client_(client),
        stop_(stop),
        target_(flags.target),
        line_(flags.json && !flags.progress.progress ? importer::progress_mode::off
                                                     : progress_mode_of(flags.progress)) {}

  result<void> operator()() {
    THESPIS_TRY(source_, open(flags_));
    // A file that is too short is refused before the server is asked for anything.
    if (source_->rows() && flags_.skip > *source_->rows())
      THESPIS_CHECK(source_->skip(flags_.skip));
    if (source_->header() != nullptr && target_.collection.empty())
      target_.collection = source_->header()->collection;
    if (target_.collection.empty())
      return error(errc::invalid_argument,
                   "the name of the collection is missing: only exported "
                   "collections bring their own");
    THESPIS_TRY(const auto prepared, prepare_collection(client_, target_, *source_, flags_.file));
    THESPIS_CHECK(find_beginning(prepared));
    batch_rows_ = std::min(flags_.batch, prepared.batch_points_max);
    THESPIS_CHECK(source_->skip(begin_row_));
    THESPIS_CHECK(send());
    std::optional<double> total_s;
    const double upload_s = seconds_since(start_ns_);
    if (flags_.wait_indexed) {
      const auto done =
          wait_indexed(client_, target_.collection, flags_.wait_timeout_s, stop_, line_);
      line_.clear();
      THESPIS_CHECK(done);
      total_s = seconds_since(start_ns_);
    }
    line_.clear();
    print_summary(upload_s, total_s);
    return ok();
  }

 private:
  // Rows that an earlier run of the same command has stored are passed over.
  result<void> find_beginning(const prepared_collection& prepared) {
    begin_row_ = flags_.skip;
    if (flags_.file != "-") {
      state_file_ = flags_.state;
      if (flags_.state.empty())
        state_file_ = flags_.file + (prepared.uuid.empty() ? "" : "." + prepared.uuid) + ".state";
      THESPIS_TRY(state_.of, importer::describe_import({flags_.file, flags_.ids, flags_.payloads},
                                                       prepared.uuid, row_flags(flags_)));
      if (!flags_.restart) THESPIS_CHECK(read_state(prepared));
    }
    continued_ = begin_row_ > flags_.skip;
    if (prepared.existed && !continued_)
      return error(errc::already_exists,
                   "collection '" + target_.collection + "' exists already; leave --create out");
    if (continued_) tell("continuing before row " + std::to_string(begin_row_));
    return ok();
  }

  result<void> read_state(const prepared_collection& prepared) {
    THESPIS_TRY(const auto former, importer::load_import_state(state_file_));
    if (!former || former->row <= flags_.skip) return ok();
    if (former->of != state_.of) {
      tell("not continued: " + state_file_.string() +
           " is of an earlier version of the file, or of other flags");
    } else if (prepared.points && *prepared.points < former->row - flags_.skip) {
      tell("not continued: collection '" + target_.collection + "' has " +
           std::to_string(*prepared.points) + " points, fewer than were stored");
    } else {
      begin_row_ = former->row;
    }
    return ok();
  }

  void tell(const std::string& text) const {
    if (!flags_.progress.quiet) std::cerr << "thespis: " + printable(text) + "\n";
  }

  importer::upload_options upload_options() const {
    importer::upload_options out;
    out.server = client_.server();
    out.client = client_options_of(flags_.connection);
    out.collection = target_.collection;
    out.batch_rows = batch_rows_;
    out.connections = flags_.connections;
    const auto done = begin_row_ - flags_.skip;
    if (flags_.limit) out.rows_max = *flags_.limit > done ? *flags_.limit - done : 0;
    return out;
  }

  result<void> send() {
    std::optional<std::uint64_t> expected;
    if (source_->rows()) expected = *source_->rows() - flags_.skip;
    if (expected && flags_.limit) expected = std::min(*expected, *flags_.limit);
    const auto before = begin_row_ - flags_.skip;
    auto saved_ns = steady_time_ns();
    const auto outcome =
        importer::upload(*source_, upload_options(), [&](const importer::upload_status& status) {
          line_.show(importer::upload_progress(before + status.points, expected,
                                               seconds_since(start_ns_), before));
          if (steady_time_ns() - saved_ns > save_interval_ns) {
            save(status.safe_row);
            saved_ns = steady_time_ns();
          }
          return !stop_.raised();
        });
    points_ = outcome.points;
    line_.clear();
    if (outcome.failure) {
      save(outcome.resume_row);
      return resumable(outcome);
    }
    std::error_code ignored;
    if (!state_file_.empty()) std::filesystem::remove(state_file_, ignored);
    return state_failure_;
  }

  // An import into a folder that cannot be written goes on; it only cannot be continued.
  void save(std::uint64_t row) {
    if (state_file_.empty() || row <= std::max(begin_row_, state_.row)) return;
    state_.row = row;
    const auto saved = importer::save(state_, state_file_);
    if (saved) return;
    if (flags_.state.empty()) {
      tell("this import cannot be continued: " + saved.error().message);
    } else {
      state_failure_ = saved.error();
    }
    state_file_.clear();
  }

  error resumable(const importer::upload_outcome& outcome) const {
    auto failure = *outcome.failure;
    if (outcome.points == 0 && !continued_) {
      failure.message += "; no point is stored";
      if (target_.create) failure.message += ", but the collection is made: go on without --create";
      return failure;
    }
    const auto row = std::max(outcome.resume_row, begin_row_);
    failure.message += "; " + std::to_string(outcome.points) +
                       (continued_ ? " more points are stored" : " points are stored") +
                       ", among them all before row " + std::to_string(row);
    if (!state_file_.empty() && row > flags_.skip) {
      failure.message += ": the same command continues there";
      return failure;
    }
    failure.message += ": continue with --skip " + std::to_string(row);
    if (flags_.limit)
      failure.message += " --limit " + std::to_string(*flags_.limit - (row - flags_.skip));
    if (target_.create) failure.message += " and without --create";
    return failure;
  }

  void print_summary(double upload_s, std::optional<double> total_s) const {
    if (flags_.progress.quiet) return;
    const double rate = upload_s > 0 ? static_cast<double>(points_) / upload_s : 0;
    if (flags_.json) {
      json::object out{{"collection", target_.collection},
                       {"points", points_},
                       {"upload_s", upload_s},
                       {"points_per_s", rate}};
      if (total_s) out["indexed_s"] = *total_s;
      return print_json(out);
    }
    std::printf("%llu points into %s in %.2f s (%.0f points/s)",
                static_cast<unsigned long long>(points_), printable(target_.collection).c_str(),
                upload_s, rate);
    if (total_s) std::printf(", indexed after %.2f s", *total_s);
    std::printf("\n");
    std::fflush(stdout);
  }

  const import_flags& flags_;
  client::http_client& client_;
  const stop_signal& stop_;
  import_target target_;
  importer::progress_line line_;
  std::unique_ptr<importer::point_source> source_;
  std::int64_t start_ns_ = steady_time_ns();
  std::filesystem::path state_file_;  // empty: none is kept
  importer::import_state state_;
  result<void> state_failure_ = ok();
  std::uint64_t begin_row_ = 0;
  std::size_t batch_rows_ = 0;
  std::uint64_t points_ = 0;
  bool continued_ = false;
};

result<void> import(const import_flags& flags) {
  THESPIS_TRY(auto client, connect(flags.connection));
  THESPIS_TRY(const auto stop, stop_signal::install());
  return import_run(flags, client, stop)();
}

void add_file_flags(CLI::App& command, import_flags& flags) {
  command
      .add_option("FILE", flags.file,
                  "File of vectors, gzip- or zstd-compressed or not; - for standard input")
      ->required();
  command
      .add_option("--format", flags.format,
                  "npy, fvecs, bvecs, fbin, u8bin, f16bin, idx or jsonl; else by name")
      ->check(CLI::IsMember(
          {"npy", "fvecs", "bvecs", "fbin", "f32bin", "u8bin", "f16bin", "idx", "jsonl"}));
  auto* first_id =
      command
          .add_option("--first-id", flags.first_id,
                      "Id of row 0, the others follow; 0 unless given. JSON lines: only for those "
                      "without an id")
          ->check(CLI::NonNegativeNumber);
  command.add_option("--ids", flags.ids, "File with the id of a row in each line; not for jsonl")
      ->excludes(first_id);
  command.add_option("--payload", flags.payloads,
                     "File with the payload of a row, a JSON object, in each line; not for jsonl");
  command.add_option("--skip,--offset", flags.skip, "Rows to pass over; ids stay as they would be")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--limit", flags.limit, "Points to import at most")
      ->check(CLI::PositiveNumber);
  command.add_option("--state", flags.state,
                     "Where it is kept how far the import is; beside FILE unless given");
  command.add_flag("--restart", flags.restart, "Begin again, do not continue an earlier run");
}

}  // namespace

void add_import(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("import", "Load a file of vectors into a collection");
  const auto flags = std::make_shared<import_flags>();
  add_file_flags(*command, *flags);
  command->add_option("-c,--collection,COLLECTION", flags->target.collection,
                      "Collection; that of the export unless given");
  auto* create = command->add_flag("--create", flags->target.create,
                                   "Create the collection first; exports do so if it is missing");
  command->add_flag("--other-parameters", flags->target.other_parameters,
                    "Import an export into a collection that has other parameters");
  add_shape_flags(*command, flags->target.shape);
  for (const auto* name : shape_flag_names) command->get_option(name)->needs(create);
  command->add_option("--batch", flags->batch, "Points per request; fewer for long vectors")
      ->check(CLI::Range(std::size_t{1}, limits::points_per_request_max))
      ->capture_default_str();
  command->add_option("--connections", flags->connections, "Requests in flight")
      ->check(CLI::Range(1u, 16u))
      ->capture_default_str();
  command->add_flag("--wait-indexed", flags->wait_indexed, "Wait until the index has caught up");
  command->add_option("--wait-timeout", flags->wait_timeout_s, "Seconds to wait for the index")
      ->check(CLI::Range(1u, 86'400u))
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print a summary as JSON");
  add_progress_flags(*command, flags->progress);
  add_connection_flags(*command, flags->connection);
  command->footer(
      "Formats: npy is that of NumPy; fvecs and bvecs have the length before each row; fbin,\n"
      "u8bin and f16bin hold 32-bit rows and columns, then the rows; idx is that of MNIST; jsonl\n"
      "is what thespis export has written, or has lines such as\n"
      "{\"id\":1,\"vector\":[0.1,...],\"payload\":{...}}, where vector may be "
      "{\"name\":[0.1,...],...}.\n"
      "An import that fails or is interrupted is continued by the same command.\n"
      "Exit codes: as of thespis, and 130 when interrupted.\n"
      "Examples:\n"
      "  thespis import base.fbin -c docs --create --distance euclid --m 16 --ef-construct 200\n"
      "  thespis import docs.jsonl.zst\n"
      "  thespis import more.jsonl.gz docs --wait-indexed");
  command->callback([flags, &status] {
    const auto done = import(*flags);
    status = done ? exit_ok : report(done.error());
  });
}

}  // namespace thespis::apps
