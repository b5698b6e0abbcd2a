// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/binary_upload.hpp"
#include "tests/unit/rest/fixture.hpp"

namespace thespis::tests {

TEST_CASE("a point written over REST is found by vector and by id") {
  rest_fixture fixture;
  fixture.fill();
  const auto near = fixture.ask("POST", "/collections/dots/points/query",
                                R"({"query":[0,0],"limit":2,"with_payload":true})");
  REQUIRE(near.status == 200);
  REQUIRE(near.body.starts_with(
      R"({"result":{"points":[{"id":1,"version":1,"score":0,"payload":{"n":"one"}},)"
      R"({"id":"red","version":1,"score":1,"payload":{"n":"three"}}]},"status":"ok","time":)"));
  const auto by_id = fixture.ask("POST", "/collections/dots/points/query",
                                 R"({"query":{"nearest":1},"limit":1,"with_vector":true})");
  REQUIRE(has(by_id.body, R"([{"id":"red","version":1,"score":1,"vector":[1,0]}])"));
  const auto older = fixture.ask("POST", "/v1/collections/dots/points/search",
                                 R"({"vector":{"name":"","vector":[3,4]},"limit":1})");
  REQUIRE(older.body.starts_with(R"({"result":[{"id":2,"version":1,"score":0}],"status":"ok")"));
}

TEST_CASE("batches of searches answer one list per search") {
  rest_fixture fixture;
  fixture.fill();
  const auto newer =
      fixture.ask("POST", "/collections/dots/points/query/batch",
                  R"({"searches":[{"query":[0,0],"limit":1},{"query":2,"limit":1}]})");
  REQUIRE(newer.status == 200);
  REQUIRE(has(newer.body, R"({"result":[{"points":[{"id":1,)"));
  REQUIRE(has(newer.body, R"({"points":[{"id":"red",)"));
  const auto older = fixture.ask("POST", "/collections/dots/points/search/batch",
                                 R"({"searches":[{"vector":[3,4],"limit":1}]})");
  REQUIRE(has(older.body, R"({"result":[[{"id":2,)"));
}

TEST_CASE("points are read one by one, together, by page and counted") {
  rest_fixture fixture;
  fixture.fill();
  REQUIRE(has(fixture.ask("GET", "/collections/dots/points/1").body,
              R"({"id":1,"version":1,"payload":{"n":"one"},"vector":[0,0]})"));
  REQUIRE(has(fixture.ask("GET", "/collections/dots/points/2").body, R"("payload":{})"));
  REQUIRE(fixture.ask("GET", "/collections/dots/points/red").status == 200);
  REQUIRE(fixture.ask("GET", "/collections/dots/points/%22red%22").status == 200);
  const auto missing = fixture.ask("GET", "/collections/dots/points/77");
  REQUIRE(missing.status == 404);
  REQUIRE(has(missing.body, "collection 'dots': point 77 does not exist"));
  REQUIRE(has(fixture.ask("GET", "/collections/dots/points/2/exists").body, R"("exists":true)"));
  REQUIRE(has(fixture.ask("GET", "/collections/dots/points/3/exists").body, R"("exists":false)"));
  const auto many = fixture.ask("POST", "/collections/dots/points", R"({"ids":[2,9,"red"]})");
  REQUIRE(has(many.body, R"({"result":[{"id":2,"version":1,"payload":{}},{"id":"red",)"));
  REQUIRE(has(fixture.ask("POST", "/collections/dots/points/count", R"({"exact":true})").body,
              R"({"result":{"count":3})"));
  const auto page = fixture.ask("POST", "/collections/dots/points/scroll",
                                R"({"limit":1,"with_payload":false,"offset":2})");
  REQUIRE(has(page.body, R"({"points":[{"id":2,"version":1}],"next_page_offset":"red"})"));
  const auto ids = fixture.ask("POST", "/collections/dots/points/ids", "{}");
  REQUIRE(has(ids.body, R"({"ids":[1,2,"red"],"next_page_offset":null})"));
}

TEST_CASE("columns are upserted and points deleted") {
  rest_fixture fixture;
  fixture.fill();
  const auto columns =
      fixture.ask("PUT", "/collections/dots/points?wait=false&ordering=weak",
                  R"({"batch":{"ids":[10,11],"vectors":[[1,1],[2,2]],"payloads":[{"a":1},null]}})");
  REQUIRE(columns.status == 200);
  REQUIRE(has(columns.body, R"({"operation_id":2,"status":"acknowledged","affected":2})"));
  REQUIRE(has(fixture.ask("GET", "/collections/dots/points/10").body, R"("payload":{"a":1})"));
  const auto deleted =
      fixture.ask("POST", "/collections/dots/points/delete", R"({"points":[10,11,12]})");
  REQUIRE(has(deleted.body, R"({"operation_id":3,"status":"completed","affected":2})"));
  REQUIRE(fixture.ask("GET", "/collections/dots/points/10").status == 404);
}

TEST_CASE("every write of points has a route, and a batch a result for each operation") {
  rest_fixture fixture;
  fixture.fill();
  const std::string points = "/collections/dots/points";
  const auto ask = [&](std::string_view method, const std::string& end, std::string_view body) {
    return fixture.ask(method, points + end, body);
  };
  const auto set = ask("POST", "/payload?wait=true", R"({"payload":{"a":1},"points":[1,2]})");
  REQUIRE(set.status == 200);
  REQUIRE(has(set.body, R"({"operation_id":2,"status":"completed","affected":2})"));
  REQUIRE(has(ask("GET", "/1", {}).body, R"("payload":{"n":"one","a":1})"));
  REQUIRE(ask("PUT", "/payload", R"({"payload":{"b":2},"points":[1]})").status == 200);
  REQUIRE(has(ask("GET", "/1", {}).body, R"("payload":{"b":2})"));
  REQUIRE(ask("POST", "/payload/delete", R"({"keys":["b"],"points":[1]})").status == 200);
  REQUIRE(has(ask("GET", "/1", {}).body, R"("payload":{})"));
  REQUIRE(ask("POST", "/payload/clear", R"({"points":[2]})").status == 200);
  REQUIRE(has(ask("GET", "/2", {}).body, R"("payload":{})"));
  REQUIRE(ask("PUT", "/vectors", R"({"points":[{"id":1,"vector":[7,7]}]})").status == 200);
  REQUIRE(has(ask("GET", "/1", {}).body, R"("vector":[7,7])"));
  REQUIRE(ask("POST", "/vectors/delete", R"({"vector":[""],"points":[1]})").status == 200);
  REQUIRE(has(ask("GET", "/1", {}).body, R"("vector":{})"));
  const auto batch = ask("POST", "/batch?wait=false",
                         R"({"operations":[{"delete":{"points":[1,2]}},
                                           {"upsert":{"points":[{"id":9,"vector":[1,1]}]}}]})");
  REQUIRE(has(batch.body, R"({"result":[{"operation_id":8,"status":"acknowledged","affected":2},)"
                          R"({"operation_id":8,"status":"acknowledged","affected":1}],)"));
  REQUIRE(has(ask("POST", "/batch", R"({"operations":[]})").body, R"({"result":[],)"));
  REQUIRE(ask("POST", "/batch", R"({"operations":[{"x":{}}]})").status == 400);
  REQUIRE(ask("POST", "/payload/clear", R"({"points":[77]})").status == 404);
  REQUIRE(ask("POST", "/batch?ordering=odd", R"({"operations":[]})").status == 400);
  REQUIRE(ask("GET", "/batch/x", {}).status == 404);
  const auto numbers = fixture.ask("GET", "/metrics").body;
  for (const char* const route :
       {"set_payload", "overwrite_payload", "delete_payload", "clear_payload", "update_vectors",
        "delete_vectors", "write_batch"})
    REQUIRE(has(numbers, std::string("route=\"") + route + "\""));
}

