// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <array>

#include "config/listen_address.hpp"
#include "config/setting.hpp"
#include "core/limits.hpp"

namespace thespis::config {

namespace {

constexpr std::uint64_t kib = 1u << 10;
constexpr std::uint64_t mib = 1u << 20;
constexpr std::uint64_t gib = 1u << 30;
constexpr std::uint64_t tib = gib << 10;
constexpr std::uint64_t hour_ms = 3'600'000;
constexpr std::uint64_t day_s = 86'400;

constexpr std::array<std::string_view, 5> log_levels = {"trace", "debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> log_formats = {"console", "json"};

template <auto Section, auto Member>
member_pointer at(settings& all) {
  return &((all.*Section).*Member);
}

result<void> check_listen(const std::string& text) {
  THESPIS_CHECK(parse_listen_address(text));
  return ok();
}

// A header field cannot carry other characters.
result<void> check_api_key(const std::string& text) {
  for (const char c : text)
    if (c <= ' ' || c > '~')
      return error(errc::invalid_argument, "expected visible ASCII characters without spaces");
  return ok();
}

const std::array table = {
    setting{.section = "server",
            .key = "listen",
            .doc = "HOST:PORT to listen on; port 0 takes a free one. Any host but a loopback one\n"
                   "needs security.api_key.",
            .member = at<&settings::server, &server::listen>,
            .check = check_listen},
    setting{
        .section = "server",
        .key = "allowed_hosts",
        .doc = "Names accepted in the Host header beside loopback names and the listen address.",
        .member = at<&settings::server, &server::allowed_hosts>},
    setting{.section = "server",
            .key = "allowed_origins",
            .doc = "Origins whose web pages may call, such as \"https://example.org\".",
            .member = at<&settings::server, &server::allowed_origins>},
    setting{.section = "server",
            .key = "request_bytes_max",
            .doc = "Longest body of a request.",
            .unit = "bytes",
            .member = at<&settings::server, &server::request_bytes_max>,
            .least = kib,
            .most = limits::request_bytes_max},
    setting{.section = "server",
            .key = "connections_max",
            .doc =
                "Connections open at once; more are told 503 with Retry-After, health excepted.\n"
                "Each takes a file descriptor; a limit of the system lowers it, with a warning.",
            .member = at<&settings::server, &server::connections_max>,
            .least = 1,
            .most = limits::connections_max},
    setting{
        .section = "server",
        .key = "requests_in_flight_max",
        .doc = "Requests of one kind (reads, writes) handled at once; more wait for their turn.",
        .member = at<&settings::server, &server::requests_in_flight_max>,
        .least = 1,
        .most = limits::requests_in_flight_max},
    setting{.section = "server",
            .key = "reads_in_flight_max",
            .doc = "Reads handled at once; 0: 10 per core. requests_in_flight_max holds as well.",
            .member = at<&settings::server, &server::reads_in_flight_max>,
            .least = 0,
            .most = limits::requests_in_flight_max},
    setting{.section = "server",
            .key = "requests_waiting_max",
            .doc = "Requests of one kind that wait for their turn.",
            .member = at<&settings::server, &server::requests_waiting_max>,
            .least = 0,
            .most = limits::requests_waiting_max},
    setting{.section = "server",
            .key = "queue_patience_ms",
            .doc = "Longest wait for a turn. What would wait longer is answered with 429 and\n"
                   "Retry-After at once; while that lasts, a part of this time holds.",
            .unit = "ms",
            .member = at<&settings::server, &server::queue_patience_ms>,
            .least = 1,
            .most = hour_ms},
    setting{.section = "server",
            .key = "request_bytes_in_flight_max",
            .doc = "Sum over the bodies held in memory; more gets 429. At least request_bytes_max.",
            .unit = "bytes",
            .member = at<&settings::server, &server::request_bytes_in_flight_max>,
            .least = kib,
            .most = tib},
    setting{.section = "server",
            .key = "response_bytes_in_flight_max",
            .doc = "Sum over the answers that wait for slow readers; a large one beyond it becomes "
                   "503,\nand from half of it on the slowest reader is cut off.",
            .unit = "bytes",
            .member = at<&settings::server, &server::response_bytes_in_flight_max>,
            .least = kib,
            .most = tib},
    setting{.section = "server",
            .key = "json_depth_max",
            .doc = "Deepest nesting of a JSON body.",
            .member = at<&settings::server, &server::json_depth_max>,
            .least = 8,
            .most = limits::json_depth_max},
    setting{.section = "server",
            .key = "header_timeout_ms",
            .doc = "Time for a request's header to arrive.",
            .unit = "ms",
            .member = at<&settings::server, &server::header_timeout_ms>,
            .least = 1,
            .most = hour_ms},
    setting{.section = "server",
            .key = "idle_timeout_ms",
            .doc = "A kept connection without a request is closed after this time.",
            .unit = "ms",
            .member = at<&settings::server, &server::idle_timeout_ms>,
            .least = 1,
            .most = hour_ms},
    setting{.section = "server",
            .key = "transfer_bytes_per_s_min",
            .doc =
                "Least pace of a body's arrival (else 408) and of an answer's reading (else the\n"
                "connection is cut), on average over transfer_window_ms.",
            .unit = "bytes",
            .member = at<&settings::server, &server::transfer_bytes_per_s_min>,
            .least = 1,
            .most = gib},
    setting{.section = "server",
            .key = "transfer_window_ms",
            .doc = "Time over which the pace of bodies and answers is looked at.",
            .unit = "ms",
            .member = at<&settings::server, &server::transfer_window_ms>,
            .least = 1,
            .most = hour_ms},
    setting{.section = "server",
            .key = "request_timeout_ms",
            .doc = "Deadline of every request, from the end of its body.",
            .unit = "ms",
            .member = at<&settings::server, &server::request_timeout_ms>,
            .least = 1,
            .most = hour_ms},
    setting{.section = "server",
            .key = "shutdown_timeout_ms",
            .doc = "Time that requests in flight have at shutdown.",
            .unit = "ms",
            .member = at<&settings::server, &server::shutdown_timeout_ms>,
            .least = 1,
            .most = hour_ms},
    setting{.section = "security",
            .key = "api_key",
            .doc = "Key that every request must carry, as api-key or Authorization: Bearer. Empty: "
                   "none.\nIt never appears in logs. The environment is a better place for it: "
                   "this file is not secret.",
            .member = at<&settings::security, &security::api_key>,
            .check = check_api_key,
            .secret = true},
    setting{.section = "storage",
            .key = "data_dir",
            .doc = "Folder of the data; made if it does not exist. One server at a time uses it.",
            .member = at<&settings::storage, &storage::data_dir>},
    setting{.section = "storage",
            .key = "cache_bytes",
            .doc = "Page cache of the storage engine. Vectors and indexes are kept beside it.",
            .unit = "bytes",
            .member = at<&settings::storage, &storage::cache_bytes>,
            .least = mib,
            .most = 10 * tib},
    setting{.section = "storage",
            .key = "log_file_bytes",
            .doc = "Size of one file of the write-ahead log.",
            .unit = "bytes",
            .member = at<&settings::storage, &storage::log_file_bytes>,
            .least = 100 * kib,
            .most = 2 * gib},
    setting{.section = "storage",
            .key = "checkpoint_interval_s",
            .doc = "A checkpoint is made at least this often.",
            .unit = "s",
            .member = at<&settings::storage, &storage::checkpoint_interval_s>,
            .least = 1,
            .most = day_s},
    setting{.section = "storage",
            .key = "checkpoint_log_bytes",
            .doc = "A checkpoint is also made after so much log; recovery reads no more than this.",
            .unit = "bytes",
            .member = at<&settings::storage, &storage::checkpoint_log_bytes>,
            .least = mib,
            .most = 2 * gib},
    setting{.section = "storage",
            .key = "journal_retention_bytes",
            .doc = "Part of the journal that is kept even where nobody needs it.",
            .unit = "bytes",
            .member = at<&settings::storage, &storage::journal_retention_bytes>,
            .least = 0,
            .most = tib},
    setting{.section = "storage",
            .key = "index_save_interval_s",
            .doc = "Changed indexes are saved this often; a start catches up from the last save.",
            .unit = "s",
            .member = at<&settings::storage, &storage::index_save_interval_s>,
            .least = 1,
            .most = day_s},
    setting{.section = "storage",
            .key = "idempotency_window_s",
            .doc = "A write repeated with its Idempotency-Key gets the first answer for so long.",
            .unit = "s",
            .member = at<&settings::storage, &storage::idempotency_window_s>,
            .least = 1,
            .most = limits::idempotency_window_s_max},
    setting{.section = "storage",
            .key = "idempotency_keys_max",
            .doc = "Idempotency keys that are kept; beyond it the oldest go before their time.",
            .member = at<&settings::storage, &storage::idempotency_keys_max>,
            .least = 1,
            .most = limits::idempotency_keys_max},
    setting{.section = "storage",
            .key = "check_bytes_per_s",
            .doc = "Stored rows are checked after a start, no faster than this per second; 0: only "
                   "if asked for.",
            .unit = "bytes",
            .member = at<&settings::storage, &storage::check_bytes_per_s>,
            .least = 0,
            .most = tib},
    setting{.section = "runtime",
            .key = "pool_threads",
            .doc = "Threads that answer requests; 0: one per core.",
            .member = at<&settings::runtime, &runtime::pool_threads>,
            .least = 0,
            .most = 1024},
    setting{.section = "runtime",
            .key = "builder_threads",
            .doc = "Threads of lower priority that build indexes; 0: one per core.",
            .member = at<&settings::runtime, &runtime::builder_threads>,
            .least = 0,
            .most = 1024},
    setting{.section = "runtime",
            .key = "memory_budget_bytes",
            .doc = "Memory that the process may use; beyond it, writes that need memory are "
                   "refused.\n0: three quarters of the smallest of what the control group, the "
                   "limit of\naddress space and the machine allow.",
            .unit = "bytes",
            .member = at<&settings::runtime, &runtime::memory_budget_bytes>,
            .least = 0,
            .most = 1024 * tib},
    setting{
        .section = "plugins",
        .key = "folders",
        .doc = "Folders that plugins are loaded from; empty: \"plugins\" beside the executable.",
        .member = at<&settings::plugins, &plugins::folders>},
    setting{.section = "log",
            .key = "level",
            .doc = "Least level that is written.",
            .member = at<&settings::log, &log::level>,
            .choices = log_levels},
    setting{.section = "log",
            .key = "format",
            .doc = "Lines for people (console) or one JSON object per line (json).",
            .member = at<&settings::log, &log::format>,
            .choices = log_formats},
};

}  // namespace

std::span<const setting> all_settings() { return table; }

const setting* find_setting(std::string_view section, std::string_view key) {
  for (const auto& row : table)
    if (row.section == section && row.key == key) return &row;
  return nullptr;
}

}  // namespace thespis::config
