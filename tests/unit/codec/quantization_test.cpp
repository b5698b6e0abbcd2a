// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/quantization.hpp"

#include "core/collection_info.hpp"
#include "protocols/codec/decode_collection.hpp"
#include "protocols/codec/decode_query.hpp"
#include "protocols/codec/encode.hpp"
#include "tests/support/catch.hpp"

namespace thespis::codec {

namespace {

constexpr std::size_t depth = 16;

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

result<collection_spec> created(const std::string& codes, const std::string& vector = "") {
  return decode_collection(R"({"vectors":{"size":4,"distance":"Dot")" + vector +
                               R"(},"quantization_config":)" + codes + "}",
                           depth);
}

std::string refused(const std::string& codes, errc code = errc::invalid_argument) {
  const auto spec = created(codes);
  REQUIRE_FALSE(spec);
  INFO(spec.error().message);
  REQUIRE(spec.error().code == code);
  return spec.error().message;
}

std::string told(const collection_spec& spec) {
  collection_info info;
  info.meta.spec = spec;
  std::string text;
  json_writer out(text);
  encode(out, info);
  return text;
}

/// What is told of a collection's codes.
std::string echo(const std::string& codes) {
  const auto spec = created(codes);
  REQUIRE(spec);
  const auto text = told(*spec);
  constexpr std::string_view field = "\"quantization_config\":";
  const auto begin = text.find(field) + field.size();
  return text.substr(begin, text.find("},\"payload_schema\"") - begin);
}

result<code_use> used(const std::string& fields) {
  auto search = decode_query(R"({"query":[1],"params":{"quantization":)" + fields + "}}", depth);
  if (!search) return search.error();
  return search->codes;
}

std::string refused_use(const std::string& fields) {
  const auto read = used(fields);
  REQUIRE_FALSE(read);
  REQUIRE(read.error().code == errc::invalid_argument);
  return read.error().message;
}

}  // namespace

TEST_CASE("codes are told as they were asked for") {
  for (const std::string codes :
       {"null", R"({"none":{}})", R"({"scalar":{"type":"int8"}})", R"({"scalar":{"type":"int4"}})",
        R"({"scalar":{"type":"int8","quantile":0.99,"always_ram":true}})",
        R"({"scalar":{"type":"int8","always_ram":false}})", R"({"binary":{}})",
        R"({"binary":{"always_ram":true}})", R"({"binary":{"encoding":"one_bit"}})",
        R"({"binary":{"encoding":"two_bits","always_ram":true}})", R"({"binary":{"bits":3}})",
        R"({"binary":{"bits":4}})"})
    CHECK(echo(codes) == codes);
  CHECK(echo(R"("none")") == R"({"none":{}})");
  CHECK(echo(R"("Disabled")") == R"({"none":{}})");
  CHECK(echo(R"({"binary":{"bits":2,"encoding":null}})") ==
        R"({"binary":{"encoding":"two_bits"}})");
  CHECK(echo(R"({"binary":{"bits":2,"encoding":"two_bits","query_encoding":"default"}})") ==
        R"({"binary":{"encoding":"two_bits"}})");
  CHECK(echo(R"({"scalar":{"type":"int8","quantile":null,"always_ram":null}})") ==
        R"({"scalar":{"type":"int8"}})");
}

TEST_CASE("codes of a vector, vectors on disk and the preset are read and told") {
  const auto spec = decode_collection(
      R"({"vectors":{"a":{"size":4,"distance":"Dot","on_disk":true,"hnsw_config":{"preset":"fast"},
                          "quantization_config":{"scalar":{"type":"int4"}}},
                     "b":{"size":4,"distance":"Dot","on_disk":null,"hnsw_config":{"m":8}}},
          "quantization_config":{"binary":{"bits":3}}})",
      depth);
  REQUIRE(spec);
  const auto& [a, b] = std::tie(spec->vectors[0], spec->vectors[1]);
  CHECK(a.on_disk);
  CHECK(a.hnsw->preset == index_preset::fast);
  CHECK(spec->quantization_for(a)->quantizer() == "sq4");
  CHECK_FALSE(b.on_disk);
  CHECK(spec->hnsw.preset == index_preset::balanced);
  CHECK(spec->quantization_for(b)->quantizer() == "binary");
  CHECK(spec->quantization_for(b)->quantizer_bits() == 3);
  const auto text = told(*spec);
  CHECK(
      has(text,
          R"("a":{"size":4,"distance":"Dot","hnsw_config":{"m":16,"ef_construct":100,)"
          R"("full_scan_threshold":1000,"max_indexing_threads":0,"on_disk":false,)"
          R"("preset":"fast"},"quantization_config":{"scalar":{"type":"int4"}},"on_disk":true})"));
  // Nothing of ours where nothing of ours was asked for: clients are strict about vectors.
  CHECK(has(
      text,
      R"("b":{"size":4,"distance":"Dot","hnsw_config":{"m":8,"ef_construct":100,)"
      R"("full_scan_threshold":1000,"max_indexing_threads":0,"on_disk":false},"on_disk":false})"));
  CHECK(has(text, R"("preset":"balanced")"));
}

