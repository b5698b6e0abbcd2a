// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <memory>

#include "apps/client/api.hpp"
#include "apps/command.hpp"
#include "apps/new_collection.hpp"
#include "core/limits.hpp"
#include "core/printable.hpp"

namespace thespis::apps {

namespace {

namespace json = boost::json;

struct collections_flags {
  connection_flags connection;
  std::string name;
  std::uint32_t size = 0;
  collection_shape_flags shape;
  bool json = false;
};

const json::value* part(const json::value& of, std::string_view key) {
  const auto* object = of.if_object();
  return object != nullptr ? object->if_contains(key) : nullptr;
}

std::string text_of(const json::value* value) {
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return std::string(value->get_string());
  return json::serialize(*value);
}

result<void> list(const collections_flags& flags) {
  THESPIS_TRY(auto client, connect(flags.connection));
  THESPIS_TRY(const auto answer, client::call(client, client::method::get, "/collections"));
  const auto* all = part(answer, "collections");
  if (all == nullptr || !all->is_array()) return error(errc::io, "the answer holds no collections");
  json::array infos;
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : all->get_array()) {
    const auto name = text_of(part(one, "name"));
    auto info = client::call(client, client::method::get, client::collection_path(name));
    // One that is deleted meanwhile is no failure of the list.
    if (!info && info.error().code == errc::not_found) continue;
    if (!info) return info.error();
    rows.push_back({name, text_of(part(*info, "status")), text_of(part(*info, "points_count"))});
    infos.push_back(
        {{"name", name},
         {"status", rows.back()[1]},
         {"points_count",
          part(*info, "points_count") != nullptr ? *part(*info, "points_count") : json::value()}});
  }
  if (flags.json) {
    print_json(infos);
  } else {
    print_table({"name", "status", "points"}, rows);
  }
  return ok();
}

void print_members(const json::value& value, const std::string& indent) {
  for (const auto& [key, member] : value.get_object()) {
    std::cout << indent << printable(key) << ':';
    if (member.is_object() && !member.get_object().empty()) {
      std::cout << '\n';
      print_members(member, indent + "  ");
    } else {
      std::cout << ' ' << printable(text_of(&member)) << '\n';
    }
  }
}

result<void> info(const collections_flags& flags) {
  THESPIS_TRY(auto client, connect(flags.connection));
  THESPIS_TRY(const auto answer,
              client::call(client, client::method::get, client::collection_path(flags.name)));
  if (flags.json || !answer.is_object()) {
    print_json(answer);
  } else {
    print_members(answer, "");
  }
  return ok();
}

result<void> create(const collections_flags& flags) {
  THESPIS_TRY(auto client, connect(flags.connection));
  const std::vector<importer::vector_shape> shapes = {{flags.shape.vector_name, flags.size}};
  THESPIS_CHECK(create_collection(client, flags.name, shapes, flags.shape));
  if (flags.json) {
    print_json({{"created", flags.name}});
  } else {
    std::cout << "created " << printable(flags.name) << '\n';
  }
  return ok();
}

result<void> erase(const collections_flags& flags) {
  THESPIS_TRY(auto client, connect(flags.connection));
  THESPIS_TRY(const auto answer,
              client::call(client, client::method::erase, client::collection_path(flags.name)));
  // The dialect answers a missing collection with `false`.
  if (answer.is_bool() && !answer.get_bool())
    return error(errc::not_found, "collection '" + flags.name + "' does not exist");
  if (flags.json) {
    print_json({{"deleted", flags.name}});
  } else {
    std::cout << "deleted " << printable(flags.name) << '\n';
  }
  return ok();
}

result<void> reopen(const collections_flags& flags) {
  THESPIS_TRY(auto client, connect(flags.connection));
  THESPIS_TRY(
      [[maybe_unused]] const auto answer,
      client::call(client, client::method::post, client::collection_path(flags.name) + "/reopen"));
  if (flags.json) {
    print_json({{"reopened", flags.name}});
  } else {
    std::cout << "opening " << printable(flags.name) << '\n';
  }
  return ok();
}

using action = result<void> (*)(const collections_flags&);

CLI::App* add_action(CLI::App& to, const char* name, const char* what, action run,
                     const std::shared_ptr<collections_flags>& flags, int& status) {
  auto* command = to.add_subcommand(name, what);
  command->add_flag("--json", flags->json, "Print JSON");
  add_connection_flags(*command, flags->connection);
  command->callback([flags, run, &status] {
    const auto done = run(*flags);
    status = done ? exit_ok : report(done.error());
  });
  return command;
}

}  // namespace

void add_collections(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("collections", "List, inspect, create and delete collections");
  command->require_subcommand(1);
  const auto flags = std::make_shared<collections_flags>();
  command->footer(
      "Examples:\n"
      "  thespis collections list\n"
      "  thespis collections create docs --size 384 --distance cosine\n"
      "  thespis collections delete docs");
  add_action(*command, "list", "Names, states and sizes", list, flags, status);
  auto* inspect = add_action(*command, "info", "All that is known of one", info, flags, status);
  inspect->add_option("NAME", flags->name, "Collection")->required();
  auto* make = add_action(*command, "create", "Make an empty one", create, flags, status);
  make->add_option("NAME", flags->name, "Collection")->required();
  make->add_option("--size", flags->size, "Dimensions of its vectors")
      ->required()
      ->check(CLI::Range(1u, limits::dimension_max));
  make->add_option("--vector-name", flags->shape.vector_name,
                   "Name of the vector; unnamed if left out");
  add_shape_flags(*make, flags->shape);
  auto* drop =
      add_action(*command, "delete", "Delete one and all its points", erase, flags, status);
  drop->add_option("NAME", flags->name, "Collection")->required();
  auto* open =
      add_action(*command, "reopen", "Open one again that is quarantined", reopen, flags, status);
  open->add_option("NAME", flags->name, "Collection")->required();
}

}  // namespace thespis::apps
