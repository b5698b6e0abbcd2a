// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/engine.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "core/assert.hpp"
#include "core/fail_point.hpp"
#include "core/phase.hpp"
#include "storage/bytes.hpp"
#include "storage/catalog_tables.hpp"
#include "storage/collection_check.hpp"
#include "storage/data_folder.hpp"
#include "storage/idempotency_check.hpp"
#include "storage/journal_check.hpp"
#include "storage/log_check.hpp"
#include "storage/log_files.hpp"
#include "storage/maintenance.hpp"
#include "storage/parts.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

// Every open table holds a descriptor.
void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // a lower limit shows up as a named error at the table
}

/// What identifies the node and this boot.
struct identity {
  uuid id;
  std::uint64_t term = 0;
};

/// What belongs to no collection: first the journal, then the idempotency keys.
class node_check final : public stored_check {
 public:
  node_check(session_pool& sessions, lsn_t durable)
      : journal_(sessions, durable), keys_(sessions) {}

  result<std::size_t> step(std::size_t bytes_max) override {
    THESPIS_TRY(const auto bytes, journal_.step(bytes_max));
    if (bytes > 0) return bytes;
    return keys_.step(bytes_max);
  }
  double share() const noexcept override { return (journal_.share() + keys_.share()) / 2; }
  std::vector<health_component> found() const override {
    auto all = journal_.found();
    for (auto& part : keys_.found()) all.push_back(std::move(part));
    return all;
  }

 private:
  journal_check journal_;
  idempotency_check keys_;
};

// Reads the node's identity, or makes it, and raises the term.
result<identity> boot(session_pool& sessions) {
  THESPIS_TRY(auto session, sessions.borrow());
  THESPIS_CHECK(session->create(tables::node));
  THESPIS_TRY(auto node, session->open(tables::node));
  identity self{uuid::random(), 1};
  THESPIS_TRY(const bool known, node.find(tables::node_id_key));
  if (known) {
    THESPIS_TRY(const auto id, node.value());
    if (id.size() != self.id.bytes.size())
      return error(errc::corruption, "node table: the node's id is damaged");
    std::memcpy(self.id.bytes.data(), id.data(), id.size());
    THESPIS_TRY(const bool booted, node.find(tables::term_key));
    if (!booted) return error(errc::corruption, "node table: the term is missing");
    THESPIS_TRY(const auto term, node.value());
    byte_reader in(term);
    self.term = in.u64() + 1;
    if (!in.complete()) return error(errc::corruption, "node table: the term is damaged");
  }
  std::string term;
  byte_writer(term).u64(self.term);
  wt::transaction writing(*session);
  THESPIS_CHECK(writing.begun());
  THESPIS_CHECK(node.put(tables::node_id_key, tables::key(self.id)));
  THESPIS_CHECK(node.put(tables::term_key, term));
  THESPIS_FAIL_POINT("term.written");
  THESPIS_CHECK(writing.commit());
  THESPIS_FAIL_POINT("term.committed");
  THESPIS_CHECK(session->flush_log());
  THESPIS_FAIL_POINT("term.durable");
  return self;
}

}  // namespace

std::string configuration(const config::storage& settings) {
  return "create,session_max=4096,cache_size=" + std::to_string(settings.cache_bytes) +
         ",log=(enabled=true,archive=true,prealloc=true,zero_fill=true,file_max=" +
         std::to_string(settings.log_file_bytes) +
         "),transaction_sync=(enabled=false)"
         ",file_manager=(close_idle_time=60,close_handle_minimum=256,close_scan_interval=10)"
         ",eviction_dirty_target=40,eviction_dirty_trigger=80"
         ",eviction=(threads_min=1,threads_max=2),statistics=(fast)";
}

result<wt::connection> open_database(const std::filesystem::path& home,
                                     const std::string& configuration) {
  THESPIS_CHECK(mend_log_files(home));
  auto opened = wt::connection::open(home, configuration);
  if (opened || opened.error().code != errc::corruption) return opened;
  // WiredTiger reads the log twice. The first time it cuts off a torn end, and that may leave a
  // file which it refuses the second time.
  THESPIS_TRY(const bool mended, mend_log_files(home));
  return mended ? wt::connection::open(home, configuration) : std::move(opened);
}

struct engine::impl {
  static constexpr const char* relief_name = "storage cache";

  impl(data_folder&& folder_, const config::storage& settings,
       std::shared_ptr<memory_budget> memory)
      : folder(std::move(folder_)), shared(settings, std::move(memory)), maintenance(shared) {}

