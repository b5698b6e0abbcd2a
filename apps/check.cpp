// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <memory>

#include "actors/collection/derived_files.hpp"
#include "apps/command.hpp"
#include "config/load.hpp"
#include "core/log.hpp"
#include "core/printable.hpp"
#include "storage/offline_check.hpp"

namespace thespis::apps {

namespace {

namespace json = boost::json;

/// How the command ends, beside `exit_ok` for a sound folder.
constexpr int exit_damaged = 1;
constexpr int exit_unchecked = 2;

struct check_flags {
  std::string config;
  std::string data_dir;
  CLI::Option* data_dir_given = nullptr;
  storage::offline_check_options wanted;
  bool json = false;
};

json::array to_json(const std::vector<health_component>& parts) {
  json::array all;
  for (const auto& part : parts) {
    json::array findings;
    for (const auto& one : part.findings) {
      json::object found = {{"object", printable(one.object)},
                            {"what", printable(one.what)},
                            {"damage", one.damage},
                            {"remedy", one.remedy}};
      if (!one.repaired.empty()) found["repaired"] = one.repaired;
      findings.push_back(std::move(found));
    }
    all.push_back({{"name", part.name},
                   {"status", to_string(part.state)},
                   {"checked", part.checked},
                   {"damaged", part.damaged},
                   {"findings", std::move(findings)}});
  }
  return all;
}

json::object to_json(const health_report& found) {
  json::array collections;
  for (const auto& one : found.collections)
    collections.push_back({{"name", one.name},
                           {"status", to_string(one.state())},
                           {"components", to_json(one.components)}});
  return {{"status", to_string(found.state())},
          {"node", to_json(found.node)},
          {"collections", std::move(collections)}};
}

void print(const std::string& owner, const health_component& part) {
  std::cout << owner << part.name << ": " << to_string(part.state) << ", " << part.checked
            << " checked";
  if (part.damaged > 0) std::cout << ", " << part.damaged << " damaged";
  std::cout << '\n';
  for (const auto& one : part.findings) {
    std::cout << "  " << (one.damage ? "DAMAGE " : "note   ") << printable(one.object) << ": "
              << printable(one.what) << '\n';
    std::cout << "         " << (one.repaired.empty() ? "remedy: " : "repaired: ")
              << printable(one.repaired.empty() ? one.remedy : one.repaired) << '\n';
  }
  if (part.findings.size() == health_component::findings_max)
    std::cout << "  only the first " << part.findings.size() << " are listed\n";
}

void print(const health_report& found) {
  for (const auto& part : found.node) print("", part);
  for (const auto& one : found.collections)
    for (const auto& part : one.components)
      print("collection '" + printable(one.name) + "': ", part);
  std::cout << (found.state() == health_state::sound ? "sound\n" : "damaged\n");
}

int unchecked(const error& failure) {
  static_cast<void>(report(failure));
  return exit_unchecked;
}

int run(const check_flags& flags) {
  config::sources from;
  if (!flags.config.empty()) from.file = flags.config;
  from.environment = config::process_environment();
  if (flags.data_dir_given->count() > 0)
    from.flags.push_back({"--data-dir", "storage", "data_dir", flags.data_dir});
  const auto settings = config::load(from);
  if (!settings) return unchecked(settings.error());
  if (flags.wanted.drop_damaged && !flags.wanted.repair)
    return unchecked({errc::invalid_argument, "--drop-damaged needs --repair"});
  log::set_level(log::level::off);  // the report tells of everything
  const auto found = storage::check_data_folder(settings->storage, flags.wanted,
                                                actors::derived_files::check, exit_unchecked);
  if (!found) return unchecked(found.error());
  if (flags.json)
    print_json(to_json(*found));
  else
    print(*found);
  return found->state() == health_state::sound ? exit_ok : exit_damaged;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  auto* command = app.add_subcommand(
      "check", "Check a data folder that no server uses; exit code 1 if something is damaged");
  const auto flags = std::make_shared<check_flags>();
  command->add_option("--config", flags->config, "TOML file of the server");
  flags->data_dir_given = command->add_option("--data-dir", flags->data_dir, "Folder of the data");
  command->add_flag("--repair", flags->wanted.repair,
                    "Mend what can be mended without giving up a point; files that were salvaged "
                    "are kept in the folder 'salvaged'");
  command->add_flag("--drop-damaged", flags->wanted.drop_damaged,
                    "With --repair: also remove points that cannot be read whole");
  command->add_flag("--json", flags->json, "Print JSON");
  command->footer(
      "Opening completes what the log holds, as a start does; otherwise nothing changes without\n"
      "--repair. A running server is checked by GET /health/deep.\n"
      "Exit codes: 0 sound (or all damage repaired), 1 damaged, 2 it could not be checked.\n"
      "Example:\n"
      "  thespis check --data-dir ./data --repair");
  command->callback([flags, &status] { status = run(*flags); });
}

}  // namespace thespis::apps
