// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/limits.hpp"
#include "tests/unit/rest/fixture.hpp"

namespace thespis::tests {

TEST_CASE("aliases are changed and listed in the dialect's shape") {
  rest_fixture fixture;
  fixture.fill("dots");
  fixture.fill("lines");
  const auto made =
      fixture.ask("POST", "/collections/aliases",
                  R"({"actions":[{"create_alias":{"collection_name":"dots","alias_name":"live"}},
                     {"create_alias":{"alias_name":"old","collection_name":"lines"}},
                     {"rename_alias":{"old_alias_name":"old","new_alias_name":"new"}}]})");
  REQUIRE(made.status == 200);
  REQUIRE(made.body.starts_with(R"({"result":true,"status":"ok","time":)"));
  REQUIRE(has(fixture.ask("GET", "/aliases").body,
              R"({"result":{"aliases":[{"alias_name":"live","collection_name":"dots"},)"
              R"({"alias_name":"new","collection_name":"lines"}]},)"));
  REQUIRE(has(fixture.ask("GET", "/v1/collections/dots/aliases").body,
              R"({"result":{"aliases":[{"alias_name":"live","collection_name":"dots"}]},)"));
  REQUIRE(fixture
              .ask("POST", "/collections/aliases?timeout=5",
                   R"({"actions":[{"delete_alias":{"alias_name":"live"}}]})")
              .status == 200);
  REQUIRE(has(fixture.ask("GET", "/collections/dots/aliases").body, R"({"aliases":[]})"));
  REQUIRE(fixture.ask("POST", "/collections/aliases", R"({"actions":[]})").status == 200);
}

TEST_CASE("impossible changes of aliases are refused") {
  rest_fixture fixture;
  const auto refused = [&](const std::string& body, int status = 400) {
    const auto answer = fixture.ask("POST", "/collections/aliases", body);
    REQUIRE(answer.status == status);
    return answer.body;
  };
  CHECK(has(refused("{}"), "'actions' is missing"));
  CHECK(has(refused(R"({"actions":[{}]})"), "one of create_alias, delete_alias and rename_alias"));
  CHECK(has(refused(R"({"actions":[{"delete_alias":{"alias_name":"a"},
                        "rename_alias":{"old_alias_name":"a","new_alias_name":"b"}}]})"),
            "one of create_alias"));
  CHECK(has(refused(R"({"actions":[{"swap_alias":{}}]})"), "swap_alias"));
  CHECK(has(refused(R"({"actions":[{"create_alias":{"alias_name":"a"}}]})"),
            "'collection_name' is missing"));
  CHECK(has(refused(R"({"actions":[{"delete_alias":{"alias_name":7}}]})"), "expected a string"));
  CHECK(has(refused(R"({"actions":[{"delete_alias":{"alias_name":"a","x":1}}]})"),
            "unknown field 'x'"));
  CHECK(has(refused(R"({"actions":{}})"), "expected an array"));
  CHECK(has(
      refused(R"({"actions":[{"create_alias":{"alias_name":"a","collection_name":"b"}}]})", 404),
      "'b' does not exist"));
  std::string many = R"({"actions":[)";
  for (std::size_t i = 0; i <= limits::alias_actions_per_request_max; ++i)
    many += std::string(i == 0 ? "" : ",") + R"({"delete_alias":{"alias_name":"a"}})";
  CHECK(has(refused(many + "]}"), "1000"));
  CHECK(fixture.ask("GET", "/collections/aliases/aliases").status == 200);
  CHECK(fixture.ask("DELETE", "/aliases").status == 405);
}

TEST_CASE("collections are renamed, emptied and copied") {
  rest_fixture fixture;
  fixture.fill();
  REQUIRE(has(fixture.ask("POST", "/collections/dots/truncate").body, R"({"result":true,)"));
  REQUIRE(has(fixture.ask("POST", "/collections/dots/truncate", "{}").body, R"({"result":true,)"));
  REQUIRE(fixture.ask("POST", "/collections/dots/truncate", R"({"all":true})").status == 400);
  REQUIRE(fixture.ask("POST", "/collections/none/truncate").status == 404);
  REQUIRE(has(fixture.ask("POST", "/collections/dots/copy", R"({"name":"copy"})").body,
              R"({"result":{"name":"copy","status":"completed","points_copied":3,)"
              R"("points_expected":3},"status":"ok")"));
  REQUIRE(has(fixture.ask("POST", "/collections/dots/copy?wait=false", R"({"name":"copy"})").body,
              R"("status":"running")"));
  REQUIRE(fixture.ask("POST", "/collections/none/copy", R"({"name":"copy"})").status == 404);
  REQUIRE(fixture.ask("POST", "/collections/dots/copy", "{}").status == 400);
  REQUIRE(fixture.ask("POST", "/collections/dots/copy").status == 400);
  // One that takes longer than the request is told of as it is.
  REQUIRE(has(fixture.ask("POST", "/collections/silent/copy?timeout=1", R"({"name":"slow"})").body,
              R"({"result":{"name":"slow","status":"running","points_copied":5,)"
              R"("points_expected":9},"status":"ok")"));
  REQUIRE(fixture.ask("POST", "/collections/silent/copy?timeout=1", R"({"name":"x"})").status ==
          504);
  REQUIRE(has(fixture.ask("GET", "/collections/dots/copies").body,
              R"({"copies":[{"name":"old","status":"failed","points_copied":1,)"
              R"("points_expected":2,"error":"the disk is on fire"},)"));
  REQUIRE(has(fixture.ask("POST", "/collections/dots/rename", R"({"name":"spots"})").body,
              R"({"result":true,)"));
  REQUIRE(fixture.ask("GET", "/collections/spots").status == 200);
  REQUIRE(fixture.ask("POST", "/collections/dots/rename", R"({"name":"x"})").status == 404);
  REQUIRE(fixture.ask("POST", "/collections/spots/rename", R"({"to":"x"})").status == 400);
}

}  // namespace thespis::tests
