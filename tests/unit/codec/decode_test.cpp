// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/limits.hpp"
#include "protocols/codec/collection_changes.hpp"
#include "protocols/codec/decode_collection.hpp"
#include "protocols/codec/decode_points.hpp"
#include "protocols/codec/decode_query.hpp"
#include "protocols/codec/decode_updates.hpp"
#include "tests/support/catch.hpp"

namespace thespis::codec {
namespace {

constexpr std::size_t depth = 32;

template <class T>
std::string refused(const result<T>& decoded, errc code = errc::invalid_argument) {
  REQUIRE_FALSE(decoded);
  REQUIRE(decoded.error().code == code);
  return decoded.error().message;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("points are read in list form") {
  const auto read = decode_upsert(
      R"({"points":[{"id":1,"vector":[1,2.5]},
                    {"payload":{ "k" : [1, {"x":null}] },"vector":{"b":[3],"a":[4,5]},
                     "id":"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}],"shard_key":null})",
      depth);
  REQUIRE(read);
  REQUIRE(read->points.size() == 2);
  REQUIRE(read->points[0].vectors == std::vector<named_vector>{{"", {1, 2.5f}}});
  REQUIRE(read->points[0].payload.empty());
  REQUIRE(read->points[1].id.is_uuid());
  REQUIRE(read->points[1].vectors == std::vector<named_vector>{{"a", {4, 5}}, {"b", {3}}});
  REQUIRE(read->points[1].payload.json == R"({"k":[1,{"x":null}]})");
}

TEST_CASE("points are read in column form") {
  const auto read = decode_upsert(
      R"({"batch":{"payloads":[null,{"a":1}],"ids":[1,"x"],"vectors":{"t":[[1],[2]]}}})", depth);
  REQUIRE(read);
  REQUIRE(read->points.size() == 2);
  REQUIRE(read->points[1].id == *point_id::from_string("x"));
  REQUIRE(read->points[1].vectors == std::vector<named_vector>{{"t", {2}}});
  REQUIRE(read->points[0].payload.empty());
  REQUIRE(read->points[1].payload.json == R"({"a":1})");
  REQUIRE(has(refused(decode_upsert(R"({"batch":{"ids":[1],"vectors":[[1],[2]]}})", depth)),
              "'vectors' has 2 entries, 'ids' has 1"));
  REQUIRE(
      has(refused(decode_upsert(R"({"batch":{"ids":[1],"vectors":[[1]],"payloads":[]}})", depth)),
          "'payloads' has 0 entries"));
  REQUIRE(has(refused(decode_upsert(R"({"batch":{"ids":[1]}})", depth)), "'vectors' is missing"));
}

TEST_CASE("points that are wrong are refused with their place") {
  const auto message = [](std::string_view body, errc code = errc::invalid_argument) {
    return refused(decode_upsert(body, depth), code);
  };
  REQUIRE(has(message(R"({"points":[{"vector":[1]}]})"), "points[0]: 'id' is missing"));
  REQUIRE(has(message(R"({"points":[{"id":1}]})"), "'vector' is missing"));
  REQUIRE(has(message(R"({"points":[{"id":-1,"vector":[1]}]})"), "points[0].id: -1 is not"));
  REQUIRE(has(message(R"({"points":[{"id":1.5,"vector":[1]}]})"), "points[0].id: 1.5 is not"));
  REQUIRE(has(message(R"({"points":[{"id":"","vector":[1]}]})"), "empty string"));
  REQUIRE(has(message(R"({"points":[{"id":true,"vector":[1]}]})"), "found a boolean"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":[1,"2"]}]})"),
              "points[0].vector[1]: expected a number, found a string"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":[1,null]}]})"), "found null"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":[1],"payload":[]}]})"), "found an array"));
  REQUIRE(
      has(message(R"({"points":[{"id":1,"vector":[1],"colour":2}]})"), "unknown field 'colour'"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":{"a":[1],"a":[2]}}]})"), "occurs twice"));
  REQUIRE(has(message(R"({"points":{}})"), "expected an array, found an object"));
  REQUIRE(has(message("[]"), "expected an object, found an array"));
  REQUIRE(has(message("{}"), "'points' is missing"));
  REQUIRE(has(message(R"({"points":[],"batch":{}})"), "either 'points' or 'batch'"));
  REQUIRE(has(message(R"({"points":[],"shard_key":"a"})", errc::unsupported), "shard_key"));
  REQUIRE(has(message(R"({"points":[],"update_filter":{"most":[]}})"), "'most'"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":[[1,2],[2]]}]})"),
              "a row of 1 numbers in a multivector whose first row has 2"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":[[],[]]}]})"), "a row of 0 numbers"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":{"s":{"indices":[1],"values":[1,2]}}}]})"),
              "1 indices, but 2 values"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":{"s":{"indices":[1,1],"values":[1,2]}}}]})"),
              "index 1 occurs twice"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":{"s":{"indices":[-1],"values":[1]}}}]})"),
              "indices"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":{"s":{"values":[1]}}}]})"),
              "'indices' is missing"));
  REQUIRE(has(message(R"({"points":[{"id":1,"vector":{"s":{"text":"x","model":"m"}}}]})",
                      errc::unsupported),
              "inference is not offered"));
}

