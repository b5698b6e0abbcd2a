// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <iostream>

#include "apps/command.hpp"
#include "apps/serve.hpp"
#include "core/printable.hpp"

namespace {

using namespace thespis::apps;

constexpr std::array commands = {
    add_command{add_serve},       add_command{add_import}, add_command{add_search},
    add_command{add_collections}, add_command{add_index},  add_command{add_config},
    add_command{add_plugin},      add_command{add_check},  add_command{add_version},
    add_command{add_export},
};

constexpr const char* footer =
    "Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 the server cannot be reached,\n"
    "130 interrupted.\n"
    "Examples:\n"
    "  thespis import base.fbin --collection docs --create --distance euclid\n"
    "  thespis search --collection docs --id 7 --limit 5\n"
    "  thespis COMMAND --help";

// The first word that should be a command and is none; CLI11 would only say that one is missing.
const char* unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    const auto known = at->get_subcommands([](const CLI::App*) { return true; });
    if (known.empty()) return nullptr;
    const auto named = std::find_if(known.begin(), known.end(),
                                    [&](const CLI::App* one) { return one->check_name(argv[i]); });
    if (named == known.end()) return argv[i];
    at = *named;
  }
  return nullptr;
}

int run(int argc, char** argv) {
  int status = exit_ok;
  CLI::App app("Thespis, a vector database.", "thespis");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("thespis ") + THESPIS_VERSION);
  app.footer(footer);
  for (const auto add : commands) add(app, status);
  if (const char* word = unknown_command(app, argc, argv); word != nullptr) {
    std::cerr << "thespis: unknown command '" + thespis::printable(word) +
                     "'\nRun with --help for more information.\n";
    return exit_usage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    const int code = app.exit(failure);
    return code == 0 ? exit_ok : exit_usage;
  }
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "thespis: cannot write to standard output\n";
    return exit_failure;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away, as `head` does, shows as a failed write.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    std::cerr << "thespis: " << failure.what() << '\n';
    return exit_failure;
  }
}
