// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/unit/rest/fixture.hpp"

namespace thespis::tests {

TEST_CASE("a collection is created, described, listed and dropped") {
  rest_fixture fixture;
  const auto made = fixture.ask("PUT", "/collections/dots",
                                R"({"vectors":{"size":4,"distance":"Cosine"},
                                    "hnsw_config":{"m":24},"shard_number":null})");
  REQUIRE(made.status == 200);
  REQUIRE(made.body.starts_with(R"({"result":true,"status":"ok","time":)"));
  REQUIRE(fixture.ask("PUT", "/collections/dots", R"({"vectors":{"size":4,"distance":"Dot"}})")
              .status == 409);
  const auto info = fixture.ask("GET", "/collections/dots");
  REQUIRE(has(info.body, R"({"status":"green","optimizer_status":"ok")"));
  REQUIRE(has(info.body, R"("vectors":{"size":4,"distance":"Cosine")"));
  REQUIRE(has(info.body, R"("hnsw_config":{"m":24,"ef_construct":100)"));
  REQUIRE(has(info.body, R"("created_at":"2023-11-14T22:13:20.123Z")"));
  REQUIRE(has(fixture.ask("GET", "/collections").body,
              R"({"result":{"collections":[{"name":"dots"}]})"));
  REQUIRE(has(fixture.ask("GET", "/collections/dots/exists").body, R"({"exists":true})"));
  REQUIRE(has(fixture.ask("DELETE", "/collections/dots").body, R"({"result":true)"));
  REQUIRE(has(fixture.ask("DELETE", "/collections/dots").body, R"({"result":false)"));
  REQUIRE(has(fixture.ask("GET", "/collections/dots/exists").body, R"({"exists":false})"));
  const auto missing = fixture.ask("GET", "/collections/dots");
  REQUIRE(missing.status == 404);
  REQUIRE(has(missing.body, R"("error":"collection 'dots' does not exist")"));
}

TEST_CASE("codes, preset and vectors on disk are told as they were asked for") {
  rest_fixture fixture;
  REQUIRE(fixture
              .ask("PUT", "/collections/dots",
                   R"({"vectors":{"size":4,"distance":"Dot","on_disk":true,
                                  "quantization_config":{"binary":{"encoding":"two_bits"}}},
                       "hnsw_config":{"preset":"fast"},
                       "quantization_config":{"scalar":{"type":"int8","quantile":0.99}}})")
              .status == 200);
  const auto info = fixture.ask("GET", "/collections/dots");
  REQUIRE(has(info.body, R"("quantization_config":{"binary":{"encoding":"two_bits"}},)"
                         R"("on_disk":true})"));
  REQUIRE(has(info.body, R"("preset":"fast"})"));
  REQUIRE(
      has(info.body,
          R"("quantization_config":{"scalar":{"type":"int8","quantile":0.99}}},"payload_schema")"));
}

TEST_CASE("a collection's change takes over what is given and is told") {
  rest_fixture fixture;
  fixture.fill();
  REQUIRE(fixture
              .ask("PATCH", "/collections/dots",
                   R"({"vectors":{"":{"hnsw_config":{"m":32},"on_disk":true,
                                      "quantization_config":"Disabled"}},
                       "hnsw_config":{"ef_construct":200},"params":{"on_disk_payload":true},
                       "optimizers_config":{},"metadata":{"owner":"me"},
                       "limits":{"max_points":100},
                       "strict_mode_config":{"enabled":true,"max_timeout":5,
                                             "search_max_oversampling":2.5}})")
              .body.starts_with(R"({"result":true,"status":"ok")"));
  const auto info = fixture.ask("GET", "/collections/dots").body;
  REQUIRE(has(info, R"("hnsw_config":{"m":32,"ef_construct":200)"));
  REQUIRE(has(info, R"("quantization_config":{"none":{}},"on_disk":true)"));
  REQUIRE(has(info, R"("hnsw_config":{"m":16,"ef_construct":200)"));
  REQUIRE(has(info, R"("strict_mode_config":{"enabled":true,"max_timeout":5,)"
                    R"("search_max_oversampling":2.5},"metadata":{"owner":"me"},)"
                    R"("limits":{"max_points":100}})"));
  constexpr auto query = R"({"query":[0,0]})";
  REQUIRE(fixture.ask("POST", "/collections/dots/points/query?timeout=5", query).status == 200);
  const auto late = fixture.ask("POST", "/collections/dots/points/query?timeout=6", query);
  REQUIRE(late.status == 403);
  REQUIRE(has(late.body, "'timeout' is 6, but max_timeout allows at most 5"));
  REQUIRE(fixture.ask("PATCH", "/collections/dots", "{}").status == 200);
  REQUIRE(fixture.ask("PATCH", "/collections/absent", "{}").status == 404);
}

