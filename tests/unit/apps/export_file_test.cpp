// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/exporter/export_file.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <random>

#include "apps/importer/point_source.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/apps/scratch_folder.hpp"

namespace thespis::exporter {

namespace {

const std::string create =
    R"({"vectors":{"a":{"size":2,"distance":"Dot"},"m":{"size":2,"distance":"Dot",)"
    R"("multivector_config":{"comparator":"max_sim"}}},"sparse_vectors":{"s":{}}})";

dump::described_collection described(std::uint64_t points) { return {"uuid-1", create, points}; }

const std::vector<std::string> points = {
    R"({"id":1,"vector":{"a":[1,-0.0]},"payload":{}})",
    R"({"id":18446744073709551615,"vector":{"a":[1e-45,3.4028235e38],)"
    R"("s":{"indices":[1,7],"values":[0.5,2]}},"payload":{"n":1.10}})",
    R"({"id":"550e8400-e29b-41d4-a716-446655440000","vector":{},"payload":{"k":"\"\\u0001"}})",
    R"({"id":"text ü","vector":{"m":[[1,2],[3,4]]},"payload":{"":{"x":[null,true]}}})",
};

std::string enveloped(std::size_t from, std::size_t to) {
  std::string out = R"({"result":{"points":[)";
  for (auto i = from; i < to; ++i) {
    if (i > from) out += ',';
    out += points[i].substr(0, points[i].size() - 1) + R"(,"version":7})";
  }
  const bool last = to == points.size();
  return out + R"(],"next_page_offset":)" + (last ? "null" : std::to_string(to)) +
         R"(},"status":"ok","time":0.1})";
}

void append(export_file& file, std::size_t from, std::size_t to) {
  const auto page = page_of(enveloped(from, to));
  REQUIRE(page);
  CHECK(page->points == to - from);
  REQUIRE(file.append(*page));
}

// All points of a file, or the first failure's message in front of those before it.
std::string read_back(const std::filesystem::path& file) {
  auto source = importer::open_source(file, importer::file_format::jsonl, {});
  if (!source) return source.error().message;
  std::string out;
  for (;;) {
    const auto batch = (*source)->read(2);
    if (!batch) return batch.error().message + "\n" + out;
    if (batch->points() == 0) return out;
    for (const auto& point : batch->json) out += point + "\n";
  }
}

std::string all_points() {
  std::string out;
  for (const auto& point : points) out += point + "\n";
  return out;
}

std::filesystem::path whole_file(const scratch_folder& in, const std::string& name) {
  const bool compressed = name.ends_with(".zst");
  const auto file = export_file::open({in.path() / name, compressed}, "books", described(99));
  REQUIRE(file);
  append(**file, 0, 2);
  append(**file, 2, 4);
  CHECK((*file)->position().complete);
  REQUIRE((*file)->finish());
  return in.path() / name;
}

}  // namespace

TEST_CASE("what an export file holds is read back as it was, with the number of points put right") {
  const scratch_folder in;
  for (const auto* name : {"a.jsonl", "a.jsonl.zst"}) {
    const auto file = whole_file(in, name);
    CHECK(read_back(file) == all_points());
    auto source = importer::open_source(file, importer::file_format::jsonl, {});
    REQUIRE(source);
    REQUIRE((*source)->header() != nullptr);
    CHECK((*source)->header()->collection == "books");
    CHECK((*source)->header()->create == create);
    CHECK((*source)->rows() == 4);
    CHECK_FALSE(std::filesystem::exists(file.string() + ".part"));
    CHECK_FALSE(std::filesystem::exists(file.string() + ".part.state"));
    REQUIRE((*source)->skip(3));
    CHECK((*source)->read(9)->json == std::vector<std::string>{points[3]});
  }
}

TEST_CASE("an export file is continued behind what was saved") {
  const scratch_folder in;
  for (const auto* name : {"a.jsonl", "a.jsonl.zst"}) {
    const export_file::options wanted{in.path() / name, std::string(name).ends_with(".zst")};
    {
      const auto file = export_file::open(wanted, "books", described(4));
      REQUIRE(file);
      append(**file, 0, 1);
      REQUIRE((*file)->save());
      append(**file, 1, 2);  // lost with the process
      const auto second = export_file::open(wanted, "books", described(4));
      REQUIRE_FALSE(second);
      CHECK(second.error().message.find("another process") != std::string::npos);
    }
    const auto file = export_file::open(wanted, "books", described(4));
    REQUIRE(file);
    CHECK((*file)->position().points == 1);
    CHECK((*file)->position().next == "1");
    append(**file, 1, 4);
    REQUIRE((*file)->finish());
    CHECK(read_back(wanted.file) == all_points());
    const auto again = export_file::open(wanted, "books", described(4));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == errc::already_exists);
  }
}

