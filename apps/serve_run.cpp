// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <caf/all.hpp>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "actors/api/failure.hpp"
#include "apps/command.hpp"
#include "apps/demo/css_colours.hpp"
#include "apps/node/node.hpp"
#include "apps/serve.hpp"
#include "apps/stop_signal.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "protocols/bridge/reply_port.hpp"
#include "protocols/http/server.hpp"
#include "protocols/rest/actor_engine.hpp"
#include "protocols/rest/rest_service.hpp"
#include "storage/disk_room.hpp"
#include "storage/journal.hpp"

namespace thespis::apps {

namespace {

constexpr std::chrono::seconds demo_patience(30);

rest::build_info this_build() { return {THESPIS_VERSION, "", THESPIS_BUILD ", " THESPIS_COMPILER}; }

/// Bytes of the process in physical memory.
std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void tell_storage(metrics::sink& out, storage::engine& engine) {
  const auto stats = engine.stats();
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  out.gauge("thespis_storage_cache_bytes", "Pages that storage keeps in memory", {},
            number(stats.cache_bytes));
  out.gauge("thespis_storage_cache_dirty_bytes", "Those not yet written to their files", {},
            number(stats.cache_dirty_bytes));
  out.counter("thespis_storage_log_bytes_total", "Bytes written to the log", {},
              number(stats.log_bytes_written));
  out.counter("thespis_storage_checkpoints_total", "Checkpoints", {}, number(stats.checkpoints));
  out.counter("thespis_storage_flushes_total", "Log flushes that made writes durable", {},
              number(stats.flushes));
  const auto marks = engine.journal().marks();
  const auto mark = [&](const char* which, lsn_t lsn) {
    out.gauge("thespis_journal_lsn", "Where the journal stands", {{"mark", which}}, number(lsn));
  };
  mark("trimmed", marks.trimmed);
  mark("durable", marks.durable);
  mark("stable", marks.stable);
  mark("assigned", marks.assigned);
  out.gauge("thespis_journal_bytes", "Size of the entries that are kept", {}, number(marks.bytes));
  out.gauge("thespis_process_resident_bytes", "Memory of the process", {},
            number(resident_bytes()));
}

void tell_gate(metrics::sink& out, const char* kind, const http::gate::numbers& seen) {
  const metrics::labels one = {{"kind", kind}};
  out.gauge("thespis_http_requests_in_flight", "Requests being answered now", one,
            static_cast<double>(seen.running));
  out.gauge("thespis_http_requests_waiting", "Requests that wait for their turn", one,
            static_cast<double>(seen.waiting));
  out.counter("thespis_http_requests_shed_total", "Requests refused because too many waited", one,
              static_cast<double>(seen.refused));
}

void tell_memory(metrics::sink& out, const memory_report& now) {
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  out.gauge("thespis_memory_budget_bytes", "Memory that the process may use", {},
            number(now.budget_bytes));
  out.gauge("thespis_memory_used_bytes", "What counts against the budget", {},
            number(now.used_bytes));
  out.gauge("thespis_memory_promised_bytes", "Counted as used although not resident yet", {},
            number(now.promised_bytes));
  const auto part = [&](std::string_view which, std::uint64_t bytes) {
    out.gauge("thespis_memory_part_bytes", "Memory of a component", {{"part", std::string(which)}},
              number(bytes));
  };
  for (std::size_t i = 0; i < memory_parts; ++i)
    part(to_string(static_cast<memory_part>(i)), now.parts[i]);
  part("other", now.other_bytes);
}

void tell_disk(metrics::sink& out, const storage::disk_state& now) {
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  out.gauge("thespis_disk_free_bytes", "Free on the disk of the data folder", {},
            number(now.free_bytes));
  out.gauge("thespis_disk_reserve_bytes", "Writes are refused when less is left", {},
            number(now.reserve_bytes));
  out.gauge("thespis_disk_held_bytes", "Part of the reserve that is taken ahead", {},
            number(now.ballast_bytes));
  out.gauge("thespis_disk_full", "1 if storage found no room and none came since", {},
            now.full ? 1 : 0);
}

std::optional<rest::disk_numbers> disk_of(storage::engine& engine) {
  const auto now = engine.disk().state();
  if (!now) return std::nullopt;
  return rest::disk_numbers{now->free_bytes, now->reserve_bytes, now->ballast_bytes, now->full};
}

/// Asks an actor from the main thread.
template <class Reply, class Handle, class... Parts>
result<Reply> ask_and_wait(caf::actor_system& system, const Handle& to, Parts&&... parts) {
  caf::scoped_actor asker(system);
  result<Reply> outcome = error(errc::internal, "no answer");
  asker->request(to, demo_patience, std::forward<Parts>(parts)...)
      .receive([&](const Reply& reply) { outcome = reply; },
               [&](const caf::error& failure) { outcome = actors::from_caf(failure); });
  return outcome;
}

/// Makes the collection of colours unless there is one.
result<void> make_demo(node& engine) {
  auto& system = engine.runtime().system();
  auto made = ask_and_wait<collection_meta>(system, engine.catalog(), actors::create_atom::value,
                                            std::string(demo::colours_name), demo::colours_spec(),
                                            write_context{});
  if (!made && made.error().code == errc::already_exists) return ok();
  if (!made) return made.error();
  using handles = actors::shared<actors::collection_handles>;
  THESPIS_TRY(const auto found,
              ask_and_wait<handles>(system, engine.catalog(), actors::find_atom::value,
                                    std::string(demo::colours_name)));
  THESPIS_TRY(const auto written,
              ask_and_wait<write_reply>(system, found->writer,
                                        upsert_request{demo::colours_points()}, write_context{}));
  log::info("serve", "demo collection made",
            {{"collection", demo::colours_name}, {"points", written.affected}});
  return ok();
}

/// The edge's settings, with no more connections than there are descriptors for, beside those of
/// storage.
config::server within_descriptors(config::server settings) {
  constexpr std::size_t storage_descriptors = 1024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return settings;
  const auto all = static_cast<std::size_t>(limit.rlim_cur);
  const auto room = all - std::min(storage_descriptors, all / 2);
  if (settings.connections_max <= room) return settings;
  log::warn("serve", "server.connections_max is lowered: too few file descriptors (ulimit -n)",
            {{"connections_max", settings.connections_max}, {"descriptors", all}, {"now", room}});
  settings.connections_max = room;
  return settings;
}

/// Everything that runs between start and stop, in the order of its making.
struct running {
  std::unique_ptr<node> engine;
  std::unique_ptr<bridge::reply_port> port;
  std::shared_ptr<metrics::registry> numbers = std::make_shared<metrics::registry>();
  std::shared_ptr<std::atomic<bool>> stopping = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<http::server> server;
};

result<void> start(running& all, const config::settings& settings, const serve_options& options) {
  THESPIS_TRY(all.engine, node::start(settings));
  // Before anybody can ask for it.
  if (options.demo) THESPIS_CHECK(make_demo(*all.engine));
  auto& runtime = all.engine->runtime();
  all.port = std::make_unique<bridge::reply_port>(runtime.io(), runtime.system());
  all.numbers->add_source("storage", [engine = &all.engine->engine()](metrics::sink& out) {
    tell_storage(out, *engine);
    if (const auto disk = engine->disk().state()) tell_disk(out, *disk);
  });
  all.numbers->add_source("memory", [memory = all.engine->memory()](metrics::sink& out) {
    tell_memory(out, memory->report());
  });
  rest::rest_options rest_options;
  rest_options.build = this_build();
  rest_options.json_depth_max = settings.server.json_depth_max;
  rest_options.metrics = all.numbers;
  rest_options.memory = all.engine->memory();
  rest_options.disk = [engine = &all.engine->engine()] { return disk_of(*engine); };
  rest_options.stopping = [stopping = all.stopping] { return stopping->load(); };
  auto service = std::make_shared<rest::rest_service>(
      rest::make_actor_engine(all.engine->catalog(), *all.port), std::move(rest_options));
  THESPIS_TRY(all.server,
              http::server::start(runtime.io(), within_descriptors(settings.server),
                                  settings.security, std::move(service), all.engine->memory()));
  all.numbers->add_source("http", [server = all.server.get()](metrics::sink& out) {
    out.gauge("thespis_http_connections", "Connections now", {},
              static_cast<double>(server->connections()));
    tell_gate(out, "read", server->reads());
    tell_gate(out, "write", server->writes());
    out.gauge("thespis_http_unread_bytes", "Bytes of answers that wait for their readers", {},
              static_cast<double>(server->unread_bytes()));
  });
  return ok();
}

result<void> stop(running& all, std::chrono::milliseconds patience) {
  *all.stopping = true;
  if (all.server) {
    if (!all.server->drain(std::chrono::steady_clock::now() + patience))
      log::warn("serve", "some requests were cut off", {{"after_ms", patience.count()}});
    all.numbers->remove_source("http");
    all.server.reset();
  }
  if (all.port) all.port->close();
  all.numbers->remove_source("storage");
  auto stopped = all.engine ? all.engine->stop(patience) : ok();
  all.port.reset();
  return stopped;
}

}  // namespace

int serve(const config::settings& settings, const serve_options& options) {
  const auto signal = stop_signal::install();
  if (!signal) return report(signal.error());
  log::info("serve", "starting",
            {{"version", THESPIS_VERSION}, {"data_dir", settings.storage.data_dir.string()}});
  const std::chrono::milliseconds patience(settings.server.shutdown_timeout_ms);
  running all;
  if (const auto started = start(all, settings, options); !started) {
    const int status = report(started.error());
    static_cast<void>(stop(all, patience));
    return status;
  }
  log::info("serve", "listening", {{"url", all.server->url()}});
  signal->wait();
  log::info("serve", "stopping");
  if (const auto stopped = stop(all, patience); !stopped) return report(stopped.error());
  log::info("serve", "stopped");
  return exit_ok;
}

}  // namespace thespis::apps
