// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <thread>

#include "apps/client/api.hpp"
#include "apps/command.hpp"
#include "apps/importer/progress.hpp"
#include "apps/importer/uploader.hpp"
#include "apps/new_collection.hpp"
#include "core/clock.hpp"
#include "core/limits.hpp"
#include "core/printable.hpp"

namespace thespis::apps {

namespace {

namespace json = boost::json;

struct import_flags {
  connection_flags connection;
  collection_shape_flags shape;
  std::string file;
  std::string format;
  std::string collection;
  std::optional<std::uint64_t> first_id;
  std::optional<std::uint64_t> limit;
  std::uint64_t skip = 0;
  std::size_t batch = 1000;
  unsigned connections = 4;
  std::uint32_t wait_timeout_s = 3600;
  bool create = false;
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
  } else {
    THESPIS_TRY(format, importer::guess_file_format(flags.file));
  }
  THESPIS_TRY(auto source, importer::open_source(flags.file, format, {flags.first_id}));
  THESPIS_CHECK(source->skip(flags.skip));
  return source;
}

// The dimensions that the collection expects of each vector name, as its description says.
std::optional<std::uint64_t> size_in(const json::value& info, const std::string& name) {
  boost::system::error_code failure;
  const auto* vectors = info.find_pointer("/config/params/vectors", failure);
  const auto* object = vectors != nullptr ? vectors->if_object() : nullptr;
  if (object == nullptr) return std::nullopt;
  if (!name.empty()) {
    const auto* named = object->if_contains(name);
    object = named != nullptr ? named->if_object() : nullptr;
    if (object == nullptr) return std::nullopt;
  }
  const auto* size = object->if_contains("size");
  if (size == nullptr || !size->is_number()) return std::nullopt;
  return size->to_number<std::uint64_t>();
}

// Refuses before the first byte what the server would refuse with the first batch.
result<void> check_collection(client::http_client& client, const import_flags& flags,
                              const importer::point_source& source) {
  auto info = client::call(client, client::method::get, client::collection_path(flags.collection));
  if (!info && info.error().code == errc::not_found)
    return error(errc::not_found,
                 "collection '" + flags.collection + "' does not exist; --create makes it");
  if (!info) return info.error();
  for (const auto& shape : source.shapes()) {
    const auto expected = size_in(*info, shape.name);
    if (!expected)
      return error(errc::invalid_argument,
                   "collection '" + flags.collection + "' has no vector '" + shape.name + "'");
    if (*expected != shape.size)
      return error(errc::dimension_mismatch,
                   "collection '" + flags.collection + "': " + flags.file + " has vectors of " +
                       std::to_string(shape.size) + " dimensions, expected " +
                       std::to_string(*expected));
  }
  return ok();
}

struct index_state {
  std::uint64_t waiting = 0;  // vectors that are not indexed yet
  bool failed = false;
  std::string detail;
};

index_state index_state_of(const json::value& info) {
  index_state out;
  const auto* object = info.if_object();
  const auto* status = object != nullptr ? object->if_contains("status") : nullptr;
  out.failed = status != nullptr && *status == json::value("red");
  const auto* detail = object != nullptr ? object->if_contains("status_detail") : nullptr;
  if (detail != nullptr && detail->is_string()) out.detail = detail->get_string();
  const auto* indexes = object != nullptr ? object->if_contains("indexes") : nullptr;
  if (indexes == nullptr || !indexes->is_array()) return out;
  for (const auto& index : indexes->get_array()) {
    const auto* tail = index.is_object() ? index.get_object().if_contains("tail_slots") : nullptr;
    if (tail != nullptr && tail->is_number()) out.waiting += tail->to_number<std::uint64_t>();
  }
  return out;
}

result<void> wait_indexed(client::http_client& client, const import_flags& flags,
                          importer::progress_line& line) {
  const auto start = steady_time_ns();
  for (;;) {
    THESPIS_TRY(const auto info, client::call(client, client::method::get,
                                              client::collection_path(flags.collection)));
    const auto state = index_state_of(info);
    if (state.failed)
      return error(errc::internal,
                   "collection '" + flags.collection + "' has failed: " + state.detail);
    if (state.waiting == 0) return ok();
    line.show("indexing, " + std::to_string(state.waiting) + " vectors to go");
    if (seconds_since(start) > flags.wait_timeout_s)
      return error(errc::timeout,
                   "collection '" + flags.collection + "': " + std::to_string(state.waiting) +
                       " vectors not indexed after " + std::to_string(flags.wait_timeout_s) + " s");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

importer::upload_options upload_options_of(const import_flags& flags,
                                           const client::http_client& client) {
  importer::upload_options out;
  out.server = client.server();
  out.client = client_options_of(flags.connection);
  out.collection = flags.collection;
  out.batch_rows = flags.batch;
  out.connections = flags.connections;
  if (flags.limit) out.rows_max = *flags.limit;
  return out;
}

error resumable(const import_flags& flags, const importer::upload_outcome& outcome) {
  auto failure = *outcome.failure;
  if (outcome.points == 0) {
    failure.message += "; no point is stored";
    if (flags.create) failure.message += ", but the collection is made: go on without --create";
    return failure;
  }
  failure.message += "; " + std::to_string(outcome.points) + " points are stored, among them all " +
                     "before row " + std::to_string(outcome.resume_row) +
                     ": continue with --skip " + std::to_string(outcome.resume_row);
  if (flags.limit)
    failure.message +=
        " --limit " + std::to_string(*flags.limit - (outcome.resume_row - flags.skip));
  if (flags.create) failure.message += " and without --create";
  return failure;
}

void print_summary(const import_flags& flags, std::uint64_t points, double upload_s,
                   std::optional<double> total_s) {
  const double rate = upload_s > 0 ? static_cast<double>(points) / upload_s : 0;
  if (flags.json) {
    json::object out{{"collection", flags.collection},
                     {"points", points},
                     {"upload_s", upload_s},
                     {"points_per_s", rate}};
    if (total_s) out["indexed_s"] = *total_s;
    return print_json(out);
  }
  std::printf("%llu points into %s in %.2f s (%.0f points/s)",
              static_cast<unsigned long long>(points), printable(flags.collection).c_str(),
              upload_s, rate);
  if (total_s) std::printf(", indexed after %.2f s", *total_s);
  std::printf("\n");
  std::fflush(stdout);
}

result<void> import(const import_flags& flags) {
  THESPIS_TRY(auto source, open(flags));
  THESPIS_TRY(auto client, connect(flags.connection));
  if (flags.create) {
    THESPIS_CHECK(create_collection(client, flags.collection, source->shapes(), flags.shape));
  } else {
    THESPIS_CHECK(check_collection(client, flags, *source));
  }
  std::optional<std::uint64_t> expected;
  if (source->rows()) expected = *source->rows() - flags.skip;
  if (expected && flags.limit) expected = std::min(*expected, *flags.limit);
  importer::progress_line line(!flags.json && ::isatty(STDERR_FILENO) == 1);
  const auto start = steady_time_ns();
  const auto outcome =
      importer::upload(*source, upload_options_of(flags, client), [&](std::uint64_t points) {
        line.show(importer::upload_progress(points, expected, seconds_since(start)));
      });
  const double upload_s = seconds_since(start);
  if (outcome.failure) {
    line.clear();
    return resumable(flags, outcome);
  }
  std::optional<double> total_s;
  if (flags.wait_indexed) {
    const auto done = wait_indexed(client, flags, line);
    line.clear();
    THESPIS_CHECK(done);
    total_s = seconds_since(start);
  }
  line.clear();
  print_summary(flags, outcome.points, upload_s, total_s);
  return ok();
}

void add_file_flags(CLI::App& command, import_flags& flags) {
  command.add_option("FILE", flags.file, "File of vectors, gzip-compressed or not")->required();
  command.add_option("--format", flags.format, "fbin, u8bin, f16bin, idx or jsonl; else by name")
      ->check(CLI::IsMember({"fbin", "f32bin", "u8bin", "f16bin", "idx", "jsonl"}));
  command
      .add_option("--first-id", flags.first_id,
                  "Id of row 0, the others follow; 0 unless given. JSON lines: only for those "
                  "without an id")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--skip", flags.skip, "Rows to pass over; ids stay as they would be")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--limit", flags.limit, "Points to import at most")
      ->check(CLI::PositiveNumber);
}

}  // namespace

void add_import(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("import", "Load a file of vectors into a collection");
  const auto flags = std::make_shared<import_flags>();
  add_file_flags(*command, *flags);
  command->add_option("-c,--collection", flags->collection, "Collection")->required();
  auto* create = command->add_flag("--create", flags->create, "Create the collection first");
  add_shape_flags(*command, flags->shape);
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
  command->add_flag("--json", flags->json, "Print a summary as JSON, no progress");
  add_connection_flags(*command, flags->connection);
  command->footer(
      "Formats: fbin, u8bin and f16bin hold 32-bit rows and columns, then the rows; idx is that "
      "of\n"
      "MNIST; jsonl has one {\"id\":1,\"vector\":[0.1,...],\"payload\":{...}} per line, where "
      "vector\n"
      "may also be {\"name\":[0.1,...],...}.\n"
      "Examples:\n"
      "  thespis import base.fbin -c docs --create --distance euclid --m 16 --ef-construct 200\n"
      "  thespis import more.jsonl.gz -c docs --wait-indexed\n"
      "  thespis import base.fbin -c docs --skip 17000");
  command->callback([flags, &status] {
    const auto done = import(*flags);
    status = done ? exit_ok : report(done.error());
  });
}

}  // namespace thespis::apps
