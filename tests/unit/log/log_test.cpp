// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/log.hpp"

#include <boost/json.hpp>
#include <chrono>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "core/log_repeats.hpp"
#include "tests/support/catch.hpp"

namespace thespis {

namespace {

// Collects what the log writes while it lives.
class capture {
 public:
  explicit capture(log::options settings = {}) {
    settings.sink = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(line);
    };
    log::start(std::move(settings));
  }
  ~capture() { log::stop(); }

  std::vector<std::string> lines() {
    log::flush();
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

std::string after_time(const std::string& line) { return line.substr(24); }

}  // namespace

TEST_CASE("log writes a console line with its fields in order") {
  capture out;
  log::info("storage", "opened",
            {{"path", "a b"}, {"points", 3u}, {"took_ms", 1.5}, {"clean", true}, {"left", -2}});
  const auto lines = out.lines();
  REQUIRE(lines.size() == 1);
  CHECK(after_time(lines[0]) ==
        "INFO  storage: opened path=\"a b\" points=3 took_ms=1.5 clean=true left=-2");
  CHECK(lines[0][4] == '-');
  CHECK(lines[0][10] == ' ');
}

TEST_CASE("log leaves out lines below the level") {
  log::options settings;
  settings.minimum = log::level::warn;
  capture out(settings);
  log::info("http", "listening");
  log::warn("http", "slow");
  CHECK_FALSE(log::enabled(log::level::info));
  const auto lines = out.lines();
  REQUIRE(lines.size() == 1);
  CHECK(after_time(lines[0]) == "WARN  http: slow");
  log::set_level(log::level::off);
  log::error("http", "nobody hears this");
  CHECK(out.lines().size() == 1);
}

TEST_CASE("log writes JSON lines that parse and keep hostile text") {
  log::options settings;
  settings.format = log::format::json;
  capture out(settings);
  const std::string hostile = "quote\" back\\ \n\x1b[2J \xff \xe2\x80\xae \xc3\xa4";
  log::warn("http", "bad request", {{"target", hostile}, {"nan", 0.0 / 0.0}});
  const auto lines = out.lines();
  REQUIRE(lines.size() == 1);
  for (const char c : lines[0]) CHECK(static_cast<unsigned char>(c) >= 0x20);
  const auto parsed = boost::json::parse(lines[0]);
  CHECK(parsed.at("level").as_string() == "warn");
  CHECK(parsed.at("component").as_string() == "http");
  CHECK(parsed.at("message").as_string() == "bad request");
  CHECK(parsed.at("fields").at("target").as_string() ==
        "quote\" back\\ \n\x1b[2J \xef\xbf\xbd \xe2\x80\xae \xc3\xa4");
  CHECK(parsed.at("fields").at("nan").is_null());
}

TEST_CASE("log escapes control characters, direction marks and broken UTF-8 on the console") {
  capture out;
  log::info("x", "y", {{"v", "a\nb\x1b[31m\xc2\x9b\xe2\x80\xae\xff\xc0\x80\xed\xa0\x80\xf0\x9f"}});
  const auto lines = out.lines();
  REQUIRE(lines.size() == 1);
  CHECK(after_time(lines[0]) ==
        "INFO  x: y v=a\\nb\\u001b[31m\\u009b\\u202e\\xff\\xc0\\x80\\xed\\xa0\\x80\\xf0\\x9f");
}

TEST_CASE("log cuts long text at a character") {
  capture out;
  std::string text(2047, 'a');
  text += "\xc3\xa4 and more";
  log::info("x", "y", {{"v", text}});
  const auto lines = out.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("a... (2058 bytes)") != std::string::npos);
}

TEST_CASE("log hides what it was told to hide, also where text is cut") {
  capture out;
  log::hide("s3cr3t-key");
  log::hide("");
  log::info("http", "header s3cr3t-key",
            {{"api-key", "s3cr3t-key"}, {"s3cr3t-key", "xs3cr3t-keyx"}});
  std::string text(2045, 'a');
  log::info("http", "long", {{"v", text + "s3cr3t-key"}});
  const auto lines = out.lines();
  REQUIRE(lines.size() == 2);
  CHECK(after_time(lines[0]) == "INFO  http: header [hidden] api-key=[hidden] [hidden]=x[hidden]x");
  CHECK(lines[1].find("s3c") == std::string::npos);
}

TEST_CASE("log fields take no vectors, no pointers and no characters") {
  using key = const char*;
  STATIC_REQUIRE_FALSE(std::is_constructible_v<log::field, key, std::vector<float>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<log::field, key, std::span<const float>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<log::field, key, const float*>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<log::field, key, void*>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<log::field, key, std::string*>);
  STATIC_REQUIRE(std::is_constructible_v<log::field, key, std::size_t>);
  STATIC_REQUIRE(std::is_constructible_v<log::field, key, std::string>);
}

TEST_CASE("log counts repetitions and sums them up at the end") {
  std::vector<std::string> lines;
  log::options settings;
  settings.repeat_window_ms = 60'000;
  settings.repeat_burst = 1;
  settings.sink = [&](std::string_view line) { lines.emplace_back(line); };
  log::start(settings);
  for (int i = 0; i < 5; ++i) log::warn("http", "connection refused", {{"try", i}});
  log::warn("http", "another line");
  log::stop();
  REQUIRE(lines.size() == 3);
  CHECK(after_time(lines[0]) == "WARN  http: connection refused try=0");
  CHECK(after_time(lines[1]) == "WARN  http: another line");
  CHECK(after_time(lines[2]) == "WARN  http: connection refused repeated=4");
}

TEST_CASE("log sums up a repetition that stopped without waiting for another line") {
  log::options settings;
  settings.repeat_window_ms = 10;
  settings.repeat_burst = 1;
  capture out(settings);
  log::info("x", "again");
  log::info("x", "again");
  for (int i = 0; i < 40 && out.lines().size() < 2; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto lines = out.lines();
  REQUIRE(lines.size() == 2);
  CHECK(after_time(lines[1]) == "INFO  x: again repeated=1");
}

TEST_CASE("log writes every line of many threads once and whole") {
  log::options settings;
  settings.repeat_window_ms = 0;
  capture out(settings);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) log::info("x", "y", {{"t", t}, {"i", i}});
    });
  for (auto& one : threads) one.join();
  std::vector<int> next(4, 0);
  const auto lines = out.lines();
  REQUIRE(lines.size() == 2000);
  for (const auto& line : lines) {
    const int t = line[line.find("t=") + 2] - '0';
    REQUIRE(after_time(line) == "INFO  x: y t=" + std::to_string(t) +
                                    " i=" + std::to_string(next[static_cast<std::size_t>(t)]++));
  }
}

