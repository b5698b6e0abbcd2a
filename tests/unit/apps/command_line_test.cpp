// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/unit/apps/executable.hpp"
#include "tests/unit/apps/scripted_server.hpp"

namespace thespis {

namespace {

using client::answer;
using client::scripted_server;
using client::seen_request;

std::string enveloped(const std::string& result) {
  return answer("200 OK", "{\"result\":" + result + ",\"status\":\"ok\",\"time\":0}");
}

}  // namespace

TEST_CASE("thespis explains itself and exits with 0") {
  for (const auto* words : {"--help", "search --help", "collections --help", "config show --help",
                            "plugin check --help", "version", "--version"}) {
    CAPTURE(words);
    CHECK(run(words).status == 0);
  }
  CHECK(contains(run("--help"), "Exit codes"));
  CHECK(contains(run("search --help"), "Examples:"));
  const auto version = run("version --json");
  CHECK(boost::json::parse(version.text).at("name").as_string() == "thespis");
}

TEST_CASE("thespis exits with 2 for wrong usage and wrong settings") {
  for (const auto* words :
       {"", "serach", "search", "search -c x", "search -c x --id 1 --vector [1]",
        "search -c x --id 1 --limit 0", "collections", "collections create x",
        "collections create x --size 0", "index", "index check", "index mend",
        "collections create x --size 3 --distance far", "config check /nonexistent.toml",
        "--no-such-flag"}) {
    CAPTURE(words);
    CHECK(run(words).status == 2);
  }
  CHECK(contains(run("serach"), "unknown command 'serach'"));
  CHECK(contains(run("collections lsit"), "unknown command 'lsit'"));
  const auto shown = run("config show");
  CHECK(shown.status == 0);
  CHECK(contains(shown, "[server]"));
}

TEST_CASE("thespis config check names the file, the line and the nearest key") {
  const auto file = std::filesystem::temp_directory_path() / "thespis-command-line-test.toml";
  std::ofstream(file) << "[server]\nlissten = 'x'\n";
  const auto done = run("config check " + file.string());
  std::filesystem::remove(file);
  CHECK(done.status == 2);
  CHECK(contains(done, "line 2: unknown key 'server.lissten'; the nearest known one is"));
}

TEST_CASE("thespis exits with 3 where no server answers") {
  std::string url;
  {
    const scripted_server gone([](const seen_request&) { return ""; });
    url = gone.url();
  }
  const auto done = run("search -c x --id 1 --url " + url);
  CHECK(done.status == 3);
  CHECK(contains(done, "thespis: cannot connect to " + url + ": connection refused"));
  const scripted_server silent([](const seen_request&) { return ""; });
  CHECK(run("collections list --timeout 1 --url " + silent.url()).status == 3);
}

TEST_CASE("thespis search sends the query and prints a table") {
  const scripted_server server([](const seen_request&) {
    return enveloped(
        "{\"points\":[{\"id\":7,\"version\":1,\"score\":0.5,\"payload\":{\"k\":\"\\u001b[2J\"}},"
        "{\"id\":\"a\",\"version\":1,\"score\":0.25,\"payload\":null}]}");
  });
  const auto done = run("search -c 'my docs' --vector '[1, 2.5]' --limit 2 --ef 64 --exact --url " +
                        server.url() + " --api-key k3y");
  CHECK(done.status == 0);
  CHECK(done.text ==
        "#  id  score  payload\n1  7   0.5    {\"k\":\"\\\\u001b[2J\"}\n2  a   0.25   \n");
  const auto seen = server.requests().at(0);
  CHECK(seen.head.find("POST /collections/my%20docs/points/query HTTP/1.1") == 0);
  CHECK(seen.head.find("api-key: k3y") != std::string::npos);
  CHECK(boost::json::parse(seen.body) ==
        boost::json::parse("{\"query\":[1,2.5],\"limit\":2,\"with_payload\":true,"
                           "\"params\":{\"hnsw_ef\":64,\"exact\":true}}"));
  const auto listed = run("search -c x --id '\"7\"' --json --no-payload --url " + server.url());
  CHECK(boost::json::parse(listed.text).as_array().size() == 2);
  CHECK(boost::json::parse(server.requests().at(1).body).at("query").as_string() == "7");
}

TEST_CASE("thespis search refuses what is no vector without asking the server") {
  for (const auto* vector : {"'[1,'", "'[]'", "'[\"a\"]'", "'{}'"}) {
    CAPTURE(vector);
    const auto done = run(std::string("search -c x --vector ") + vector);
    CHECK(done.status == 1);
    CHECK(contains(done, "--vector: "));
  }
  CHECK(contains(run("search -c x --vector-file /nonexistent"), "cannot be read"));
  CHECK(contains(run("search -c x --id 1 --url https://x"), "https is not supported"));
  CHECK(contains(run("search -c x --id 1 --api-key 'a b'"), "--api-key: expected visible"));
}

TEST_CASE("thespis collections create says what the server needs") {
  const scripted_server server([](const seen_request&) { return enveloped("true"); });
  const auto done =
      run("collections create x --size 3 --distance EUCLID --m 8 --url " + server.url());
  CHECK(done.status == 0);
  CHECK(boost::json::parse(server.requests().at(0).body) ==
        boost::json::parse("{\"vectors\":{\"size\":3,\"distance\":\"Euclid\"},"
                           "\"hnsw_config\":{\"m\":8}}"));
}

TEST_CASE("thespis index check prints what was found, or why not") {
  const scripted_server server([](const seen_request& seen) {
    if (seen.head.find("/odd/") != std::string::npos) return enveloped("{\"indexes\":[{}]}");
    if (seen.head.find("/none/") != std::string::npos) return enveloped("true");
    if (seen.head.find("/late/") != std::string::npos)
      return answer("504 Gateway Timeout", "{\"status\":{\"error\":\"the deadline passed\"}}");
    return enveloped(
        "{\"indexes\":[{\"vector\":\"a\",\"index\":\"hnsw\",\"nodes\":900,\"dropped\":100,"
        "\"unreachable\":2,\"mended\":2}]}");
  });
  const auto done = run("index check --collection 'my docs' --url " + server.url());
  CHECK(done.status == 0);
  CHECK(done.text ==
        "vector  index  nodes  dropped  unreachable  mended\n"
        "a       hnsw   900    100      2            2\n");
  CHECK(server.requests().at(0).head.find("POST /collections/my%20docs/index/check HTTP/1.1") == 0);
  const auto listed = run("index check -c x --json --url " + server.url());
  CHECK(boost::json::parse(listed.text).at(0).at("dropped").as_int64() == 100);
  CHECK(run("index check -c odd --url " + server.url()).status == 1);
  CHECK(run("index check -c none --url " + server.url()).status == 1);
  const auto late = run("index check -c late --url " + server.url());
  CHECK(late.status == 3);
  CHECK(contains(late, "the deadline passed"));
}

TEST_CASE("thespis collections delete fails where there is nothing to delete") {
  const scripted_server server([](const seen_request&) { return enveloped("false"); });
  const auto done = run("collections delete x --url " + server.url());
  CHECK(done.status == 1);
  CHECK(contains(done, "collection 'x' does not exist"));
}

TEST_CASE("thespis prints the server's own words for a refusal") {
  const scripted_server server([](const seen_request&) {
    return answer("404 Not Found", "{\"status\":{\"error\":\"collection 'x' is not there\"}}");
  });
  const auto done = run("collections info x --url " + server.url());
  CHECK(done.status == 1);
  CHECK(contains(done, "answered 404: collection 'x' is not there"));
}

TEST_CASE("thespis plugin check refuses what is no plugin") {
  CHECK(run("plugin check /nonexistent.so").status == 1);
  CHECK(run("plugin check " + std::string(THESPIS_EXECUTABLE)).status == 1);
  CHECK(run("plugin list --folder /nonexistent").status == 1);
}

}  // namespace thespis
