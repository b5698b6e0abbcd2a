// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iostream>

#include "bench/ann/curve.hpp"
#include "bench/ann/outcome.hpp"
#include "bench/ann/report.hpp"
#include "bench/ann/source.hpp"
#include "bench/ann/subject.hpp"
#include "bench/ann/truth.hpp"

namespace thespis::bench {
namespace {

struct options {
  source from;
  config::plugins plugins;
  std::vector<std::string> subjects = {"hnswlib", "thespis"};
  build_params built;
  search_params searched;
  bool curves = false;
  std::string json_file;

  options() { searched.efs = {10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512}; }
};

void print_curves(const std::vector<entrant>& entrants) {
  for (const auto& one : entrants)
    for (const auto& at : one.curve)
      std::cerr << one.name << "  ef " << at.ef << "  recall " << at.recall << "  "
                << at.queries_per_s << "/s  several threads " << at.queries_per_s_multi << "/s\n";
}

int run(const options& how) {
  const auto all = value_of(plugins::registry::load(how.plugins));
  dataset data = read(how.from);
  // Made first: it loads BLAS with the kernels of this processor.
  const auto compute = value_of(all->create_compute("cpu"));
  find_truth(data, how.searched.k, how.from.truth, *compute, how.built.threads);
  std::vector<entrant> entrants;
  for (const auto& name : how.subjects)
    entrants.push_back(build_entrant(name, data, *all, how.built));
  measure(entrants, data, how.searched);

  const auto text = boost::json::serialize(report(data, how.built, how.searched, entrants)) + "\n";
  if (how.json_file.empty()) {
    std::cout << text;
  } else if (std::ofstream file(how.json_file); !(file << text).flush()) {
    throw std::runtime_error(how.json_file + ": cannot be written");
  }
  if (how.curves) print_curves(entrants);
  print_summary(std::cerr, entrants);
  return 0;
}

void describe(CLI::App& app, options& how) {
  add_options(app, how.from);
  app.add_option("--plugins", how.plugins.folders, "Folders of plugins, else beside this program");
  app.add_option("--subjects", how.subjects, "What to measure; ratios are to the first")
      ->delimiter(',')
      ->check(CLI::IsMember(subject_names()));
  app.add_option("--m", how.built.m, "Links a node");
  app.add_option("--ef-construct", how.built.ef_construct, "Candidates while building");
  app.add_option("--threads", how.built.threads, "Threads that build")->check(CLI::Range(1, 64));
  app.add_option_function<std::string>(
         "--preset", [&how](const std::string& name) { how.built.fast = name == "fast"; },
         "Preset of the subject thespis")
      ->check(CLI::IsMember({"balanced", "fast"}));
  app.add_option("--quantizer", how.built.quantizer, "Quantizer of thespis; none for no codes");
  app.add_option("--bits", how.built.bits, "Bits a dimension of its codes");
  app.add_option("--k,-k", how.searched.k, "Hits a query");
  app.add_option("--efs,--ef", how.searched.efs, "Efforts to measure")->delimiter(',');
  app.add_option("--rounds", how.searched.rounds, "Rounds; the best counts");
  app.add_option("--search-threads", how.searched.threads, "Threads of the second rate")
      ->check(CLI::Range(1, 64));
  app.add_flag_callback(
      "--no-two", [&how] { how.searched.threads = 1; }, "Measure one thread only");
  app.add_flag("--processor-time", how.searched.processor_time,
               "One thread's rate by its time on a processor, for a busy machine");
  app.add_flag("--curves", how.curves, "Print every point to standard error");
  app.add_option("--json", how.json_file, "Write the report here, not to standard output");
}

}  // namespace
}  // namespace thespis::bench

int main(int argc, char** argv) {
  CLI::App app(
      "Measures recall, rate, build and memory of index plugins and peers, in one process and in "
      "turns; without --base on generated clusters");
  try {
    thespis::bench::options how;
    thespis::bench::describe(app, how);
    CLI11_PARSE(app, argc, argv);
    return thespis::bench::run(how);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
}
