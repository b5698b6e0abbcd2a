// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/setting.hpp"

#include <boost/json.hpp>
#include <boost/pfr/tuple_size.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "config/document.hpp"
#include "config/load.hpp"
#include "tests/support/catch.hpp"

namespace thespis::config {

namespace {

std::size_t rows_of(std::string_view section) {
  std::size_t count = 0;
  for (const auto& row : all_settings()) count += row.section == section ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("table of settings has one row per member of the structs") {
  CHECK(rows_of("server") == boost::pfr::tuple_size_v<server>);
  CHECK(rows_of("security") == boost::pfr::tuple_size_v<security>);
  CHECK(rows_of("storage") == boost::pfr::tuple_size_v<storage>);
  CHECK(rows_of("runtime") == boost::pfr::tuple_size_v<runtime>);
  CHECK(rows_of("plugins") == boost::pfr::tuple_size_v<plugins>);
  CHECK(rows_of("log") == boost::pfr::tuple_size_v<log>);
  settings all;
  std::set<const void*> members;
  for (const auto& row : all_settings())
    std::visit([&](auto* at) { members.insert(at); }, row.member(all));
  CHECK(members.size() == all_settings().size());
}

TEST_CASE("table of settings accepts its own defaults and documents each row") {
  settings defaults;
  for (const auto& row : all_settings()) {
    CAPTURE(row.name());
    CHECK_FALSE(row.doc.empty());
    const auto member = row.member(defaults);
    std::uint64_t value = 0;
    if (const auto* size = std::get_if<std::size_t*>(&member))
      value = **size;
    else if (const auto* small = std::get_if<std::uint32_t*>(&member))
      value = **small;
    else
      continue;
    CHECK(value >= row.least);
    CHECK(value <= row.most);
    settings to;
    CHECK(assign_number(row, static_cast<std::int64_t>(row.most), to));
    CHECK_FALSE(assign_number(row, static_cast<std::int64_t>(row.most) + 1, to));
    if (row.least > 0)
      CHECK_FALSE(assign_number(row, static_cast<std::int64_t>(row.least) - 1, to));
  }
}

TEST_CASE("config/thespis.toml is the document of the defaults") {
  std::ifstream in(THESPIS_CONFIG_FILE, std::ios::binary);
  REQUIRE(in);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  CHECK(text == document(settings{}));
  settings read;
  read.server.connections_max = 1;
  read.log.level = "error";
  REQUIRE(read_toml(text, "thespis.toml", read));
  CHECK(document(read) == text);
}

TEST_CASE("document_json holds every setting by section") {
  const auto parsed = boost::json::parse(document_json(settings{}));
  for (const auto& row : all_settings()) {
    CAPTURE(row.name());
    CHECK(parsed.as_object().at(row.section).as_object().contains(row.key));
  }
  CHECK(parsed.at("server").at("connections_max").as_int64() == 16384);
}

TEST_CASE("parse_bytes reads units and refuses anything else") {
  CHECK(parse_bytes("0").value() == 0);
  CHECK(parse_bytes("12B").value() == 12);
  CHECK(parse_bytes("3kB").value() == 3000);
  CHECK(parse_bytes("64MiB").value() == 64u << 20);
  CHECK(parse_bytes("2TiB").value() == 2ull << 40);
  for (const auto* text : {"", "MiB", "-1", "+1", " 1", "1 MiB", "1mib", "1.5GiB", "0x10",
                           "18446744073709551616", "16777216TiB"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_bytes(text));
  }
}

}  // namespace thespis::config