  result<void> start() {
    THESPIS_TRY(shared.connection, open_database(folder.database(), configuration(shared.settings) +
                                                                        shared.files.install()));
    THESPIS_FAIL_POINT("recovery.log_replayed");
    THESPIS_TRY(self, boot(shared.sessions));
    THESPIS_TRY(
        shared.journal,
        journal_log::open(shared.sessions, shared.settings.journal_retention_bytes, self.term));
    shared.flusher = std::make_unique<log_flusher>(shared.sessions, *shared.journal);
    THESPIS_CHECK(shared.flusher->start());
    THESPIS_TRY(shared.idempotency, idempotency_table::open(shared.sessions, shared.settings,
                                                            shared.journal->marks().assigned));
    THESPIS_TRY(catalog, catalog_tables::open(shared));
    THESPIS_FAIL_POINT("recovery.catalog_read");
    // A start that finds no room has failed by now; from here on a write can wait for some.
    shared.files.wait_for_room(true);
    shared.disk.settle();
    if (shared.memory)
      shared.memory->add_relief(relief_name, [this] { (void)shared.cache.shrink(0); });
    return maintenance.start();
  }

  // Ends the threads and gives back their sessions.
  void stop() noexcept {
    if (shared.memory) shared.memory->remove_relief(relief_name);
    maintenance.stop();
    if (catalog) catalog->close();
    if (shared.flusher) shared.flusher->stop();
  }

  data_folder folder;
  parts shared;
  identity self;
  std::unique_ptr<catalog_tables> catalog;
  storage::maintenance maintenance;
  bool closed = false;
};

engine::engine(std::unique_ptr<impl> parts) : impl_(std::move(parts)) {}

engine::~engine() {
  const auto closed = close();
  if (!closed) std::fprintf(stderr, "thespis: storage: %s\n", closed.error().message.c_str());
  THESPIS_ASSERT(impl_->shared.sessions.lent() == 0);  // a store or snapshot outlives its engine
}

result<std::shared_ptr<engine>> engine::open(const config::storage& settings,
                                             std::shared_ptr<memory_budget> memory) {
  THESPIS_PHASE("recovery");
  THESPIS_TRY(auto folder, data_folder::open(settings.data_dir));
  THESPIS_CHECK(check_log(folder.database()));
  raise_descriptor_limit();
  auto parts = std::make_unique<impl>(std::move(folder), settings, std::move(memory));
  if (auto started = parts->start(); !started) {
    parts->shared.files.wait_for_room(false);
    parts->stop();
    return std::move(started).error();
  }
  return std::shared_ptr<engine>(new engine(std::move(parts)));
}

catalog_store& engine::catalog() noexcept { return *impl_->catalog; }
journal& engine::journal() noexcept { return *impl_->shared.journal; }
flusher& engine::flusher() noexcept { return *impl_->shared.flusher; }
idempotency_store& engine::idempotency() noexcept { return *impl_->shared.idempotency; }
const uuid& engine::node_id() const noexcept { return impl_->self.id; }
std::uint64_t engine::term() const noexcept { return impl_->self.term; }

result<std::filesystem::path> engine::derived_folder(const uuid& collection) const {
  auto path = impl_->folder.derived() / collection.text();
  std::error_code failure;
  std::filesystem::create_directory(path, failure);
  if (failure)
    return error(errc::io, "folder " + path.string() + ": cannot be created: " + failure.message());
  return path;
}

std::unique_ptr<stored_check> engine::check(const collection_meta& meta,
                                            point_visitor visit) const {
  return std::make_unique<collection_check>(impl_->shared.sessions, meta, std::move(visit));
}

std::unique_ptr<stored_check> engine::check_node() const {
  return std::make_unique<node_check>(impl_->shared.sessions, impl_->shared.journal->durable());
}

engine_stats engine::stats() const {
  engine_stats out;
  out.flushes = impl_->shared.flusher->flushes();
  auto session = impl_->shared.sessions.borrow();
  if (!session) return out;
  const auto read = [&](int id) {
    const auto value = (*session)->statistic(id);
    return value ? *value : 0;
  };
  out.cache_bytes = read(WT_STAT_CONN_CACHE_BYTES_INUSE);
  out.cache_dirty_bytes = read(WT_STAT_CONN_CACHE_BYTES_DIRTY);
  out.log_bytes_written = read(WT_STAT_CONN_LOG_BYTES_WRITTEN);
  out.checkpoints = read(WT_STAT_CONN_TXN_CHECKPOINT);
  return out;
}

const disk_room& engine::disk() const noexcept { return impl_->shared.disk; }

result<void> engine::checkpoint() { return impl_->maintenance.checkpoint(); }

void engine::end_waits() noexcept { impl_->shared.files.wait_for_room(false); }

result<void> engine::close() {
  if (impl_->closed) return ok();
  // An end does not wait for space: what does not fit is in the log, and recovery writes it.
  end_waits();
  impl_->stop();
  if (const auto lent = impl_->shared.sessions.lent(); lent != 0)
    return error(errc::failed_precondition,
                 "storage: " + std::to_string(lent) + " stores or snapshots are still open");
  impl_->shared.dropped.retry();
  THESPIS_CHECK(impl_->maintenance.checkpoint());
  THESPIS_FAIL_POINT("engine.closing");
  impl_->shared.sessions.close_idle();
  impl_->closed = true;
  return impl_->shared.connection.close();
}

}  // namespace thespis::storage