TEST_CASE("a collection's change that is not offered is refused") {
  rest_fixture fixture;
  fixture.fill();
  const auto refused = [&](const char* body, const char* text) {
    const auto answer = fixture.ask("PATCH", "/collections/dots", body);
    REQUIRE(answer.status == 400);
    REQUIRE(has(answer.body, text));
  };
  refused(R"({"vectors":{"":{"size":3}}})", "unknown field 'size'");
  refused(R"({"shard_number":2})", "unknown field 'shard_number'");
  refused(R"({"params":{"replication_factor":2}})", "'replication_factor': 2 is not offered");
  refused(R"({"params":{"on_disk_payload":false}})", "'on_disk_payload': false is not offered");
  refused(R"({"optimizers_config":{"indexing_threshold":1}})", "not offered");
  refused(R"({"strict_mode_config":{"max_payload_index_count":1}})", "max_payload_index_count");
  refused(R"({"strict_mode_config":{"unindexed_filtering_retrieve":false}})",
          "unindexed_filtering_retrieve");
  refused(R"({"strict_mode_config":{"max_query_limit":0}})", "expected at least 1");
  refused(R"({"strict_mode_config":{"limit":1}})", "unknown field 'limit'");
  refused(R"({"limits":{"max_vectors":1}})", "unknown field 'max_vectors'");
  refused(R"({"hnsw_config":{"m":1000}})", "1000");
  refused(R"({"metadata":[1]})", "expected an object");
  REQUIRE(fixture.ask("PATCH", "/collections/dots", R"({"vectors":{"other":{}}})").status == 404);
}

TEST_CASE("a check of indexes tells what it found of each vector") {
  rest_fixture fixture;
  fixture.fill();
  for (const auto* path : {"/collections/dots/index/check", "/v1/collections/dots/index/check",
                           "/collections/dots/index/check?timeout=5"}) {
    const auto done = fixture.ask("POST", path);
    REQUIRE(done.status == 200);
    REQUIRE(has(done.body,
                R"("result":{"indexes":[{"vector":"","index":"hnsw","nodes":3,"dropped":3,)"
                R"("unreachable":2,"mended":1}]},"status":"ok")"));
  }
  REQUIRE(fixture.ask("POST", "/collections/dots/index/check", "{}").status == 200);
  const auto refused = fixture.ask("POST", "/collections/dots/index/check", R"({"repair":true})");
  REQUIRE(refused.status == 400);
  REQUIRE(has(refused.body, "unknown field 'repair'"));
  REQUIRE(fixture.ask("POST", "/collections/dots/index/check?wait=true").status == 400);
  REQUIRE(fixture.ask("POST", "/collections/absent/index/check").status == 404);
  REQUIRE(fixture.ask("POST", "/collections/broken/index/check").status == 500);
  REQUIRE(fixture.ask("GET", "/collections/dots/index/check").status == 405);
  const auto late = fixture.ask("POST", "/collections/silent/index/check?timeout=1");
  REQUIRE(late.status == 504);
}

