// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/load.hpp"

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>

#include "config/document.hpp"
#include "config/setting.hpp"
#include "core/limits.hpp"
#include "tests/support/catch.hpp"

namespace thespis::config {

namespace {

// A file that goes with the test.
class file_with {
 public:
  explicit file_with(const std::string& text) {
    auto pattern = (std::filesystem::temp_directory_path() / "thespis-XXXXXX").string();
    const int handle = ::mkstemp(pattern.data());
    REQUIRE(handle >= 0);
    ::close(handle);
    path_ = pattern;
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~file_with() { std::filesystem::remove(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string refusal(const std::string& toml) {
  settings all;
  const auto done = read_toml(toml, "t.toml", all);
  if (done) return "accepted";
  CHECK(done.error().code == errc::invalid_argument);
  return done.error().message;
}

std::string refused_variable(const std::string& name, const std::string& value) {
  const auto loaded = load({.file = {}, .environment = {{name, value}}, .flags = {}});
  if (loaded) return "accepted";
  CHECK(loaded.error().code == errc::invalid_argument);
  return loaded.error().message;
}

}  // namespace

TEST_CASE("load gives the defaults where nothing is set") {
  const auto loaded = load({});
  REQUIRE(loaded);
  CHECK(loaded->server.listen == "127.0.0.1:6333");
  CHECK(loaded->server.connections_max == 16384);
  CHECK(document(*loaded) == document(settings{}));
}

TEST_CASE("load lets flags win over environment over file over defaults") {
  const file_with file(
      "[server]\nconnections_max = 10\nidle_timeout_ms = 11\njson_depth_max = 12\n");
  const sources from{.file = file.path(),
                     .environment = {{"THESPIS__SERVER__IDLE_TIMEOUT_MS", "21"},
                                     {"THESPIS__SERVER__JSON_DEPTH_MAX", "22"},
                                     {"HOME", "/"},
                                     {"THESPIS_API_KEY", "for the client"}},
                     .flags = {{"--depth", "server", "json_depth_max", "33"}}};
  const auto loaded = load(from);
  REQUIRE(loaded);
  CHECK(loaded->server.connections_max == 10);
  CHECK(loaded->server.idle_timeout_ms == 21);
  CHECK(loaded->server.json_depth_max == 33);
  CHECK(loaded->server.header_timeout_ms == 10'000);
}

TEST_CASE("load reads every kind of setting from a file") {
  settings all;
  REQUIRE(
      read_toml("[server]\n"
                "listen = '[::1]:0'\n"
                "allowed_hosts = ['a.example', 'b.example']\n"
                "request_bytes_max = '64MiB'\n"
                "[storage]\ndata_dir = '/srv/thespis'\ncache_bytes = 1048576\n"
                "[plugins]\nfolders = ['/a', 'b']\n"
                "[log]\nlevel = 'debug'\nformat = 'json'\n",
                "t.toml", all));
  CHECK(all.server.listen == "[::1]:0");
  CHECK(all.server.allowed_hosts == std::vector<std::string>{"a.example", "b.example"});
  CHECK(all.server.request_bytes_max == 64u << 20);
  CHECK(all.storage.data_dir == "/srv/thespis");
  CHECK(all.storage.cache_bytes == 1u << 20);
  CHECK(all.plugins.folders == std::vector<std::filesystem::path>{"/a", "b"});
  CHECK(all.log.level == "debug");
}

TEST_CASE("load reads lists, sizes and paths from the environment") {
  const auto loaded = load({.file = {},
                            .environment = {{"THESPIS__SERVER__ALLOWED_ORIGINS", "https://a, b"},
                                            {"THESPIS__STORAGE__CACHE_BYTES", "2GiB"},
                                            {"THESPIS__STORAGE__DATA_DIR", "/srv"},
                                            {"THESPIS__PLUGINS__FOLDERS", ""}},
                            .flags = {}});
  REQUIRE(loaded);
  CHECK(loaded->server.allowed_origins == std::vector<std::string>{"https://a", "b"});
  CHECK(loaded->storage.cache_bytes == 2ull << 30);
  CHECK(loaded->storage.data_dir == "/srv");
  CHECK(loaded->plugins.folders.empty());
}

TEST_CASE("load names an unknown section, key or variable and the nearest known one") {
  CHECK(refusal("[sevrer]\nlisten = 'x'\n") ==
        "t.toml line 1: unknown section 'sevrer'; the nearest known one is 'server'");
  CHECK(refusal("\n[server]\nlissten = 'x'\n") ==
        "t.toml line 3: unknown key 'server.lissten'; the nearest known one is 'server.listen'");
  CHECK(refusal("[server]\ndata_dir = 'x'\n") ==
        "t.toml line 2: unknown key 'server.data_dir'; the nearest known one is "
        "'storage.data_dir'");
  CHECK(refusal("listen = 'x'\n").find("unknown section 'listen'") != std::string::npos);
  CHECK(refusal("[server.listen]\nhost = 'x'\n") ==
        "t.toml line 1: server.listen: expected a text, found a table");
  CHECK(refused_variable("THESPIS__SERVER__LISTN", "x") ==
        "unknown environment variable 'THESPIS__SERVER__LISTN'; the nearest known one is "
        "'THESPIS__SERVER__LISTEN'");
  CHECK(refused_variable("THESPIS__", "x").find("unknown environment variable") == 0);
}

TEST_CASE("load refuses a value of the wrong type, naming line, key and what is expected") {
  CHECK(refusal("[server]\nconnections_max = 'many'\n") ==
        "t.toml line 2: server.connections_max: expected a number from 1 to 100000, found a text");
  CHECK(refusal("[server]\nconnections_max = 1.5\n").find("found a number with a fraction") !=
        std::string::npos);
  CHECK(refusal("[server]\nlisten = 6333\n") ==
        "t.toml line 2: server.listen: expected a text, found a number");
  CHECK(refusal("[server]\nallowed_hosts = 'a'\n").find("expected a list") != std::string::npos);
  CHECK(refusal("[server]\nallowed_hosts = [1]\n").find("found a number in it") !=
        std::string::npos);
  CHECK(refusal("[server]\nallowed_hosts = ['']\n").find("texts that are not empty") !=
        std::string::npos);
  CHECK(refusal("[storage]\ndata_dir = true\n").find("found a truth value") != std::string::npos);
  CHECK(refusal("[storage]\ndata_dir = ''\n").find("is refused") != std::string::npos);
  CHECK(refused_variable("THESPIS__STORAGE__DATA_DIR", "a\xFF").find("UTF-8") != std::string::npos);
  CHECK(refusal("[storage]\ndata_dir = \"a\\u0000b\"\n").find("NUL") != std::string::npos);
  CHECK(refusal("server = 1\n") == "t.toml line 1: server: expected a section, found a number");
  CHECK(refused_variable("THESPIS__SERVER__CONNECTIONS_MAX", "12x") ==
        "environment variable THESPIS__SERVER__CONNECTIONS_MAX: server.connections_max: '12x' is "
        "refused: expected a number from 1 to 100000");
}

TEST_CASE("load refuses a value out of its range, naming the value and the limit") {
  CHECK(refusal("[server]\n\nconnections_max = 100001\n") ==
        "t.toml line 3: server.connections_max: '100001' is refused: expected a number from 1 to "
        "100000");
  CHECK(refusal("[server]\nconnections_max = -1\n").find("'-1' is refused") != std::string::npos);
  CHECK(refusal("[server]\nidle_timeout_ms = 4294967297\n").find("is refused") !=
        std::string::npos);
  CHECK(refusal("[server]\nrequest_bytes_max = '1TiB'\n") ==
        "t.toml line 2: server.request_bytes_max: '1099511627776' is refused: expected a size "
        "from 1024 to 268435456 bytes, such as 1048576 or \"1MiB\"");
  CHECK(refusal("[server]\nrequest_bytes_max = '1 MiB'\n").find("'1 MiB' is refused") !=
        std::string::npos);
  CHECK(refusal("[log]\nlevel = 'loud'\n") ==
        "t.toml line 2: log.level: 'loud' is refused: expected one of trace, debug, info, warn, "
        "error");
  CHECK(refusal("[server]\nlisten = '127.0.0.1'\n").find("expected HOST:PORT") !=
        std::string::npos);
}

TEST_CASE("load says where a file is no TOML") {
  CHECK(refusal("[server]\nlisten = \n").find("t.toml line 2: ") == 0);
  CHECK(refusal("[log]\nlevel = 'info'\nlevel = 'warn'\n").find("t.toml line 3: ") == 0);
  CHECK(refusal("[log]\nlevel = '\xff'\n").find("t.toml line 2: ") == 0);
}

TEST_CASE("load refuses a missing, unreadable or huge file") {
  const auto missing = load({.file = "/nonexistent/t.toml", .environment = {}, .flags = {}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == errc::io);
  CHECK(missing.error().message == "/nonexistent/t.toml: No such file or directory");
  const auto folder = load({.file = "/", .environment = {}, .flags = {}});
  REQUIRE_FALSE(folder);
  CHECK(folder.error().code == errc::io);
  const file_with huge(std::string(limits::config_file_bytes_max + 1, '#'));
  const auto large = load({.file = huge.path(), .environment = {}, .flags = {}});
  REQUIRE_FALSE(large);
  CHECK(large.error().code == errc::too_large);
}

TEST_CASE("load never shows a secret") {
  const auto text = refused_variable("THESPIS__SECURITY__API_KEY", "s3cr3t with space");
  CHECK(text.find("security.api_key") != std::string::npos);
  CHECK(text.find("s3cr3t") == std::string::npos);
  CHECK(refusal("[security]\napi_key = 12345\n").find("12345") == std::string::npos);
  settings all;
  all.security.api_key = "s3cr3t";
  CHECK(document(all).find("s3cr3t") == std::string::npos);
  CHECK(document(all).find("api_key = \"[hidden]\"") != std::string::npos);
  CHECK(document_json(all).find("s3cr3t") == std::string::npos);
}

TEST_CASE("load refuses a reachable address without a key, and impossible pairs") {
  const auto open = refused_variable("THESPIS__SERVER__LISTEN", "0.0.0.0:6333");
  CHECK(open.find("server.listen: '0.0.0.0:6333'") == 0);
  CHECK(open.find("THESPIS__SECURITY__API_KEY") != std::string::npos);
  CHECK(load({.file = {},
              .environment = {{"THESPIS__SERVER__LISTEN", "0.0.0.0:6333"},
                              {"THESPIS__SECURITY__API_KEY", "k"}},
              .flags = {}}));
  CHECK(refused_variable("THESPIS__SERVER__REQUEST_BYTES_IN_FLIGHT_MAX", "1MiB")
            .find("expected at least server.request_bytes_max, which is 33554432") !=
        std::string::npos);
}

TEST_CASE("process_environment takes our variables only") {
  ::setenv("THESPIS__LOG__LEVEL", "warn=x", 1);
  const auto variables = process_environment();
  ::unsetenv("THESPIS__LOG__LEVEL");
  REQUIRE(variables.size() == 1);
  CHECK(variables[0].first == "THESPIS__LOG__LEVEL");
  CHECK(variables[0].second == "warn=x");
}

}  // namespace thespis::config
