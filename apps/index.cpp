// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>
#include <memory>

#include "apps/client/api.hpp"
#include "apps/command.hpp"

namespace thespis::apps {

namespace {

namespace json = boost::json;

struct index_flags {
  connection_flags connection;
  std::string collection;
  bool json = false;
};

constexpr const char* numbers[] = {"nodes", "dropped", "unreachable", "mended"};

error no_checks() { return {errc::io, "the answer holds no checks of indexes"}; }

result<void> print_checks(const json::array& checks) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : checks) {
    const auto* parts = one.if_object();
    if (parts == nullptr) return no_checks();
    auto& row = rows.emplace_back();
    for (const auto* name : {"vector", "index"}) {
      const auto* text = parts->if_contains(name);
      if (text == nullptr || !text->is_string()) return no_checks();
      row.emplace_back(text->get_string());
    }
    for (const auto* name : numbers) {
      const auto* number = parts->if_contains(name);
      if (number == nullptr || !number->is_number()) return no_checks();
      row.push_back(json::serialize(*number));
    }
  }
  print_table({"vector", "index", "nodes", "dropped", "unreachable", "mended"}, rows);
  return ok();
}

result<void> check(const index_flags& flags) {
  THESPIS_TRY(auto client, connect(flags.connection));
  const auto path = client::collection_path(flags.collection) + "/index/check";
  THESPIS_TRY(const auto answer, client::call(client, client::method::post, path, json::object()));
  const auto* object = answer.if_object();
  const auto* checks = object != nullptr ? object->if_contains("indexes") : nullptr;
  if (checks == nullptr || !checks->is_array()) return no_checks();
  if (!flags.json) return print_checks(checks->get_array());
  print_json(*checks);
  return ok();
}

}  // namespace

void add_index(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("index", "Check the indexes of a collection");
  command->require_subcommand(1);
  const auto flags = std::make_shared<index_flags>();
  auto* checking = command->add_subcommand(
      "check", "Drop deleted points from the indexes and mend what searches cannot reach");
  checking->add_option("-c,--collection", flags->collection, "Collection")->required();
  checking->add_flag("--json", flags->json, "Print JSON");
  add_connection_flags(*checking, flags->connection);
  checking->footer(
      "Searches go on meanwhile. The check goes on if this command gives up waiting.\n"
      "Example:\n"
      "  thespis index check --collection docs");
  checking->callback([flags, &status] {
    const auto done = check(*flags);
    status = done ? exit_ok : report(done.error());
  });
}

}  // namespace thespis::apps
