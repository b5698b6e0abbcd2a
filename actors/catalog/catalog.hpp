// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/catalog/catalog_internal.hpp"
#include "actors/collection/collection.hpp"
#include "actors/collection/dependencies.hpp"
#include "actors/health/health.hpp"

namespace thespis::actors {

/// State and steps of the catalog. Work on the catalog's table runs as jobs, one at a time.
class catalog_keeper {
 public:
  static inline const char* name = "catalog";
  using pointer = catalog_internal::stateful_pointer<catalog_keeper>;

  void start(pointer self, dependencies_ptr needs, std::vector<collection_meta> known,
             std::vector<collection_alias> aliases);

  caf::result<collection_meta> create(const std::string& collection, const collection_spec& spec,
                                      const write_context& context);
  caf::result<lsn_t> alter(const std::string& collection, const shared<collection_change>& change,
                           const write_context& context);
  caf::result<bool> drop(const std::string& collection, const write_context& context);
  caf::result<write_reply> recall(const idempotency& asked);
  std::vector<collection_meta> list() const;
  caf::result<shared<collection_handles>> find(const std::string& collection) const;
  readiness progress();
  caf::result<collection_info> absent_info(const std::string& collection) const;
  caf::result<bool> retry(const std::string& collection);
  caf::result<shared<health_report>> check();
  caf::result<shared<health_report>> health() const;
  caf::result<bool> stop();

  caf::result<bool> change_aliases(const std::vector<alias_action>& actions,
                                   const write_context& context);
  caf::result<std::vector<collection_alias>> aliases(const std::string& collection) const;
  caf::result<bool> rename(const std::string& collection, const std::string& new_name,
                           const write_context& context);
  caf::result<bool> truncate(const std::string& collection, const write_context& context);
  caf::result<collection_copy_status> copy(const std::string& from, const std::string& to,
                                           const write_context& context);
  caf::result<std::vector<collection_copy_status>> copies(const std::string& from) const;

  void on_aliased(const alias_outcome& outcome);
  void on_renamed(const std::string& collection, const std::string& new_name,
                  const drop_outcome& outcome);
  void on_emptied(const std::string& collection, const truncate_outcome& outcome);
  void on_begun(const std::string& to, const begin_outcome& outcome);
  void on_copied(const std::string& to, const copy_outcome& outcome);
  void on_waited(const std::string& to);
  void on_undone(const std::string& to);
  void on_created(const std::string& collection, const create_outcome& outcome);
  void on_altered(const uuid& id, const alter_outcome& outcome);
  void on_dropped(const std::string& collection, const drop_outcome& outcome);
  void on_kept(std::uint64_t number, const drop_outcome& outcome);
  void on_opened(const std::string& collection, const open_outcome& outcome);
  void on_down(const caf::down_msg& down);
  void restart(const std::string& collection);

 private:
  enum class phase { creating, opening, loading, serving, restarting, quarantined, dropping };

  /// A copy while it is made.
  struct copy_in_making {
    uuid source;
    collection_copy_status status;
    std::shared_ptr<storage::collection_copy> work;  // null before it is begun and once it is whole
    error failure;                                   // why it is given up
    bool source_changed = false;                     // it was emptied or dropped
    bool answered = false;
    storage::idempotency_claim once;  // null without a key
    caf::typed_response_promise<collection_copy_status> promise;
  };
  /// The outcome of a copy.
  struct copy_made {
    uuid source;
    collection_copy_status status;
  };

  /// Who waits for a change that has no entry.
  struct answer_due {
    caf::typed_response_promise<bool> promise;
    storage::idempotency_claim once;  // null without a key
    bool answer = true;
  };

  /// A change of parameters.
  struct alteration {
    shared<collection_change> change;
    caf::typed_response_promise<lsn_t> promise;
    storage::idempotency_claim once;  // null without a key
  };

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
    const char* change = nullptr;          // what is done to it now; null: nothing
    std::shared_ptr<copy_in_making> copy;  // set until the copy serves
    caf::typed_response_promise<collection_meta> create_promise;
    std::deque<alteration> alterations;  // the first is made, the others wait
    caf::typed_response_promise<bool> drop_promise;
    caf::typed_response_promise<bool> change_promise;
    // Of what is done under a key; null without one.
    storage::idempotency_claim drop_once;
    storage::idempotency_claim change_once;
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
  void begin_alteration(const std::string& collection, entry& changed);
  void end_alteration(const std::string& collection, entry& changed);
  void post_alteration(const std::string& collection);
  void tell_spec(entry& altered, caf::typed_response_promise<lsn_t> promise = {}, lsn_t lsn = 0);
  void resume(const entry& paused);
  void drop_now(const std::string& collection);
  [[nodiscard]] result<storage::idempotency_store::turn> begin(const write_context& context);
  caf::result<collection_meta> repeat_create(const std::string& collection,
                                             const collection_spec& spec) const;
  caf::result<bool> keep_unchanged(storage::idempotency_claim&& once, bool answer);
  void end_health();
  void stop_if_empty();
  [[nodiscard]] const std::string& real_name(const std::string& collection) const;
  [[nodiscard]] caf::error refuse_change(const std::string& collection, const entry& one) const;
  [[nodiscard]] bool is_there(const entry& one) const;
  [[nodiscard]] collection_copy_status status_of(const copy_in_making& copy) const;
  [[nodiscard]] copy_in_making* answered_copy(const std::string& to, const write_context& context);
  caf::result<collection_copy_status> answer_copy(copy_in_making& making, bool wait);
  [[nodiscard]] static collection_copy_status copy_of_record(
      const std::string& to, const storage::idempotency_record& earlier);
  void post_copy_begin(const collection_meta& source, const std::string& to);
  void post_truncation(const std::string& collection);
  void post_copy_step(const std::string& to);
  void finish_copy(entry& copied);
  void end_copy(const std::string& to);
  void give_up_copy(const std::string& to, const error& why);
  void remember_copy(const copy_in_making& copy);
  void note_source_changed(const uuid& source);

  pointer self_ = nullptr;
  dependencies_ptr needs_;
  std::map<std::string, entry> entries_;
  std::map<std::string, std::string> aliases_;  // with the names of their collections
  // Of changes whose jobs wait or run; jobs end in the order in which they were asked for.
  std::deque<answer_due> alias_answers_;
  std::map<std::uint64_t, answer_due> keeping_;  // by number
  std::uint64_t kept_count_ = 0;
  std::deque<copy_made> copies_made_;
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
