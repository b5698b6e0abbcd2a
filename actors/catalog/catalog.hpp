// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/api/catalog_api.hpp"
#include "actors/collection/collection.hpp"
#include "actors/collection/dependencies.hpp"
#include "actors/health/health.hpp"

namespace thespis::actors {

using opened_atom = caf::atom_constant<caf::atom("opened")>;
using created_atom = caf::atom_constant<caf::atom("created")>;
using dropped_atom = caf::atom_constant<caf::atom("dropped")>;
using restart_atom = caf::atom_constant<caf::atom("restart")>;

using open_outcome = std::shared_ptr<result<std::shared_ptr<storage::collection_store>>>;
using create_outcome = std::shared_ptr<result<collection_meta>>;
using drop_outcome = std::shared_ptr<result<void>>;

}  // namespace thespis::actors

THESPIS_LOCAL_MESSAGE(thespis::actors::open_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::create_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::drop_outcome)

namespace thespis::actors {

/// The catalog as its own jobs see it.
using catalog_internal = catalog_actor::extend<
    /// The tables of a collection are open, or could not be opened.
    caf::reacts_to<opened_atom, std::string, open_outcome>,
    /// A collection is in the catalog's table, or could not be made.
    caf::reacts_to<created_atom, std::string, create_outcome>,
    /// A collection is out of the catalog's table, or could not be dropped.
    caf::reacts_to<dropped_atom, std::string, drop_outcome>,
    /// The delay before a restart is over.
    caf::reacts_to<restart_atom, std::string>>;

/// State and steps of the catalog. Work on the catalog's table runs as jobs, one at a time.
class catalog_keeper {
 public:
  static inline const char* name = "catalog";
  using pointer = catalog_internal::stateful_pointer<catalog_keeper>;

  void start(pointer self, dependencies_ptr needs, std::vector<collection_meta> known);

  caf::result<collection_meta> create(const std::string& collection, const collection_spec& spec);
  caf::result<bool> drop(const std::string& collection);
  std::vector<collection_meta> list() const;
  caf::result<shared<collection_handles>> find(const std::string& collection) const;
  readiness progress();
  caf::result<collection_info> absent_info(const std::string& collection) const;
  caf::result<bool> retry(const std::string& collection);
  caf::result<shared<health_report>> check();
  caf::result<shared<health_report>> health() const;
  caf::result<bool> stop();

  void on_created(const std::string& collection, const create_outcome& outcome);
  void on_dropped(const std::string& collection, const drop_outcome& outcome);
  void on_opened(const std::string& collection, const open_outcome& outcome);
  void on_down(const caf::down_msg& down);
  void restart(const std::string& collection);

 private:
  enum class phase { creating, opening, loading, serving, restarting, quarantined, dropping };

  struct entry {
    collection_meta meta;
    phase now = phase::opening;
    collection_internal writer;
    reader_internal reader;
    load_progress_ptr loaded;            // how far it is while it is loaded
    shared<collection_handles> handles;  // set while serving
    int failures = 0;                    // since it last served for a while
    std::int64_t serving_since_ns = 0;
    std::string failure;
    caf::typed_response_promise<collection_meta> create_promise;
    caf::typed_response_promise<bool> drop_promise;
  };

  void run_job(std::function<void()> job);  // queued behind the jobs before it
  void start_next_job();
  void open(const std::string& collection);
  void on_failure(const std::string& collection, entry& failed, const error& why);
  void quarantine(const std::string& collection, entry& failed, const char* after);
  void validate_if_ready();
  [[nodiscard]] std::string absence_of(const entry& one) const;
  [[nodiscard]] shared<survey> take_survey(bool indexes) const;
  template <class Atom>
  void end_writer(const collection_internal& writer, Atom how);
  void drop_now(const std::string& collection);
  void end_health();
  void stop_if_empty();

  pointer self_ = nullptr;
  dependencies_ptr needs_;
  std::map<std::string, entry> entries_;
  std::deque<std::function<void()>> jobs_;
  bool job_running_ = false;
  health_actor health_;
  std::shared_ptr<check_progress> checked_ = std::make_shared<check_progress>();
  bool validated_ = false;  // the check after the start has begun
  bool stopping_ = false;
  caf::typed_response_promise<bool> stop_promise_;
};

/// Starts the catalog with what storage holds. Blocks while it reads the table.
/// Errors: those of `catalog_store::list`.
[[nodiscard]] result<catalog_actor> spawn_catalog(caf::actor_system& system,
                                                  dependencies_ptr needs);

}  // namespace thespis::actors