TEST_CASE("vectors of every shape are read") {
  const auto read = decode_upsert(
      R"({"points":[{"id":1,"vector":{"s":{"values":[0.5,-2],"indices":[7,3]},"m":[[1,2],[3,4]],
          "d":[5],"none":{"indices":[],"values":[]}}}]})",
      depth);
  REQUIRE(read);
  const auto& vectors = read->points.at(0).vectors;
  REQUIRE(vectors.size() == 4);
  CHECK(vectors[0] == dense_vector({5}, "d"));
  CHECK(vectors[1].shape == vector_shape::multivector);
  CHECK(vectors[1].size == 2);
  CHECK(vectors[1].values == std::vector<float>{1, 2, 3, 4});
  CHECK(vectors[2].shape == vector_shape::sparse);
  CHECK(vectors[2].values.empty());
  CHECK(vectors[3].shape == vector_shape::sparse);
  CHECK(vectors[3].indices == std::vector<std::uint32_t>{3, 7});
  CHECK(vectors[3].values == std::vector<float>{-2, 0.5F});
  const auto query =
      decode_query(R"({"query":{"nearest":{"indices":[2],"values":[1]}},"using":"s"})", depth);
  REQUIRE(query);
  CHECK(std::get<named_vector>(query->target).shape == vector_shape::sparse);
  const auto plain = decode_query(R"({"query":{"values":[1],"indices":[2]},"using":"s"})", depth);
  REQUIRE(plain);
  CHECK(std::get<named_vector>(plain->target) == std::get<named_vector>(query->target));
}

TEST_CASE("limits of a request are kept") {
  std::string ids = "{\"points\":[0";
  for (std::size_t i = 0; i < limits::ids_per_request_max; ++i) ids += ",1";
  REQUIRE(has(refused(decode_delete(ids + "]}", depth)), "points: 100001 ids, at most 100000"));
  std::string vector = "{\"query\":[0";
  for (std::size_t i = 0; i < limits::dimension_max; ++i) vector += ",1";
  REQUIRE(has(refused(decode_query(vector + "]}", depth)), "query: 65536 numbers, at most 65535"));
  std::string points = "{\"points\":[{\"id\":1,\"vector\":[1]}";
  for (std::size_t i = 0; i < limits::points_per_request_max; ++i) points += ",0";
  REQUIRE(has(refused(decode_upsert(points + "]}", depth)), "points: 100001 points, at most"));
  const std::string name(limits::string_id_bytes_max + 1, 'x');
  REQUIRE(has(refused(decode_delete("{\"points\":[\"" + name + "\"]}", depth), errc::too_large),
              "513 bytes"));
  const std::string text(limits::payload_bytes_max, 'x');
  REQUIRE(has(
      refused(decode_upsert(R"({"points":[{"id":1,"vector":[1],"payload":{"t":")" + text + "\"}}]}",
                            depth),
              errc::too_large),
      "at most 1048576"));
}

TEST_CASE("a query is read with its options") {
  const auto read = decode_query(
      R"({"query":{"nearest":[1,2]},"using":"text","limit":5,"offset":2,"score_threshold":0.5,
          "with_payload":{"include":["a","b.c"],"exclude":["b.d"]},"with_vector":["text"],
          "params":{"hnsw_ef":64,"exact":true,"quantization":null,"indexed_only":true},
          "prefetch":null,"filter":{},"lookup_from":null})",
      depth);
  REQUIRE(read);
  REQUIRE(std::get<named_vector>(read->target).values == std::vector<float>{1, 2});
  REQUIRE(read->vector_name == "text");
  REQUIRE(read->limit == 5);
  REQUIRE(read->offset == 2);
  REQUIRE(read->score_threshold == 0.5f);
  REQUIRE(read->hnsw_ef == 64u);
  REQUIRE(read->exact);
  REQUIRE(read->indexed_only);
  REQUIRE(read->with_payload.include == std::vector<std::string>{"a", "b.c"});
  REQUIRE(read->with_payload.exclude == std::vector<std::string>{"b.d"});
  REQUIRE(read->with_vector.names == std::vector<std::string>{"text"});
  const auto plain = decode_query(R"({"query":7})", depth);
  REQUIRE(plain);
  REQUIRE(std::get<point_id>(plain->target) == point_id(7));
  REQUIRE(plain->limit == 10);
  REQUIRE_FALSE(plain->indexed_only);
  REQUIRE_FALSE(plain->with_payload.enabled);
  REQUIRE_FALSE(plain->with_vector.enabled);
  const auto nearest = decode_query(R"({"query":{"nearest":"a"},"with_payload":["k"]})", depth);
  REQUIRE(nearest);
  REQUIRE(std::get<point_id>(nearest->target) == *point_id::from_string("a"));
  REQUIRE(nearest->with_payload.enabled);
}

