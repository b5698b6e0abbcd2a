// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/value.hpp>
#include <iostream>
#include <memory>

#include "apps/command.hpp"

namespace thespis::apps {

void add_version(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("version", "Print the version and how it was built");
  const auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([as_json, &status] {
    if (*as_json) {
      print_json({{"name", "thespis"},
                  {"version", THESPIS_VERSION},
                  {"build", THESPIS_BUILD},
                  {"compiler", THESPIS_COMPILER}});
    } else {
      std::cout << "thespis " THESPIS_VERSION " (" THESPIS_BUILD ", " THESPIS_COMPILER ")\n";
    }
    status = exit_ok;
  });
}

}  // namespace thespis::apps
