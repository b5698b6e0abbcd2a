// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/uploader.hpp"

#include <boost/json.hpp>
#include <set>

#include "apps/importer/upload_body.hpp"
#include "core/write_request.hpp"
#include "protocols/codec/binary_upload.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/apps/scripted_server.hpp"

namespace thespis::importer {

namespace {

using client::answer;
using client::scripted_server;
using client::seen_request;

constexpr auto stored = "{\"result\":{\"status\":\"completed\"},\"status\":\"ok\",\"time\":0}";

// Rows 0..rows-1 with one number each; fails in row `broken_at`.
class counting_source final : public point_source {
 public:
  explicit counting_source(std::uint64_t rows, std::uint64_t broken_at = ~std::uint64_t{0})
      : rows_(rows), broken_at_(broken_at) {}

  const std::vector<vector_shape>& shapes() const noexcept override { return shapes_; }
  std::optional<std::uint64_t> rows() const noexcept override { return rows_; }
  result<void> skip(std::uint64_t rows) override {
    next_ += rows;
    return ok();
  }
  result<point_batch> read(std::size_t rows_max) override {
    point_batch out;
    out.first_row = next_;
    out.columns.push_back({shapes_[0], {}});
    for (; out.ids.size() < rows_max && next_ < rows_; ++next_) {
      if (next_ == broken_at_) return error(errc::corruption, "broken row");
      out.ids.emplace_back(next_);
      out.columns[0].values.push_back(static_cast<float>(next_));
    }
    return out;
  }

 private:
  std::vector<vector_shape> shapes_ = {{"", 1}};
  std::uint64_t rows_;
  std::uint64_t broken_at_;
  std::uint64_t next_ = 0;
};

upload_options options_for(const scripted_server& server) {
  upload_options out;
  out.server = client::parse_endpoint(server.url()).value();
  out.collection = "my docs";
  out.batch_rows = 10;
  return out;
}

// Throws on a body that is no upload: assertions belong to the main thread, and this also runs on
// those of the server.
std::vector<point> points_of(const seen_request& request) {
  auto decoded = codec::decode_binary_upload(request.body, 32);
  return std::move(decoded.value().points);
}

bool go_on(const upload_status&) { return true; }

// Points as JSON, `{"id":row,"vector":[1]}`, in batches of ten.
class json_source final : public point_source {
 public:
  explicit json_source(std::uint64_t rows) : rows_(rows) {}

  const std::vector<vector_shape>& shapes() const noexcept override { return shapes_; }
  std::optional<std::uint64_t> rows() const noexcept override { return rows_; }
  result<void> skip(std::uint64_t) override { return ok(); }
  result<point_batch> read(std::size_t rows_max) override {
    point_batch out;
    out.first_row = next_;
    out.file = "points.jsonl";
    for (; out.json.size() < rows_max && next_ < rows_; ++next_) {
      out.lines.push_back(next_ + 2);
      out.json.push_back("{\"id\":" + std::to_string(next_) + ",\"vector\":[1]}");
    }
    return out;
  }

 private:
  std::vector<vector_shape> shapes_;
  std::uint64_t rows_;
  std::uint64_t next_ = 0;
};

}  // namespace

TEST_CASE("upload sends every point once, in batches, over several connections") {
  const scripted_server server([](const seen_request&) { return answer("200 OK", stored); });
  counting_source source(95);
  std::uint64_t last = 0;
  std::uint64_t safe = 0;
  bool rising = true;
  const auto outcome = upload(source, options_for(server), [&](const upload_status& status) {
    rising = rising && status.points >= last && status.safe_row >= safe;
    last = status.points;
    safe = status.safe_row;
    return true;
  });
  CHECK_FALSE(outcome.failure);
  CHECK(outcome.points == 95);
  CHECK(rising);
  CHECK(server.connections() <= 4);
  std::set<std::uint64_t> ids;
  for (const auto& request : server.requests()) {
    CHECK(request.head.find("PUT /collections/my%20docs/points?wait=true HTTP/1.1") == 0);
    CHECK(request.head.find("Content-Type: application/octet-stream") != std::string::npos);
    for (const auto& one : points_of(request)) {
      ids.insert(one.id.number());
      CHECK(one.vectors.at(0).values == std::vector<float>{static_cast<float>(one.id.number())});
    }
  }
  CHECK(server.requests().size() == 10);
  CHECK(ids.size() == 95);
}

TEST_CASE("upload stops at the limit and keeps batches small for long vectors") {
  const scripted_server server([](const seen_request&) { return answer("200 OK", stored); });
  counting_source source(95);
  auto options = options_for(server);
  options.rows_max = 25;
  options.batch_bytes_max = 8;
  const auto outcome = upload(source, options, go_on);
  CHECK(outcome.points == 25);
  CHECK(server.requests().size() == 13);
}

TEST_CASE("upload says up to which row everything is stored") {
  const scripted_server server([](const seen_request& request) {
    for (const auto& one : points_of(request))
      if (one.id.number() == 30 || one.id.number() == 50)
        return answer("400 Bad Request", "{\"status\":{\"error\":\"bad point\"}}");
    return answer("200 OK", stored);
  });
  counting_source source(1000);
  const auto outcome = upload(source, options_for(server), go_on);
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->code == errc::invalid_argument);
  CHECK(outcome.failure->message.find("rows 30 to 39: ") == 0);
  CHECK(outcome.failure->message.find("bad point") != std::string::npos);
  CHECK(outcome.resume_row == 30);
  CHECK(outcome.points >= 30);
  CHECK(outcome.points < 1000);
}