TEST_CASE("what would change a result and is not offered is refused") {
  const auto message = [](std::string_view body) {
    return refused(decode_query(body, depth), errc::unsupported);
  };
  REQUIRE(has(message(R"({"query":[1],"filter":{"must":[]}})"), "filter"));
  REQUIRE(has(message(R"({"query":[1],"prefetch":[]})"), "prefetch"));
  REQUIRE(has(message(R"({"query":{"fusion":"rrf"}})"), "'fusion' is not offered"));
  REQUIRE(has(message(R"({"query":{"nearest":[1],"mmr":{}}})"), "mmr"));
  REQUIRE(has(message(R"({"limit":3})"), "points/scroll"));
  REQUIRE(has(message(R"({"query":null})"), "points/scroll"));
  REQUIRE(has(message(R"({"query":[1],"params":{"acorn":{}}})"), "acorn"));
  REQUIRE(has(message(R"({"query":[1],"lookup_from":{"collection":"x"}})"), "lookup_from"));
}

TEST_CASE("queries that are wrong are refused") {
  const auto message = [](std::string_view body) { return refused(decode_query(body, depth)); };
  REQUIRE(has(message(R"({"query":[1],"limit":0})"), "limit: 0, expected 1 to 10000"));
  REQUIRE(has(message(R"({"query":[1],"limit":10001})"), "expected 1 to 10000"));
  REQUIRE(has(message(R"({"query":[1],"offset":-1})"), "offset: -1"));
  REQUIRE(has(message(R"({"query":[1],"params":{"hnsw_ef":0}})"), "params.hnsw_ef: 0"));
  REQUIRE(has(message(R"({"query":[1],"params":{"ef":1}})"), "unknown field 'ef'"));
  REQUIRE(has(message(R"({"query":[1],"top":1})"), "unknown field 'top'"));
  REQUIRE(has(message(R"({"query":[1],"using":3})"), "using: expected a string"));
  REQUIRE(has(message(R"({"query":true})"), "a vector or a point id"));
  REQUIRE(has(message(R"({"query":[1],"with_payload":"x"})"), "with_payload"));
  REQUIRE(has(message(R"({"query":{}})"), "'nearest' is missing"));
  REQUIRE(has(message(R"({"query":[1]} x)"), "malformed JSON: extra data"));
}