TEST_CASE("log drops the oldest lines rather than wait for a slow writer, and says how many") {
  std::mutex gate;
  std::vector<std::string> lines;
  log::options settings;
  settings.repeat_window_ms = 0;
  settings.sink = [&](std::string_view line) {
    const std::lock_guard lock(gate);
    lines.emplace_back(line);
  };
  log::start(settings);
  gate.lock();
  for (int i = 0; i < 10'000; ++i) log::info("x", "y", {{"i", i}});
  gate.unlock();
  const auto reported = [&] {
    const std::lock_guard lock(gate);
    return !lines.empty() && lines.back().find("lines dropped") != std::string::npos;
  };
  for (int i = 0; i < 40 && !reported(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  log::stop();
  REQUIRE(lines.size() < 10'000);
  CHECK(lines.back().find("lines dropped") != std::string::npos);
  CHECK(lines.back().find("lines=" + std::to_string(10'000 - (lines.size() - 1))) !=
        std::string::npos);
  CHECK(lines[lines.size() - 2].find("i=9999") != std::string::npos);
}

TEST_CASE("repeats admits again after the window and gives the count once") {
  log::repeats counted(1000);
  constexpr std::int64_t ms = 1'000'000;
  CHECK(counted.admit(log::level::info, "a", "m", 0));
  CHECK_FALSE(counted.admit(log::level::info, "a", "m", 500 * ms));
  CHECK(counted.admit(log::level::info, "b", "m", 500 * ms));
  CHECK(counted.expired(999 * ms).empty());
  const auto counts = counted.expired(1000 * ms);
  REQUIRE(counts.size() == 1);
  CHECK(counts[0].component == "a");
  CHECK(counts[0].count == 1);
  CHECK(counts[0].level == log::level::info);
  CHECK(counted.admit(log::level::info, "a", "m", 1000 * ms));
  CHECK(counted.all().empty());
}

TEST_CASE("repeats admits a burst, and anew after the window") {
  log::repeats counted(1000, 3);
  constexpr std::int64_t ms = 1'000'000;
  for (const std::int64_t start : {0, 2000}) {
    for (int i = 0; i < 3; ++i) CHECK(counted.admit(log::level::info, "a", "m", start * ms));
    CHECK_FALSE(counted.admit(log::level::info, "a", "m", (start + 900) * ms));
  }
}

TEST_CASE("repeats admits a line that is worse than those before it") {
  log::repeats counted(1000);
  CHECK(counted.admit(log::level::info, "http", "answered", 0));
  CHECK_FALSE(counted.admit(log::level::info, "http", "answered", 1));
  CHECK(counted.admit(log::level::warn, "http", "answered", 2));
  CHECK_FALSE(counted.admit(log::level::warn, "http", "answered", 3));
  CHECK_FALSE(counted.admit(log::level::info, "http", "answered", 4));
  const auto counts = counted.all();
  REQUIRE(counts.size() == 1);
  CHECK(counts[0].count == 3);
  CHECK(counts[0].level == log::level::warn);
}

TEST_CASE("repeats stays bounded under ever new messages") {
  log::repeats counted(1000);
  for (int i = 0; i < 3000; ++i) CHECK(counted.admit(log::level::info, "a", std::to_string(i), 0));
  CHECK_FALSE(counted.admit(log::level::info, "a", "0", 1));
  CHECK(counted.admit(log::level::info, "a", "2999", 1));
}

TEST_CASE("log level and format names are read as they are written") {
  for (const auto one : {log::level::trace, log::level::debug, log::level::info, log::level::warn,
                         log::level::error, log::level::off})
    CHECK(log::parse_level(log::to_string(one)) == one);
  CHECK_FALSE(log::parse_level("loud"));
  CHECK(log::parse_format("json") == log::format::json);
  CHECK_FALSE(log::parse_format("xml"));
}

}  // namespace thespis
