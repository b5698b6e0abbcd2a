// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Searches a running server over REST and prints recall and rate per `ef`, one JSON object a line.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <iostream>
#include <thread>

#include "bench/ann/dataset.hpp"
#include "bench/ann/outcome.hpp"
#include "bench/ann/truth.hpp"
#include "bench/server/http_load.hpp"
#include "plugins/host/registry.hpp"

namespace thespis::bench {
namespace {

namespace json = boost::json;

struct options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6333;
  std::string collection;
  std::string base;
  std::string queries;
  bool cosine = false;
  std::size_t queries_max = 1000;
  std::size_t k = 10;
  std::size_t connections = 8;
  double seconds = 3;
  std::vector<std::size_t> efs = {32, 48, 64, 96, 128, 192, 256};
};

std::string make_request(const options& how, const dataset& data, std::size_t query,
                         std::size_t ef) {
  std::string body = "{\"query\":[";
  for (std::size_t i = 0; i < data.queries.columns; ++i) {
    char digits[32];
    const auto [end, failure] =
        std::to_chars(digits, digits + sizeof digits, data.queries.row(query)[i]);
    if (i > 0) body += ',';
    body.append(digits, end);
  }
  body += "],\"limit\":" + std::to_string(how.k) +
          ",\"params\":{\"hnsw_ef\":" + std::to_string(ef) + "}}";
  return "POST /collections/" + how.collection + "/points/query HTTP/1.1\r\nHost: " + how.host +
         ":" + std::to_string(how.port) +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

// Share of true neighbours among the answers; ids are row numbers.
double recall_of(const dataset& data, const load_result& run, std::size_t k) {
  std::size_t right = 0;
  for (std::size_t query = 0; query < run.bodies.size(); ++query) {
    const auto answer = json::parse(run.bodies[query]);
    for (const auto& point : answer.at("result").at("points").as_array()) {
      const auto row = json::value_to<std::size_t>(point.at("id"));
      if (exact_rank(data, query, row) <= data.kth_rank[query]) ++right;
    }
  }
  return static_cast<double>(right) / static_cast<double>(run.bodies.size() * k);
}

int run(const options& how) {
  dataset data;
  data.cosine = how.cosine;
  data.base = read_matrix(how.base, SIZE_MAX);
  data.queries = read_matrix(how.queries, how.queries_max);
  const auto all = value_of(plugins::registry::load({}));
  const auto compute = value_of(all->create_compute("cpu"));
  find_truth(data, how.k, {}, *compute, std::max(1U, std::thread::hardware_concurrency()));
  for (const auto ef : how.efs) {
    std::vector<std::string> requests;
    for (std::size_t query = 0; query < data.queries.rows; ++query)
      requests.push_back(make_request(how, data, query, ef));
    const auto result = run_load(how.host, how.port, requests, how.connections, how.seconds);
    const json::object line = {
        {"ef", ef},
        {"connections", how.connections},
        {"recall", recall_of(data, result, how.k)},
        {"queries_per_s", static_cast<double>(result.requests) / result.seconds},
        {"p50_us", result.p50_us},
        {"p99_us", result.p99_us}};
    std::cout << json::serialize(line) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace thespis::bench

int main(int argc, char** argv) {
  CLI::App app("Measures searches of a running Thespis server");
  thespis::bench::options how;
  app.add_option("--host", how.host, "Address of the server")->capture_default_str();
  app.add_option("--port", how.port, "Port of the server")->capture_default_str();
  app.add_option("--collection", how.collection, "Collection; ids are row numbers")->required();
  app.add_option("--base", how.base, "File of the stored vectors")->required();
  app.add_option("--queries", how.queries, "File of the queries")->required();
  app.add_flag("--cosine", how.cosine, "Cosine instead of Euclidean distance");
  app.add_option("--queries-max", how.queries_max, "Queries taken")->capture_default_str();
  app.add_option("--k", how.k, "Neighbours asked for")->capture_default_str();
  app.add_option("--connections", how.connections, "Connections")->capture_default_str();
  app.add_option("--seconds", how.seconds, "Time per ef")->capture_default_str();
  app.add_option("--ef", how.efs, "Values of hnsw_ef")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return thespis::bench::run(how);
  } catch (const std::exception& failure) {
    std::cerr << "thespis_bench_server: " << failure.what() << '\n';
    return 1;
  }
}