TEST_CASE("an export file is not continued with what does not belong to it") {
  const scratch_folder in;
  const export_file::options wanted{in.path() / "a.jsonl", false};
  const auto begin = [&] {
    auto restarted = wanted;
    restarted.restart = true;
    const auto file = export_file::open(restarted, "books", described(4));
    REQUIRE(file);
    append(**file, 0, 2);
    REQUIRE((*file)->save());
  };
  const auto refusal = [&](const std::string& name, const dump::described_collection& what) {
    const auto file = export_file::open(wanted, name, what);
    REQUIRE_FALSE(file);
    CHECK(file.error().message.find("--restart begins again") != std::string::npos);
    return file.error().message;
  };
  begin();
  CHECK(refusal("other", described(4)).find("of another collection") != std::string::npos);
  CHECK(refusal("books", {"uuid-2", create, 4}).find("of another collection") != std::string::npos);
  CHECK(refusal("books", {"uuid-1", R"({"vectors":{}})", 4}).find("vectors.a of collection") !=
        std::string::npos);
  const auto part = in.path() / "a.jsonl.part";
  std::filesystem::resize_file(part, std::filesystem::file_size(part) - 1);
  CHECK(refusal("books", described(4)).find("bytes, its state names") != std::string::npos);
  begin();
  in.write("a.jsonl.part.state", "{");
  CHECK(refusal("books", described(4)).find("a.jsonl.part.state: ") != std::string::npos);
  in.write("a.jsonl.part.state", R"({"thespis_export_state":2})");
  CHECK(refusal("books", described(4)).find("state of format 2") != std::string::npos);
}

TEST_CASE("a changed bit anywhere in a compressed export is refused or changes nothing") {
  const scratch_folder in;
  const auto bytes = bytes_of(whole_file(in, "a.jsonl.zst"));
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; bit += 3) {
      auto damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const auto found = read_back(in.write("b.jsonl.zst", damaged));
      CAPTURE(at, bit, found);
      if (found == all_points()) continue;
      ++refused;
      REQUIRE(found.find((in.path() / "b.jsonl.zst").string()) == 0);
    }
  CHECK(refused > bytes.size());
}

TEST_CASE("an export that is cut anywhere is refused, and told where") {
  const scratch_folder in;
  for (const auto* name : {"a.jsonl", "a.jsonl.zst"}) {
    const auto bytes = bytes_of(whole_file(in, name));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto found = read_back(in.write(std::string("b") + name, bytes.substr(0, size)));
      CAPTURE(name, size, found);
      REQUIRE(found.find((in.path() / (std::string("b") + name)).string()) == 0);
    }
  }
  const auto bytes = bytes_of(in.path() / "a.jsonl");
  const auto last = bytes.rfind('\n', bytes.size() - 2) + 1;
  CHECK(read_back(in.write("c.jsonl", bytes.substr(0, bytes.size() - 1)))
            .find("c.jsonl line 5, byte " + std::to_string(last) + ": the last line has no end") !=
        std::string::npos);
  CHECK(read_back(in.write("c.jsonl", bytes.substr(0, last)))
            .find("ends behind line 4 with 3 points, its header names 4") != std::string::npos);
  CHECK(read_back(in.write("c.jsonl", bytes + points[0] + "\n"))
            .find("line 6, byte " + std::to_string(bytes.size()) + ": the header names only 4") !=
        std::string::npos);
  const auto packed = bytes_of(in.path() / "a.jsonl.zst");
  const auto torn = read_back(in.write("c.jsonl.zst", packed.substr(0, packed.size() - 1)));
  CAPTURE(torn);
  CHECK(torn.find("ends within a frame, at byte " + std::to_string(packed.size() - 1) +
                  "; it is behind line ") != std::string::npos);
}

TEST_CASE("a changed byte anywhere in a plain export never passes as another number of points") {
  const scratch_folder in;
  const auto bytes = bytes_of(whole_file(in, "a.jsonl"));
  std::mt19937 source(20261120);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] = static_cast<char>(source() & 0xFF);
    const auto found = read_back(in.write("b.jsonl", damaged));
    const auto lines = static_cast<std::size_t>(std::count(found.begin(), found.end(), '\n'));
    CAPTURE(at, found);
    CHECK((found.find((in.path() / "b.jsonl").string()) == 0 || lines == points.size()));
  }
}

