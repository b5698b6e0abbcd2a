// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "apps/client/api.hpp"
#include "apps/command.hpp"
#include "core/limits.hpp"
#include "core/point_id.hpp"

namespace thespis::apps {

namespace {

namespace json = boost::json;

struct search_flags {
  connection_flags connection;
  std::string collection;
  std::string vector;
  std::string vector_file;
  std::string id;
  std::string vector_name;
  std::uint32_t limit = 10;
  std::uint32_t offset = 0;
  std::uint32_t hnsw_ef = 0;
  double score_threshold = 0;
  bool with_threshold = false;
  bool exact = false;
  bool with_vector = false;
  bool no_payload = false;
  bool json = false;
};

result<json::value> parse_vector(const std::string& text, const std::string& origin) {
  boost::system::error_code failure;
  auto value = json::parse(text, failure);
  if (failure)
    return error(errc::invalid_argument,
                 origin + ": expected a JSON list such as [0.1,0.2]: " + failure.message());
  if (!value.is_array() || value.get_array().empty())
    return error(errc::invalid_argument,
                 origin + ": expected a list of numbers, such as [0.1, 0.2]");
  for (const auto& item : value.get_array())
    if (!item.is_number())
      return error(errc::invalid_argument,
                   origin + ": expected numbers, found " + json::serialize(item).substr(0, 40));
  return value;
}

result<json::value> target_of(const search_flags& flags) {
  if (!flags.vector.empty()) return parse_vector(flags.vector, "--vector");
  if (!flags.vector_file.empty()) {
    std::ifstream in(flags.vector_file, std::ios::binary);
    std::string text(limits::import_line_bytes_max, '\0');
    if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || !in.is_open()) return error(errc::io, flags.vector_file + ": cannot be read");
    text.resize(static_cast<std::size_t>(in.gcount()));
    return parse_vector(text, flags.vector_file);
  }
  THESPIS_TRY(const auto id, point_id::from_path(flags.id));
  if (id.is_number()) return json::value(id.number());
  return json::value(id.text());
}

json::value body_of(const search_flags& flags, json::value target) {
  json::object body;
  body["query"] = std::move(target);
  body["limit"] = flags.limit;
  if (flags.offset != 0) body["offset"] = flags.offset;
  if (!flags.vector_name.empty()) body["using"] = flags.vector_name;
  if (flags.with_threshold) body["score_threshold"] = flags.score_threshold;
  body["with_payload"] = !flags.no_payload;
  if (flags.with_vector) body["with_vector"] = true;
  json::object params;
  if (flags.hnsw_ef != 0) params["hnsw_ef"] = flags.hnsw_ef;
  if (flags.exact) params["exact"] = true;
  if (!params.empty()) body["params"] = std::move(params);
  return body;
}

std::string text_of(const json::value* value) {
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return std::string(value->get_string());
  return json::serialize(*value);
}

std::string score_of(const json::value* value) {
  if (value == nullptr || !value->is_number()) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value->to_number<double>());
  return text;
}

result<void> print_hits(const json::value& answer, const search_flags& flags) {
  const auto* object = answer.if_object();
  const auto* points = object != nullptr ? object->if_contains("points") : nullptr;
  if (points == nullptr || !points->is_array())
    return error(errc::io, "the answer holds no points");
  if (flags.json) {
    print_json(*points);
    return ok();
  }
  std::vector<std::string> headings = {"#", "id", "score"};
  if (!flags.no_payload) headings.push_back("payload");
  if (flags.with_vector) headings.push_back("vector");
  std::vector<std::vector<std::string>> rows;
  for (const auto& hit : points->get_array()) {
    const auto* parts = hit.if_object();
    if (parts == nullptr) return error(errc::io, "the answer holds a point that is no object");
    auto& row = rows.emplace_back();
    row.push_back(std::to_string(flags.offset + rows.size()));
    row.push_back(text_of(parts->if_contains("id")));
    row.push_back(score_of(parts->if_contains("score")));
    if (!flags.no_payload) row.push_back(text_of(parts->if_contains("payload")));
    if (flags.with_vector) row.push_back(text_of(parts->if_contains("vector")));
  }
  print_table(headings, rows);
  return ok();
}

result<void> search(const search_flags& flags) {
  THESPIS_TRY(auto target, target_of(flags));
  THESPIS_TRY(auto client, connect(flags.connection));
  const auto path = client::collection_path(flags.collection) + "/points/query";
  THESPIS_TRY(const auto answer,
              client::call(client, client::method::post, path, body_of(flags, std::move(target))));
  return print_hits(answer, flags);
}

}  // namespace

void add_search(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("search", "Find the points nearest to a vector or a point");
  const auto flags = std::make_shared<search_flags>();
  command->add_option("-c,--collection", flags->collection, "Collection")->required();
  auto* target = command->add_option_group("target", "What to search for; one of");
  target->add_option("--vector", flags->vector, "Vector as JSON, such as [0.1,0.2]");
  target->add_option("--vector-file", flags->vector_file, "File that holds a vector as JSON");
  target->add_option("--id", flags->id,
                     "Point: a number, a UUID or other text; digits in double quotes are text");
  target->require_option(1);
  command->add_option("--using", flags->vector_name, "Name of the vector that is compared");
  command->add_option("--limit", flags->limit, "Points to find")
      ->check(CLI::Range(1u, limits::limit_max))
      ->capture_default_str();
  command->add_option("--offset", flags->offset, "Points to pass over")
      ->check(CLI::Range(0u, limits::offset_max))
      ->capture_default_str();
  command->add_option("--ef", flags->hnsw_ef, "Candidates of the graph walk; more is more exact")
      ->check(CLI::Range(1u, limits::hnsw_ef_max));
  auto* threshold =
      command->add_option("--score-threshold", flags->score_threshold, "Leave out worse points");
  command->add_flag("--exact", flags->exact, "Compare with every point");
  command->add_flag("--no-payload", flags->no_payload, "Leave payloads out");
  command->add_flag("--with-vector", flags->with_vector, "Show vectors");
  command->add_flag("--json", flags->json, "Print the points as JSON");
  add_connection_flags(*command, flags->connection);
  command->footer(
      "Examples:\n"
      "  thespis search -c colours --id 139 --limit 5\n"
      "  thespis search -c colours --vector '[48.3, -28.8, -8.5]' --json");
  command->callback([flags, threshold, &status] {
    flags->with_threshold = threshold->count() > 0;
    const auto done = search(*flags);
    status = done ? exit_ok : report(done.error());
  });
}

}  // namespace thespis::apps