TEST_CASE("upload stores what comes before a broken row of the file") {
  const scripted_server server([](const seen_request&) { return answer("200 OK", stored); });
  counting_source source(1000, 45);
  const auto outcome = upload(source, options_for(server), go_on);
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->message == "broken row");
  CHECK(outcome.resume_row == 40);
  CHECK(outcome.points == 40);
}

TEST_CASE("upload ends when its observer says so, and says what is stored") {
  const scripted_server server([](const seen_request&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return answer("200 OK", stored);
  });
  counting_source source(1'000'000);
  auto options = options_for(server);
  options.connections = 2;
  const auto outcome =
      upload(source, options, [](const upload_status& status) { return status.safe_row < 30; });
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->code == errc::cancelled);
  CHECK(outcome.resume_row >= 30);
  CHECK(outcome.resume_row == outcome.points);
  CHECK(outcome.points < 1'000'000);
}

TEST_CASE(
    "upload stores the JSON points before the first one that is refused, and names its line") {
  for (std::uint64_t bad = 0; bad < 20; ++bad) {
    CAPTURE(bad);
    const auto bad_text = "{\"id\":" + std::to_string(bad) + ",";
    const scripted_server server([&](const seen_request& request) {
      return request.body.find(bad_text) != std::string::npos
                 ? answer("400 Bad Request", "{\"status\":{\"error\":\"bad point\"}}")
                 : answer("200 OK", stored);
    });
    json_source source(20);
    auto options = options_for(server);
    options.connections = 1;
    const auto outcome = upload(source, options, go_on);
    REQUIRE(outcome.failure);
    CHECK(outcome.failure->message.find("points.jsonl line " + std::to_string(bad + 2) + ": ") ==
          0);
    CHECK(outcome.points == bad);
    CHECK(outcome.resume_row == bad);
  }
}

TEST_CASE("upload waits while the server is busy, and not for ever") {
  std::atomic<int> asked = 0;
  const scripted_server server([&](const seen_request&) {
    return ++asked == 1 ? answer("429 Too Many Requests", "{}", "Retry-After: 0\r\n")
                        : answer("200 OK", stored);
  });
  counting_source source(5);
  auto options = options_for(server);
  options.connections = 1;
  CHECK(upload(source, options, go_on).points == 5);
  CHECK(asked == 2);

  const scripted_server busy([&](const seen_request&) {
    return answer("503 Service Unavailable", "{}", "Retry-After: 0\r\n");
  });
  counting_source again(5);
  options = options_for(busy);
  options.connections = 1;
  options.attempts = 3;
  const auto outcome = upload(again, options, go_on);
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->code == errc::unavailable);
  CHECK(busy.requests().size() == 3);
}

TEST_CASE("upload advises smaller batches when a request is too large") {
  const scripted_server server(
      [](const seen_request&) { return answer("413 Payload Too Large", "{}"); });
  counting_source source(5);
  const auto outcome = upload(source, options_for(server), go_on);
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->message.find("--batch") != std::string::npos);
}

TEST_CASE("encode_upload writes points with several vectors as JSON") {
  point_batch batch;
  batch.ids = {point_id(7), point_id::from_string("a\"b").value()};
  batch.columns = {{{"a", 2}, {1, 0.5f, 3, 4}}, {{"b", 1}, {5, 6}}};
  batch.payloads = {"{\"k\":1}", ""};
  const auto body = encode_upload(batch);
  REQUIRE(body);
  CHECK(body->content_type == "application/json");
  const auto parsed = boost::json::parse(body->bytes);
  CHECK(parsed == boost::json::parse("{\"points\":[{\"id\":7,\"vector\":{\"a\":[1,0.5],"
                                     "\"b\":[5]},\"payload\":{\"k\":1}},{\"id\":\"a\\\"b\","
                                     "\"vector\":{\"a\":[3,4],\"b\":[6]}}]}"));
}

TEST_CASE("encode_upload keeps the name and the payloads of a single vector") {
  point_batch batch;
  batch.ids = {point_id(1), point_id(2)};
  batch.columns = {{{"text", 1}, {1, 2}}};
  batch.payloads = {"", "{\"k\":1}"};
  const auto body = encode_upload(batch);
  REQUIRE(body);
  const auto decoded = codec::decode_binary_upload(body->bytes, 32);
  REQUIRE(decoded);
  CHECK(decoded->points.at(1).vectors.at(0).name == "text");
  CHECK(decoded->points.at(0).payload.empty());
  CHECK(decoded->points.at(1).payload.json == "{\"k\":1}");
}

}  // namespace thespis::importer