TEST_CASE("codes that are not offered are refused by name") {
  CHECK(has(refused(R"({"product":{"compression":"x16"}})", errc::unsupported),
            "'product' codes are not offered"));
  CHECK(has(refused(R"({"turbo":{}})", errc::unsupported), "'turbo' codes are not offered"));
  CHECK(has(refused(R"({"binary":{"encoding":"one_and_half_bits"}})", errc::unsupported),
            "'one_and_half_bits' is not offered"));
  CHECK(has(refused(R"({"binary":{"query_encoding":"scalar8bits"}})", errc::unsupported),
            "query_encoding"));
  const auto on_disk =
      created(R"({"scalar":{"type":"int8","always_ram":false}})", R"(,"on_disk":true)");
  REQUIRE_FALSE(on_disk);
  CHECK(on_disk.error().code == errc::unsupported);
  CHECK(has(on_disk.error().message, "codes always lie in memory"));
}

TEST_CASE("codes that make no sense are refused") {
  CHECK(has(refused("{}"), "no kind of codes"));
  CHECK(has(refused("7"), "expected an object"));
  CHECK(has(refused(R"("off")"), "unknown quantization 'off'"));
  CHECK(has(refused(R"({"int8":{}})"), "unknown field 'int8'"));
  CHECK(has(refused(R"({"none":{},"binary":{}})"), "more than one kind"));
  CHECK(has(refused(R"({"none":{"bits":1}})"), "unknown field 'bits'"));
  CHECK(has(refused(R"({"none":null})"), "expected an object"));
  CHECK(has(refused(R"({"scalar":{}})"), "'type' is missing"));
  CHECK(has(refused(R"({"scalar":{"type":"int2"}})"), "unknown scalar type 'int2'"));
  CHECK(has(refused(R"({"scalar":{"type":"int8","quantile":0.4}})"), "expected 0.5 to 1"));
  CHECK(has(refused(R"({"scalar":{"type":"int8","quantile":"x"}})"), "quantile"));
  CHECK(has(refused(R"({"scalar":{"type":"int8","always_ram":1}})"), "always_ram"));
  CHECK(has(refused(R"({"scalar":{"type":"int8","bits":8}})"), "unknown field 'bits'"));
  CHECK(has(refused(R"({"binary":{"encoding":"three"}})"), "unknown encoding 'three'"));
  CHECK(has(refused(R"({"binary":{"bits":0}})"), "0, expected 1 to 4"));
  CHECK(has(refused(R"({"binary":{"bits":5}})"), "5, expected 1 to 4"));
  CHECK(has(refused(R"({"binary":{"bits":3,"encoding":"one_bit"}})"), "contradict"));
  CHECK(has(refused(R"({"binary":{"quantile":0.9}})"), "unknown field 'quantile'"));
}

TEST_CASE("a search says how codes are used") {
  const auto plain = used("null");
  REQUIRE(plain);
  CHECK_FALSE(plain->ignore);
  CHECK(plain->rescore);
  CHECK_FALSE(plain->oversampling);
  const auto nulls = used(R"({"ignore":null,"rescore":null,"oversampling":null})");
  REQUIRE(nulls);
  CHECK(nulls->rescore);
  CHECK_FALSE(nulls->oversampling);
  const auto all = used(R"({"ignore":true,"rescore":false,"oversampling":2.5})");
  REQUIRE(all);
  CHECK(all->ignore);
  CHECK_FALSE(all->rescore);
  CHECK(all->oversampling == 2.5F);
  CHECK(used(R"({"oversampling":1})"));
  CHECK(used(R"({"oversampling":1000})"));
  for (const std::string bad : {"0.99", "0", "-1", "1000.5"})
    CHECK(has(refused_use(R"({"oversampling":)" + bad + "}"), "between 1 and 1000"));
  CHECK(has(refused_use(R"({"oversampling":"2"})"), "oversampling"));
  CHECK(has(refused_use(R"({"ignore":0})"), "ignore"));
  CHECK(has(refused_use(R"({"rescored":true})"), "unknown field 'rescored'"));
  CHECK(has(refused_use("[]"), "quantization"));
}

}  // namespace thespis::codec
