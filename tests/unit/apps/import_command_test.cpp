// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <fstream>

#include "protocols/codec/binary_upload.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/apps/executable.hpp"
#include "tests/unit/apps/scripted_server.hpp"

namespace thespis {

namespace {

using client::answer;
using client::scripted_server;
using client::seen_request;

// Three points of two dimensions that go with the test.
class matrix_file {
 public:
  matrix_file() {
    auto pattern = (std::filesystem::temp_directory_path() / "thespis-XXXXXX").string();
    const int handle = ::mkstemp(pattern.data());
    REQUIRE(handle >= 0);
    ::close(handle);
    path_ = pattern;
    const std::array<std::uint32_t, 2> shape = {3, 2};
    const std::array<float, 6> values = {1, 2, 3, 4, 5, 6};
    std::ofstream out(path_, std::ios::binary);
    out.write(reinterpret_cast<const char*>(shape.data()), sizeof shape);
    out.write(reinterpret_cast<const char*>(values.data()), sizeof values);
  }
  ~matrix_file() {
    std::filesystem::remove(path_);
    std::filesystem::remove(state());
  }
  std::filesystem::path state() const { return path_.string() + ".state"; }
  std::string words() const { return "import " + path_.string() + " --format fbin -c x"; }

 private:
  std::filesystem::path path_;
};

std::string enveloped(const std::string& result) {
  return answer("200 OK", "{\"result\":" + result + ",\"status\":\"ok\",\"time\":0}");
}

std::string described(int dimensions, int waiting, const std::string& more = "") {
  return enveloped("{" + more +
                   "\"status\":\"green\",\"config\":{\"params\":{\"vectors\":{\"size\":" +
                   std::to_string(dimensions) +
                   "}}},\"indexes\":[{\"tail_slots\":" + std::to_string(waiting) + "}]}");
}

bool is_upload(const seen_request& request) {
  return request.head.find("octet-stream") != std::string::npos;
}

}  // namespace

TEST_CASE("thespis import creates, uploads, waits for the index and sums up") {
  std::atomic<int> waiting = 3;
  const scripted_server server([&](const seen_request& request) {
    return request.head.starts_with("GET") ? described(2, waiting-- > 0 ? 1 : 0)
                                           : enveloped("true");
  });
  const matrix_file file;
  const auto done = run(file.words() +
                        " --create --distance euclid --m 16 --ef-construct 200 --first-id 10"
                        " --wait-indexed --json --url " +
                        server.url());
  REQUIRE(done.status == 0);
  const auto summary = boost::json::parse(done.text);
  CHECK(summary.at("points").as_int64() == 3);
  CHECK(summary.at("indexed_s").as_double() >= summary.at("upload_s").as_double());
  const auto seen = server.requests();
  REQUIRE(seen.size() == 6);
  CHECK(seen[1].head.starts_with("GET /collections/x HTTP/1.1"));
  CHECK(seen[0].head.starts_with("PUT /collections/x HTTP/1.1"));
  CHECK(boost::json::parse(seen[0].body) ==
        boost::json::parse("{\"vectors\":{\"size\":2,\"distance\":\"Euclid\"},"
                           "\"hnsw_config\":{\"m\":16,\"ef_construct\":200}}"));
  const auto upload = codec::decode_binary_upload(seen[2].body, 32);
  REQUIRE(upload);
  CHECK(upload->points.at(2).id == point_id(12));
}

TEST_CASE("thespis import creates with preset, codes and vectors on disk") {
  const scripted_server server([](const seen_request& request) {
    return request.head.starts_with("GET") ? described(2, 0) : enveloped("true");
  });
  const matrix_file file;
  const auto created = [&](const std::string& flags) {
    const auto before = server.requests().size();
    const auto done = run(file.words() + " --create " + flags + " --url " + server.url());
    REQUIRE(done.status == 0);
    return boost::json::parse(server.requests().at(before).body);
  };
  CHECK(created("--preset fast --quantization int4 --on-disk --hnsw-m 24") ==
        boost::json::parse(R"({"vectors":{"size":2,"distance":"Cosine","on_disk":true},
                               "hnsw_config":{"m":24,"preset":"fast"},
                               "quantization_config":{"scalar":{"type":"int4"}}})"));
  CHECK(created("--quantization binary3").at("quantization_config") ==
        boost::json::parse(R"({"binary":{"bits":3}})"));
  CHECK(created("--quantization none").at("quantization_config") ==
        boost::json::parse(R"({"none":{}})"));
}

TEST_CASE("thespis import refuses wrong flags of a new collection before it asks the server") {
  const matrix_file file;
  for (const std::string flags :
       {"--create --preset quick", "--create --quantization int2", "--create --hnsw-m 1",
        "--preset fast", "--quantization int8", "--on-disk"})
    CHECK(run(file.words() + " " + flags + " --url http://127.0.0.1:1").status == 2);
}

TEST_CASE("thespis import skips and limits, and is silent where there is no terminal") {
  const scripted_server server([](const seen_request& request) {
    return request.head.starts_with("GET") ? described(2, 0) : enveloped("true");
  });
  const matrix_file file;
  const auto done = run(file.words() + " --skip 1 --limit 1 --url " + server.url());
  REQUIRE(done.status == 0);
  CHECK(contains(done, "1 points into x in "));
  CHECK(done.text.find('\r') == std::string::npos);
  const auto upload = codec::decode_binary_upload(server.requests().at(1).body, 32);
  REQUIRE(upload);
  REQUIRE(upload->points.size() == 1);
  CHECK(upload->points[0].id == point_id(1));
}

TEST_CASE("thespis import refuses a wrong dimension or a missing collection beforehand") {
  const matrix_file file;
  const scripted_server other([](const seen_request&) { return described(3, 0); });
  const auto mismatch = run(file.words() + " --url " + other.url());
  CHECK(mismatch.status == 1);
  CHECK(contains(mismatch, "has vectors of 2 dimensions, expected 3"));
  const scripted_server empty([](const seen_request&) { return answer("404 Not Found", "{}"); });
  const auto missing = run(file.words() + " --url " + empty.url());
  CHECK(missing.status == 1);
  CHECK(contains(missing, "collection 'x' does not exist; --create makes it"));
  for (const auto* server : {&other, &empty})
    for (const auto& request : server->requests()) CHECK_FALSE(is_upload(request));
}

TEST_CASE("thespis import that stored nothing does not say how to continue") {
  const scripted_server server([](const seen_request& request) {
    if (request.head.starts_with("GET")) return described(2, 0);
    return answer("400 Bad Request", "{\"status\":{\"error\":\"bad\"}}");
  });
  const matrix_file file;
  const auto done = run(file.words() + " --url " + server.url());
  CHECK(done.status == 1);
  CHECK(contains(done, "; no point is stored"));
  CHECK_FALSE(contains(done, "--skip"));
}

TEST_CASE("thespis import says how to continue after a failure") {
  const scripted_server server([](const seen_request& request) {
    if (request.head.starts_with("GET")) return described(2, 0);
    const auto upload = codec::decode_binary_upload(request.body, 32);
    const bool bad = !upload || upload->points.at(0).id == point_id(1);
    return bad ? answer("400 Bad Request", "{\"status\":{\"error\":\"bad\"}}") : enveloped("true");
  });
  const matrix_file file;
  const auto done = run(file.words() + " --batch 1 --connections 1 --url " + server.url());
  CHECK(done.status == 1);
  CHECK(contains(done, "rows 1 to 1: "));
  CHECK(contains(done, "among them all before row 1: the same command continues there"));
  CHECK(std::filesystem::exists(file.state()));
  const auto again = run(file.words() + " --batch 1 --connections 1 --url " + server.url());
  CHECK(again.status == 1);
  CHECK(contains(again, "continuing before row 1\n"));
  const auto anew =
      run(file.words() + " --batch 1 --connections 1 --restart --url " + server.url());
  CHECK_FALSE(contains(anew, "continuing"));
  CHECK(contains(anew, "rows 1 to 1: "));
  const auto other =
      run(file.words() + " --batch 1 --connections 1 --limit 2 --url " + server.url());
  CHECK(contains(other, "not continued: "));
}

TEST_CASE(
    "thespis import that cannot keep its state says so and goes on, or fails if it was named") {
  std::atomic<bool> full = false;
  const scripted_server server([&](const seen_request& request) {
    if (request.head.starts_with("GET")) return described(2, 0);
    const auto upload = codec::decode_binary_upload(request.body, 32);
    const bool bad = !upload || (full && upload->points.at(0).id == point_id(2));
    return bad ? answer("400 Bad Request", "{\"status\":{\"error\":\"bad\"}}") : enveloped("true");
  });
  const matrix_file file;
  CHECK(run(file.words() + " --state /nonexistent/state --url " + server.url()).status == 0);
  full = true;
  const auto done = run(file.words() +
                        " --batch 1 --connections 1 --state /nonexistent/state"
                        " --url " +
                        server.url());
  CHECK(done.status == 1);
  CHECK(contains(done, "continue with --skip 2"));
}

TEST_CASE("thespis import gives up waiting for an index that does not catch up") {
  const scripted_server server([](const seen_request& request) {
    return request.head.starts_with("GET") ? described(2, 7) : enveloped("true");
  });
  const matrix_file file;
  const auto done = run(file.words() + " --wait-indexed --wait-timeout 1 --url " + server.url());
  CHECK(done.status == 3);
  CHECK(contains(done, "7 vectors not indexed after 1 s"));
}

TEST_CASE("thespis import exits with 2 for flags that do not fit together") {
  const matrix_file file;
  for (const auto* words : {" --m 16", " --limit 0", " --batch 0", " --connections 17",
                            " --first-id -1", " --skip -1", " --format csv"}) {
    CAPTURE(words);
    CHECK(run(file.words() + words).status == 2);
  }
  CHECK(run("import /nonexistent -c x").status == 1);
  CHECK(run(file.words() + " --skip 4").status == 1);
}

}  // namespace thespis