TEST_CASE("lines of an export that do not go with its header are named") {
  const scratch_folder in;
  const auto bytes = bytes_of(whole_file(in, "a.jsonl"));
  const auto first = bytes.find('\n') + 1;
  const auto refusal = [&](const std::string& line) {
    const auto rest = bytes.substr(bytes.find('\n', first) + 1);
    const auto found = read_back(in.write("b.jsonl", bytes.substr(0, first) + line + "\n" + rest));
    const auto place = "b.jsonl line 2, byte " + std::to_string(first) + ": ";
    CAPTURE(found);
    REQUIRE(found.find(place) != std::string::npos);
    return found.substr(found.find(place) + place.size());
  };
  CHECK(refusal(R"({"id":1,"vector":{"a":[1,2,3]}})") ==
        "vector 'a' has 3 dimensions, expected 2\n");
  CHECK(refusal(R"({"id":1,"vector":{"m":[[1,2],[1]]}})") ==
        "vector 'm' has 1 dimensions, expected 2\n");
  CHECK(refusal(R"({"id":1,"vector":{"x":[1]}})") == "the header names no vector 'x'\n");
  CHECK(refusal(R"({"id":1,"vector":[1,2]})") == "the header names no vector ''\n");
  CHECK(refusal(R"({"id":1})") == "the key 'id' or 'vector' is missing\n");
  CHECK(refusal(R"({"vector":{}})") == "the key 'id' or 'vector' is missing\n");
  CHECK(refusal(R"({"id":1,"vector":{},"more":1})").find("unknown key") != std::string::npos);
  CHECK(refusal(R"({"id":1,"vector":{},"payload":{"a":1,"a":2}})").find("'a'") !=
        std::string::npos);
  CHECK(refusal("{\"id\":1,").find("column ") == 0);
  CHECK(refusal("").find("column ") == 0);
}

TEST_CASE("headers of another version or without their parts are refused") {
  const scratch_folder in;
  const auto refusal = [&](const std::string& line) {
    return read_back(in.write("a.jsonl", line));
  };
  CHECK(refusal("{\"thespis_export\":2,\"x\":1}\n")
            .find("a.jsonl line 1, byte 0: export format 2; this program reads format 1") !=
        std::string::npos);
  CHECK(refusal("{\"thespis_export\":1}\n").find("lacks the collection's name") !=
        std::string::npos);
  CHECK(refusal("{\"thespis_export\":1,\"collection\":\"x\",\"points\":-1,\"create\":{}}\n")
            .find("line 1, byte 0: ") != std::string::npos);
  CHECK(refusal("{\"thespis_export\":1,\"collection\":\"x\",\"points\":0,\"create\":{}}")
            .find("the header has no end") != std::string::npos);
  CHECK(read_back(in.write(
            "b.jsonl",
            "{\"thespis_export\":1,\"collection\":\"x\",\"points\":0,\"create\":{}}\n")) == "");
}

TEST_CASE("random numbers make the way through page, file and source bit for bit") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 source(seed);
  const scratch_folder in;
  std::string lines;
  std::string answer = R"({"result":{"points":[)";
  for (int i = 0; i < 200; ++i) {
    std::string vector;
    for (int k = 0; k < 2; ++k) {
      const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(source()));
      char text[32];
      const auto finite = std::isfinite(value) ? value : -0x1p-149F;
      const auto end = std::to_chars(text, text + sizeof text, finite).ptr;
      vector += (k == 0 ? "" : ",") + std::string(text, end);
    }
    const auto point = "{\"id\":" + std::to_string(source()) + ",\"vector\":{\"a\":[" + vector +
                       "]},\"payload\":{\"x\":" + std::to_string(source()) + "." +
                       std::to_string(source() % 1000) + "}}";
    answer += (i == 0 ? "" : ",") + point;
    lines += point + "\n";
  }
  const auto page = page_of(answer + R"(],"next_page_offset":null},"status":"ok"})");
  REQUIRE(page);
  CHECK(page->lines == lines);
  const auto file = export_file::open({in.path() / "r.jsonl.zst"}, "books", described(0));
  REQUIRE(file);
  REQUIRE((*file)->append(*page));
  REQUIRE((*file)->finish());
  CHECK(read_back(in.path() / "r.jsonl.zst") == lines);
}

TEST_CASE("a page that is none is refused") {
  for (const auto* text : {"", "{}", "[]", "{\"result\":{}}", "{\"result\":{\"points\":{}}}",
                           "{\"result\":{\"points\":[{\"vector\":[1]}],\"next_page_offset\":null}}",
                           "{\"result\":{\"points\":[{\"id\":1,}],\"next_page_offset\":null}}",
                           "{\"result\":{\"points\":[],\"next_page_offset\":7}}"}) {
    CAPTURE(text);
    CHECK_FALSE(page_of(text));
  }
}

}  // namespace thespis::exporter