TEST_CASE("names in a path are percent-decoded and checked") {
  rest_fixture fixture;
  constexpr auto body = R"({"vectors":{"size":4,"distance":"Dot"}})";
  REQUIRE(fixture.ask("PUT", "/collections/a%20b", body).status == 200);
  REQUIRE(has(fixture.ask("GET", "/collections").body, R"({"name":"a b"})"));
  REQUIRE(fixture.ask("PUT", "/collections/a%2Fb", body).status == 400);
  REQUIRE(fixture.ask("PUT", "/collections/a%00b", body).status == 400);
  REQUIRE(fixture.ask("PUT", "/collections/a%ZZ", body).status == 400);
  REQUIRE(fixture.ask("PUT", "/collections/a%FF", body).status == 400);
}

TEST_CASE("impossible collections are refused") {
  rest_fixture fixture;
  const auto refused = [&](const char* body) {
    const auto answer = fixture.ask("PUT", "/collections/x", body);
    REQUIRE(answer.status == 400);
    return answer.body;
  };
  REQUIRE(has(refused("{}"), "'vectors' is missing"));
  REQUIRE(has(refused(R"({"vectors":{"size":0,"distance":"Dot"}})"), "expected 1 to 65535"));
  REQUIRE(has(refused(R"({"vectors":{"size":4,"distance":"Chebyshev"}})"), "Chebyshev"));
  REQUIRE(has(refused(R"({"vectors":{"size":4,"distance":"Dot","datatype":"float8"}})"),
              "unknown datatype 'float8'"));
  REQUIRE(has(refused(R"({"vectors":{"size":4,"distance":"Dot"},"shard_number":3})"), "only 1"));
  REQUIRE(has(
      refused(
          R"({"vectors":{"size":4,"distance":"Dot"},"sparse_vectors":{"t":{"modifier":"bm25"}}})"),
      "unknown modifier 'bm25'"));
  REQUIRE(has(refused(R"({"vectors":{"size":4,"distance":"Dot"},"hsnw_config":{}})"),
              "unknown field 'hsnw_config'"));
  REQUIRE(has(refused(R"({"vectors":{"size":4,"distance":"Dot"},
                          "quantization_config":{"product":{"compression":"x4"}}})"),
              "'product' codes are not offered"));
}

TEST_CASE("health, version and metrics answer") {
  rest_fixture fixture;
  fixture.fill();
  for (const auto* path : {"/healthz", "/livez", "/health", "/readyz", "/ready", "/v1/healthz"})
    REQUIRE(fixture.ask("GET", path).status == 200);
  http_client client(fixture.server->port());
  const auto head = client.ask("HEAD", "/healthz");
  REQUIRE(head.status == 200);
  REQUIRE(head.header("content-length") == "6");
  REQUIRE(client.ask("GET", "/livez").body == "alive\n");
  REQUIRE(has(client.ask("GET", "/readyz").body,
              R"({"status":"ready","collections":1,"loaded":1,"loading":[],"quarantined":[])"));
  const auto deep = client.ask("GET", "/health/deep");
  REQUIRE(deep.status == 200);
  REQUIRE(has(deep.body, R"({"result":{"status":"sound","share":1)"));
  REQUIRE(has(deep.body, R"({"name":"dots","status":"sound","components":[]})"));
  REQUIRE(client.ask("GET", "/health/deep?consistency=all").status == 400);
  REQUIRE(client.ask("POST", "/collections/dots/reopen").status == 404);
  const auto root = client.ask("GET", "/");
  REQUIRE(has(root.body, R"({"title":"thespis - vector search engine","version":"1.18.0")"));
  REQUIRE(has(client.ask("GET", "/version").body, R"("version":"0.1.0","commit":"abc")"));
  const auto numbers = client.ask("GET", "/metrics");
  REQUIRE(numbers.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  REQUIRE(has(numbers.body, R"(thespis_collection_points{collection="dots"} 3)"));
  REQUIRE(has(numbers.body, R"(route="upsert_points",status="2xx"} 1)"));
  REQUIRE(has(numbers.body, R"(thespis_http_request_seconds_count{route="upsert_points"} 1)"));
}

}  // namespace thespis::tests
