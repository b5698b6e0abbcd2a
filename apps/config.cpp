// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>

#include "apps/command.hpp"
#include "config/document.hpp"
#include "config/load.hpp"

namespace thespis::apps {

namespace {

struct config_flags {
  std::string file;
  bool json = false;
  bool defaults = false;
};

result<config::settings> load(const config_flags& flags) {
  if (flags.defaults) return config::settings{};
  config::sources from;
  if (!flags.file.empty()) from.file = flags.file;
  from.environment = config::process_environment();
  return config::load(from);
}

int check(const config_flags& flags) {
  const auto loaded = load(flags);
  if (!loaded) {
    report(loaded.error());
    return exit_usage;
  }
  if (flags.json) {
    print_json({{"ok", true}});
  } else {
    std::cout << (flags.file.empty() ? "settings" : flags.file) << ": ok\n";
  }
  return exit_ok;
}

int show(const config_flags& flags) {
  const auto loaded = load(flags);
  if (!loaded) {
    report(loaded.error());
    return exit_usage;
  }
  if (flags.json) {
    std::cout << config::document_json(*loaded) << '\n';
  } else {
    std::cout << config::document(*loaded);
  }
  return exit_ok;
}

}  // namespace

void add_config(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("config", "Check and show settings");
  command->require_subcommand(1);
  const auto flags = std::make_shared<config_flags>();

  auto* checking = command->add_subcommand(
      "check", "Check a file and the THESPIS__SECTION__KEY variables; exit code 2 if refused");
  checking->add_option("FILE,--config", flags->file, "TOML file");
  checking->add_flag("--json", flags->json, "Print JSON");
  checking->footer("Example:\n  thespis config check thespis.toml");
  checking->callback([flags, &status] { status = check(*flags); });

  auto* showing = command->add_subcommand(
      "show", "Print the settings that hold, documented; secrets are hidden");
  showing->add_option("FILE,--config", flags->file, "TOML file");
  showing->add_flag("--defaults", flags->defaults, "Leave out file and environment");
  showing->add_flag("--json", flags->json, "Print JSON");
  showing->footer("Example:\n  thespis config show --defaults > thespis.toml");
  showing->callback([flags, &status] { status = show(*flags); });
}

}  // namespace thespis::apps