TEST_CASE("a field that is given twice is refused") {
  REQUIRE(has(refused(decode_query(R"({"query":[1],"limit":1,"limit":2})", depth)),
              "limit: this field occurs twice"));
  REQUIRE(has(refused(decode_upsert(R"({"points":[{"id":1,"vector":[1],"id":2}]})", depth)),
              "points[0].id: this field occurs twice"));
  // Far more names than there may be cost no more than the bound.
  std::string names = R"({"vectors":{"n":{"size":1,"distance":"Dot"})";
  for (int i = 0; i < 100'000; ++i) names += ",\"n" + std::to_string(i) + "\":{}";
  REQUIRE(has(refused(decode_collection(names + "}}", depth)), "'size' is missing"));
}

TEST_CASE("older searches and batches are read") {
  const auto named =
      decode_search(R"({"vector":{"name":"t","vector":[1]},"limit":3,"with_vector":true})", depth);
  REQUIRE(named);
  REQUIRE(named->vector_name == "t");
  REQUIRE(named->with_vector.enabled);
  REQUIRE(has(refused(decode_search(R"({"limit":3})", depth)), "'vector' is missing"));
  REQUIRE(has(refused(decode_search(R"({"vector":7})", depth)), "vector: expected an array"));
  const auto batch = decode_query_batch(R"({"searches":[{"query":1},{"query":[2]}]})", depth);
  REQUIRE(batch);
  REQUIRE(batch->searches.size() == 2);
  REQUIRE(has(refused(decode_query_batch(R"({"searches":[{"query":1},{"query":}]})", depth)),
              "searches[1].query"));
  REQUIRE(decode_search_batch(R"({"searches":[{"vector":[1]}]})", depth)->searches.size() == 1);
  REQUIRE(has(refused(decode_search_batch("{}", depth)), "'searches' is missing"));
  std::string many = R"({"searches":[{"query":1})";
  for (std::size_t i = 0; i < limits::queries_per_batch_max; ++i) many += R"(,{"query":1})";
  REQUIRE(has(refused(decode_query_batch(many + "]}", depth)),
              "searches: 1001 searches, at most 1000"));
}

TEST_CASE("reads default as the dialect does") {
  const auto many = decode_retrieve(R"({"ids":[1]})", depth);
  REQUIRE(many);
  REQUIRE(many->with_payload.enabled);
  REQUIRE_FALSE(many->with_vector.enabled);
  const auto page = decode_scroll("", depth);
  REQUIRE(page);
  REQUIRE(page->limit == 10);
  REQUIRE(page->with_payload.enabled);
  const auto ids = decode_ids_page(R"({"offset":"a","limit":3})", depth);
  REQUIRE(ids);
  REQUIRE(ids->offset == *point_id::from_string("a"));
  REQUIRE_FALSE(ids->with_payload.enabled);
  REQUIRE(has(refused(decode_ids_page(R"({"with_payload":true})", depth)), "unknown field"));
  REQUIRE(decode_nothing("", depth));
  REQUIRE(decode_nothing("{}", depth));
  REQUIRE(has(refused(decode_nothing(R"({"repair":false})", depth)), "unknown field"));
  REQUIRE(has(refused(decode_nothing("[]", depth)), "object"));
  REQUIRE(decode_count("", depth));
  REQUIRE(decode_count(R"({"exact":false,"filter":null})", depth));
  REQUIRE(
      has(refused(decode_count(R"({"filter":{"must":[]}})", depth), errc::unsupported), "filters"));
  REQUIRE(has(refused(decode_scroll(R"({"order_by":"k"})", depth), errc::unsupported), "order_by"));
}

TEST_CASE("named vectors and inherited graph parameters are read") {
  const auto spec = decode_collection(
      R"({"vectors":{"text":{"size":8,"distance":"Dot","hnsw_config":{"ef_construct":50}},
                     "image":{"size":4,"distance":"Manhattan","index":"flat"}},
          "hnsw_config":{"m":32,"full_scan_threshold":0,"max_indexing_threads":0,"on_disk":false,
                         "payload_m":0},
          "replication_factor":1,"sharding_method":"auto","on_disk_payload":true,
          "optimizers_config":null,"wal_config":{}})",
      depth);
  REQUIRE(spec);
  REQUIRE(spec->vectors.size() == 2);
  REQUIRE(spec->vectors[0].name == "image");
  REQUIRE(spec->vectors[0].index == "flat");
  REQUIRE_FALSE(spec->vectors[0].hnsw);
  REQUIRE(spec->vectors[1].hnsw == hnsw_config{32, 50, 0, index_preset::balanced});
  REQUIRE(spec->hnsw == hnsw_config{32, 100, 0, index_preset::balanced});
  // "size" is a fine name for a vector.
  const auto odd = decode_collection(R"({"vectors":{"size":{"size":3,"distance":"Dot"}}})", depth);
  REQUIRE(odd);
  REQUIRE(odd->vectors[0].name == "size");
  REQUIRE(has(refused(decode_collection(R"({"vectors":{}})", depth)), "expected 1 to 16"));
  REQUIRE(has(refused(decode_collection(R"({"vectors":{"a":{"size":3,"distance":"Dot"},
                                                       "a":{"size":3,"distance":"Dot"}}})",
                                        depth)),
              "twice"));
  REQUIRE(has(refused(decode_collection(
                  R"({"vectors":{"size":3,"distance":"Dot"},"hnsw_config":{"m":1}})", depth)),
              "hnsw_config.m: 1, expected 2 to 128"));
  REQUIRE(
      has(refused(decode_collection(R"({"vectors":{"size":3}})", depth)), "'distance' is missing"));
  const auto graph = [](const std::string& fields, errc code = errc::unsupported) {
    return refused(
        decode_collection(
            R"({"vectors":{"size":3,"distance":"Dot"},"hnsw_config":{)" + fields + "}}", depth),
        code);
  };
  REQUIRE(has(graph(R"("on_disk":true)"), "on_disk"));
  REQUIRE(has(graph(R"("inline_storage":true)"), "inline_storage"));
  REQUIRE(has(graph(R"("max_indexing_threads":4)"), "max_indexing_threads"));
  REQUIRE(has(graph(R"("payload_m":16)"), "payload_m"));
  REQUIRE(has(graph(R"("preset":"quick")", errc::invalid_argument), "expected balanced or fast"));
  REQUIRE(has(graph(R"("links":16)", errc::invalid_argument), "unknown field 'links'"));
}

}  // namespace thespis::codec