TEST_CASE("a binary upload is taken where JSON is") {
  rest_fixture fixture;
  fixture.fill();
  const std::vector<point_id> ids = {point_id(20), point_id(21)};
  const std::vector<float> rows = {7, 7, 8, 8};
  const std::vector<std::string> payloads = {R"({"b": 1})", ""};
  codec::binary_upload upload;
  upload.ids = ids;
  upload.dimension = 2;
  upload.rows = rows;
  upload.payloads = payloads;
  const auto body = codec::encode_binary_upload(upload);
  REQUIRE(body);
  http_client client(fixture.server->port());
  const auto answer = client.ask("PUT", "/collections/dots/points", *body,
                                 "Content-Type: application/octet-stream\r\n");
  REQUIRE(answer.status == 200);
  REQUIRE(has(client.ask("GET", "/collections/dots/points/20").body,
              R"("payload":{"b":1},"vector":[7,7])"));
  const auto cut = client.ask("PUT", "/collections/dots/points", body->substr(0, 40),
                              "Content-Type: application/octet-stream\r\n");
  REQUIRE(cut.status == 400);
}

TEST_CASE("refusals of points name the object, the value and the limit") {
  rest_fixture fixture;
  fixture.fill();
  const auto wrong =
      fixture.ask("PUT", "/collections/dots/points", R"({"points":[{"id":1,"vector":[1,2,3]}]})");
  REQUIRE(wrong.status == 400);
  REQUIRE(has(wrong.body, "collection 'dots': vector has 3 dimensions, expected 2"));
  const auto huge =
      fixture.ask("PUT", "/collections/dots/points", R"({"points":[{"id":1,"vector":[1,1e999]}]})");
  REQUIRE(huge.status == 400);
  REQUIRE(has(huge.body, "points[0].vector[1]: 1e999 is out of the range of float32"));
  const auto filtered = fixture.ask("POST", "/collections/dots/points/query",
                                    R"({"query":[1,2],"filter":{"must":[]}})");
  REQUIRE(filtered.status == 400);
  REQUIRE(has(filtered.body, "filters are not offered"));
  REQUIRE(has(filtered.body, R"("code":"unsupported")"));
  const auto broken = fixture.ask("POST", "/collections/dots/points/query", R"({"query":[1,})");
  REQUIRE(broken.status == 400);
  REQUIRE(has(broken.body, "line 1, column 13"));
  REQUIRE(fixture.ask("POST", "/collections/nowhere/points/query", R"({"query":[1,2]})").status ==
          404);
  REQUIRE(fixture.ask("POST", "/collections/dots/points/query", R"({"query":99})").status == 404);
  REQUIRE(fixture.ask("POST", "/collections/broken/points/count", "{}").status == 500);
  const auto option = fixture.ask("PUT", "/collections/dots/points?wiat=true", R"({"points":[]})");
  REQUIRE(option.status == 400);
  REQUIRE(has(option.body, "unknown query parameter 'wiat'"));
}

TEST_CASE("a request ends at its own deadline") {
  rest_fixture fixture;
  const auto late = fixture.ask("POST", "/collections/silent/points/count?timeout=1", "{}");
  REQUIRE(late.status == 504);
  REQUIRE(has(late.body, R"("code":"timeout")"));
}

}  // namespace thespis::tests
