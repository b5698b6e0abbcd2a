// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <cstring>

#include "apps/importer/point_source.hpp"
#include "core/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/apps/scratch_folder.hpp"

namespace thespis::importer {

using namespace std::string_literals;

namespace {

template <class T>
std::string little(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

template <class T>
std::string all(std::initializer_list<T> values) {
  std::string out;
  for (const auto value : values) out += little(value);
  return out;
}

std::string dictionary(const std::string& descr, const std::string& shape,
                       const std::string& order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

std::string npy(const std::string& header, const std::string& data, char version = 1) {
  const auto text = header + std::string(20, ' ') + "\n";
  const auto length = version == 1 ? little(static_cast<std::uint16_t>(text.size()))
                                   : little(static_cast<std::uint32_t>(text.size()));
  return "\x93NUMPY"s + version + '\0' + length + text + data;
}

// All values of a file, or the failure's message behind the file's name.
struct content {
  std::vector<float> values;
  std::string failure;
};

content read_all(const std::filesystem::path& file, const source_options& options = {}) {
  content out;
  const auto told = [&](const error& failure) {
    out.failure = failure.message;
    if (out.failure.find(file.string()) == 0) out.failure.erase(0, file.string().size());
    return out;
  };
  const auto format = guess_file_format(file);
  if (!format) return told(format.error());
  auto source = open_source(file, *format, options);
  if (!source) return told(source.error());
  for (;;) {
    const auto batch = (*source)->read(2);
    if (!batch) return told(batch.error());
    if (batch->ids.empty()) return out;
    const auto& values = batch->columns.at(0).values;
    out.values.insert(out.values.end(), values.begin(), values.end());
  }
}

bool has(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("NumPy files of every element, byte order and version are read") {
  const scratch_folder in;
  const auto values = [&](const std::string& bytes) {
    const auto found = read_all(in.write("a.npy", bytes));
    CHECK(found.failure.empty());
    return found.values;
  };
  const std::vector<float> expected = {1, -2, 0.5f, 4, 5, 6};
  const auto floats = all<float>({1, -2, 0.5f, 4, 5, 6});
  for (const char version : {'\1', '\2', '\3'})
    CHECK(values(npy(dictionary("<f4", "(3, 2)"), floats, version)) == expected);
  CHECK(values(npy(dictionary("<f8", "(3, 2)"), all<double>({1, -2, 0.5, 4, 5, 6}))) == expected);
  CHECK(values(npy(dictionary("<f2", "(1, 2)"), all<std::uint16_t>({0x3C00, 0xC000}))) ==
        std::vector<float>{1, -2});
  CHECK(values(npy(dictionary(">f2", "(1, 2)"), "\x3C\0\xC0\0"s)) == std::vector<float>{1, -2});
  CHECK(values(npy(dictionary(">f4", "(1, 1)"), "\x3F\x80\0\0"s)) == std::vector<float>{1});
  CHECK(values(npy(dictionary("|u1", "(1, 2)"), "\x01\xFF"s)) == std::vector<float>{1, 255});
  CHECK(values(npy(dictionary("|i1", "(1, 2)"), "\x01\xFF"s)) == std::vector<float>{1, -1});
  CHECK(values(npy("{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<f4\"}",
                   all<float>({7, 8}))) == std::vector<float>{7, 8});
}

TEST_CASE("a NumPy array of one dimension is one vector, and one row or column has no order") {
  const scratch_folder in;
  const auto shape = [&](const std::string& header) {
    auto source =
        open_source(in.write("a.npy", npy(header, all<float>({1, 2, 3}))), file_format::npy, {});
    REQUIRE(source);
    return std::pair(*(*source)->rows(), (*source)->shapes().at(0).size);
  };
  CHECK(shape(dictionary("<f4", "(3,)")) == std::pair(std::uint64_t{1}, 3u));
  CHECK(shape(dictionary("<f4", "(3, 1)", "True")) == std::pair(std::uint64_t{3}, 1u));
  CHECK(shape(dictionary("<f4", "(1, 3)", "True")) == std::pair(std::uint64_t{1}, 3u));
  CHECK(has(read_all(in.write("f.npy",
                              npy(dictionary("<f4", "(2, 2)", "True"), all<float>({1, 2, 3, 4}))))
                .failure,
            "Fortran order"));
}

TEST_CASE("NumPy files with a damaged or strange header are refused") {
  const scratch_folder in;
  const auto data = all<float>({1, 2, 3, 4});
  const auto refusal = [&](const std::string& bytes) {
    return read_all(in.write("a.npy", bytes)).failure;
  };
  const auto good = npy(dictionary("<f4", "(2, 2)"), data);
  CHECK(refusal(good).empty());
  CHECK(has(refusal(""), "does not begin as a NumPy file"));
  CHECK(has(refusal("\x93NUMPX" + good.substr(6)), "does not begin as a NumPy file"));
  CHECK(has(refusal("\x93NUMPY\4"s + good.substr(7)), "version 4.0 of the NumPy format"));
  CHECK(has(refusal(good.substr(0, 7)), "ends within the header"));
  CHECK(has(refusal(good.substr(0, 9)), "ends within the header"));
  CHECK(has(refusal(good.substr(0, 30)), "ends within the header"));
  CHECK(has(refusal("\x93NUMPY\2\0\xFF\xFF\xFF\xFF"s), "4294967295 bytes, at most"));
  CHECK(has(refusal(good + "x"), "that is"));
  CHECK(has(refusal(good.substr(0, good.size() - 1)), "that is"));
  for (const auto* shape : {"(2, 2", "(2 2)", "(-2, 2)", "(2, 99999999999999999999)", "2", "(a,)"})
    CHECK(has(refusal(npy(dictionary("<f4", shape), data)), "not that of an array"));
  CHECK(has(refusal(npy("", data)), "not that of an array"));
  CHECK(has(refusal(npy("{'descr': '<f4', 'shape': (2, 2), }", data)), "not that of an array"));
  CHECK(has(
      refusal(npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", data)),
      "not that of an array"));
  CHECK(
      has(refusal(npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2, 2)}", data)),
          "not that of an array"));
  CHECK(has(refusal(npy(dictionary("<f4", "(2, 2)", "Maybe"), data)), "not that of an array"));
  for (const auto* descr : {"<i8", "<c8", "|O", "<U4", "|f4", "f4", ""})
    CHECK(has(refusal(npy(dictionary(descr, "(2, 2)"), data)), "elements of type '"));
  CHECK(has(refusal(npy(dictionary("<f4", "()"), data)), "an array of 0 dimensions"));
  CHECK(has(refusal(npy(dictionary("<f4", "(1, 2, 2)"), data)), "an array of 3 dimensions"));
  CHECK(has(refusal(npy(dictionary("<f4", "(0, 2)"), "")), "0 rows"));
  CHECK(has(refusal(npy(dictionary("<f4", "(2, 0)"), "")), "0 dimensions"));
  CHECK(has(refusal(npy(dictionary("<f4", "(4611686018427387904, 4)"), data)), "no file has"));
}

TEST_CASE("a changed byte anywhere in the header of a NumPy file does no harm") {
  const scratch_folder in;
  const auto good = npy(dictionary("<f4", "(2, 2)"), all<float>({1, 2, 3, 4}));
  for (std::size_t at = 0; at < good.size() - 16; ++at)
    for (const char value : {'\0', '\xFF', '9', ' '}) {
      auto damaged = good;
      damaged[at] = value;
      const auto found = read_all(in.write("a.npy", damaged));
      CAPTURE(at, value);
      CHECK((!found.failure.empty() || found.values.size() == 4));
    }
}

TEST_CASE("numbers that no float32 can be are refused with row and component") {
  const scratch_folder in;
  const auto doubles = npy(dictionary("<f8", "(2, 2)"), all<double>({1, 2, 3, 1e39}));
  CHECK(has(read_all(in.write("a.npy", doubles)).failure,
            " row 1: component 1 is no finite 32-bit number"));
  const auto halves = little(std::uint32_t{1}) + all<std::uint16_t>({0x3C00});
  CHECK(has(read_all(in.write("b.f16bin",
                              little(std::uint32_t{1}) + little(std::uint32_t{1}) + "\x00\x7E"s))
                .failure,
            " row 0: component 0"));
  CHECK(has(read_all(in.write("c.fvecs", halves.substr(0, 4) + "\0\0\x80\x7F"s)).failure,
            " row 0: component 0"));
}

TEST_CASE("fvecs and bvecs are read, compressed or not") {
  const scratch_folder in;
  const auto two = little(std::uint32_t{2});
  const auto floats =
      two + all<float>({1, 2}) + two + all<float>({3, 4}) + two + all<float>({5, -6.5f});
  const std::vector<float> expected = {1, 2, 3, 4, 5, -6.5f};
  CHECK(read_all(in.write("a.fvecs", floats)).values == expected);
  CHECK(read_all(in.write_gz("a.fvecs.gz", floats)).values == expected);
  CHECK(read_all(in.write("a.bvecs", two + "\x01\xFF" + two + "\0\x02"s)).values ==
        std::vector<float>{1, 255, 0, 2});
  for (const auto* name : {"a.fvecs", "a.fvecs.gz"}) {
    auto source = open_source(in.path() / name, file_format::fvecs, {.first_id = 7});
    REQUIRE(source);
    CHECK((*source)->rows() ==
          (std::string(name) == "a.fvecs" ? std::optional<std::uint64_t>(3) : std::nullopt));
    REQUIRE((*source)->skip(2));
    const auto batch = (*source)->read(9);
    REQUIRE(batch);
    CHECK(batch->first_row == 2);
    CHECK(batch->ids == std::vector<point_id>{point_id(9)});
    CHECK(batch->columns.at(0).values == std::vector<float>{5, -6.5f});
    CHECK_FALSE((*source)->skip(1));
  }
}

TEST_CASE("fvecs files that are cut or inconsistent are refused, and ivecs altogether") {
  const scratch_folder in;
  const auto two = little(std::uint32_t{2});
  const auto row = two + all<float>({1, 2});
  const auto refusal = [&](const std::string& bytes, const std::string& name = "a.fvecs") {
    return read_all(in.write(name, bytes)).failure;
  };
  CHECK(has(refusal(""), "0 bytes"));
  CHECK(has(refusal("\2\0"s), "2 bytes"));
  CHECK(has(refusal(row + two), "no whole number of rows of 2 float32, which have 12"));
  CHECK(has(refusal(little(std::uint32_t{0}) + row), "row 0 says that it has 0 components"));
  CHECK(has(refusal(little(~std::uint32_t{0}) + row), "has 4294967295 components"));
  CHECK(has(refusal(row + little(std::uint32_t{3}) + all<float>({1, 2})),
            " row 1: says that it has 3 components, row 0 has 2"));
  const auto cut = row + row.substr(0, 7);
  CHECK(has(read_all(in.write_gz("b.fvecs.gz", cut)).failure, "the data ends in row 1"));
  CHECK(has(refusal(row, "a.ivecs"), "ivecs files hold integers"));
}

TEST_CASE("rows get the ids and payloads of the files beside them") {
  const scratch_folder in;
  const auto rows = in.write("a.npy", npy(dictionary("<f4", "(4, 1)"), all<float>({1, 2, 3, 4})));
  source_options options;
  options.ids = in.write("ids",
                         "18446744073709551615\n550E8400-e29b-41d4-a716-446655440000\r\n"
                         "\"7 \\\"x\\\"\"\nplain text");
  options.payloads = in.write_gz("payloads.jsonl.gz", "{\"a\": 1.10}\nnull\n{}\n{\"b\":[true]}\n");
  for (const std::uint64_t skipped : {0, 2}) {
    auto source = open_source(rows, file_format::npy, options);
    REQUIRE(source);
    REQUIRE((*source)->skip(skipped));
    std::vector<point_id> ids;
    std::vector<std::string> payloads;
    for (;;) {
      const auto batch = (*source)->read(3);
      REQUIRE(batch);
      if (batch->ids.empty()) break;
      ids.insert(ids.end(), batch->ids.begin(), batch->ids.end());
      payloads.insert(payloads.end(), batch->payloads.begin(), batch->payloads.end());
    }
    std::vector<point_id> all_ids = {
        point_id(~std::uint64_t{0}),
        point_id::from_string("550e8400-e29b-41d4-a716-446655440000").value(),
        point_id::from_string("7 \"x\"").value(), point_id::from_string("plain text").value()};
    std::vector<std::string> all_payloads = {"{\"a\":1.10}", "", "{}", "{\"b\":[true]}"};
    const auto from = static_cast<std::ptrdiff_t>(skipped);
    CHECK(ids == std::vector(all_ids.begin() + from, all_ids.end()));
    CHECK(payloads == std::vector(all_payloads.begin() + from, all_payloads.end()));
  }
}

TEST_CASE("files of ids and payloads that do not go with the rows are refused") {
  const scratch_folder in;
  const auto rows = in.write("a.npy", npy(dictionary("<f4", "(2, 1)"), all<float>({1, 2})));
  const auto ids = [&](const std::string& text) {
    return read_all(rows, {.ids = in.write("ids", text)}).failure;
  };
  const auto payloads = [&](const std::string& text) {
    return read_all(rows, {.payloads = in.write("pay", text)}).failure;
  };
  CHECK(ids("1\n2\n").empty());
  CHECK(has(ids("1\n"), "ids: ends behind line 1, but " + rows.string() + " has more rows"));
  CHECK(has(ids("1\n2\n3\n"), "ids line 3, byte 4: there is a line for it, but no row in"));
  CHECK(has(ids("1\n\n"), "ids line 2, byte 2: "));
  CHECK(has(ids("1\n18446744073709551616\n"), "ids line 2, byte 2: id 18446744073709551616"));
  CHECK(has(ids("1\n\"x\n"), "ids line 2, byte 2: "));
  CHECK(has(ids("1\n" + std::string(limits::string_id_bytes_max + 1, 'x') + "\n"), "513 bytes"));
  CHECK(payloads("{}\n{\"a\":1}\n").empty());
  CHECK(has(payloads("{}\n[1]\n"), "pay line 2, byte 3: "));
  CHECK(has(payloads("{}\n{\n"), "pay line 2, byte 3: "));
  CHECK(has(payloads("{}\n"), "pay: ends behind line 1"));
  const auto lines = in.write("a.jsonl", "{\"id\":1,\"vector\":[1]}\n");
  CHECK(has(read_all(lines, {.ids = rows}).failure, "--ids and --payload are for other files"));
  CHECK(has(read_all(rows, {.ids = in.path() / "none"}).failure, "No such file"));
}

}  // namespace thespis::importer
