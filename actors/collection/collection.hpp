// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "actors/api/collection_api.hpp"
#include "actors/collection/collection_state.hpp"
#include "actors/collection/dependencies.hpp"
#include "actors/collection/index_checks.hpp"
#include "actors/collection/load_progress.hpp"
#include "actors/collection/reader.hpp"
#include "actors/collection/save_pace.hpp"
#include "core/rate_limiter.hpp"

namespace thespis::actors {

using load_atom = caf::atom_constant<caf::atom("load")>;
using loaded_atom = caf::atom_constant<caf::atom("loaded")>;
using durable_atom = caf::atom_constant<caf::atom("durable")>;
using sliced_atom = caf::atom_constant<caf::atom("sliced")>;
using saved_atom = caf::atom_constant<caf::atom("saved")>;
using based_atom = caf::atom_constant<caf::atom("based")>;
using ordered_atom = caf::atom_constant<caf::atom("ordered")>;
using damage_atom = caf::atom_constant<caf::atom("damage")>;
using pause_atom = caf::atom_constant<caf::atom("pause")>;
using resume_atom = caf::atom_constant<caf::atom("resume")>;
using told_atom = caf::atom_constant<caf::atom("told")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// How far a loading job is.
using load_progress_ptr = std::shared_ptr<load_progress>;
/// What the loading job found.
using load_outcome = std::shared_ptr<result<std::unique_ptr<collection_state>>>;
/// Why a job failed; null if it did not.
using job_failure = std::shared_ptr<const error>;
/// What was done to a collection while its writer paused.
struct new_tables {
  bool emptied = false;                              ///< It has other tables now.
  std::shared_ptr<storage::collection_store> store;  ///< Those; null if they cannot be opened.
};
using new_tables_ptr = std::shared_ptr<new_tables>;
/// What the journal tells of a write.
using operation_outcome = std::shared_ptr<const result<operation_state>>;
/// What putting an index in order found.
using order_outcome = std::shared_ptr<const result<plugins::index_maintenance>>;

}  // namespace thespis::actors

THESPIS_LOCAL_MESSAGE(thespis::actors::load_progress_ptr)
THESPIS_LOCAL_MESSAGE(thespis::actors::load_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::job_failure)
THESPIS_LOCAL_MESSAGE(thespis::actors::new_tables_ptr)
THESPIS_LOCAL_MESSAGE(thespis::actors::order_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::operation_outcome)
THESPIS_LOCAL_MESSAGE(thespis::actors::slot_range)

namespace thespis::actors {

/// The writer of a collection as its catalog and its own jobs see it.
using collection_internal = collection_actor::extend<
    /// Reads the collection into memory; answers when it serves. Errors: as `collection_state`.
    caf::replies_to<load_atom, load_progress_ptr>::with<bool>,
    /// Answers when no write and no job of the collection is under way. Writes that come from then
    /// on wait for `resume`; searches go on. Errors: unavailable (it is stopped).
    caf::replies_to<pause_atom>::with<bool>,
    /// Goes on after a pause; if the collection was emptied, with the new tables, which are loaded
    /// first. Answers when it serves. Errors: as `collection_state`.
    caf::replies_to<resume_atom, new_tables_ptr>::with<bool>,
    /// The collection has this name now.
    caf::reacts_to<rename_atom, std::string>,
    /// The catalog has this specification of the collection now; answers when searches and writes
    /// go by it. Other indexes that it asks for are made afterwards. Where vectors come or go it is
    /// to pause before that. Errors: plugin, resource_exhausted.
    caf::replies_to<alter_atom, collection_spec>::with<bool>,
    /// Quits without saving derived state, because the collection is dropped.
    caf::replies_to<drop_atom>::with<bool>,
    /// The loading job is done.
    caf::reacts_to<loaded_atom, load_outcome>,
    /// Everything up to this LSN is durable.
    caf::reacts_to<durable_atom, lsn_t>,
    /// A slice is in the index that is built under this number, so many slots of it, or the plugin
    /// failed.
    caf::reacts_to<sliced_atom, std::uint32_t, slot_range, std::uint64_t, job_failure>,
    /// The index of this vector name is saved up to this slot, or could not be.
    caf::reacts_to<saved_atom, std::string, slot_t, job_failure>,
    /// Rows and slots are saved as of this LSN, or could not be.
    caf::reacts_to<based_atom, lsn_t, job_failure>,
    /// The index of this vector ordinal is in order without so many dead slots, or it failed.
    caf::reacts_to<ordered_atom, std::uint32_t, std::uint64_t, order_outcome>,
    /// What was asked under this number about an operation is known.
    caf::reacts_to<told_atom, std::uint64_t, operation_outcome>,
    /// A check of what is stored found this; empty: nothing.
    caf::reacts_to<damage_atom, std::string>,
    /// Time to look for derived state to save and for idleness.
    caf::reacts_to<tick_atom>>;

/// State and steps of a collection's writer. A write is decided and applied in one message; its
/// view is published, and it is answered if its sender waits, when the flusher says that it is
/// durable.
class collection_writer {
 public:
  static inline const char* name = "collection";
  using pointer = collection_internal::stateful_pointer<collection_writer>;

  void start(pointer self, dependencies_ptr needs, reader_internal reader,
             std::shared_ptr<storage::collection_store> store);

  caf::result<bool> load(const load_progress_ptr& progress);
  void finish_load(const load_outcome& outcome);
  caf::result<bool> pause();
  caf::result<bool> resume(const new_tables& tables);
  void rename(const std::string& new_name);
  caf::result<bool> alter(const collection_spec& spec);
  caf::result<write_reply> write(write_operation&& operation, const write_context& context);
  caf::result<write_reply> write(batch_request&& batch, const write_context& context);
  caf::result<operation_state> operation(lsn_t id);
  void on_told(std::uint64_t number, const operation_outcome& outcome);
  void on_durable(lsn_t durable);
  void on_sliced(std::uint32_t build, slot_range slice, std::uint64_t inserted,
                 const job_failure& failure);
  void on_saved(const std::string& vector_name, slot_t end, const job_failure& failure);
  void on_based(lsn_t lsn, const job_failure& failure);
  void on_ordered(std::uint32_t vector, std::uint64_t dead, const order_outcome& outcome);
  void on_damage(const std::string& what) { damage_ = what; }
  void on_tick();
  caf::result<collection_info> info() const;
  caf::result<index_check_reply> check();
  /// Ends the actor: after pending writes are durable and indexes saved, or at once.
  caf::result<bool> stop(bool save);

 private:
  /// A committed write that waits for its flush.
  struct pending_write {
    lsn_t lsn = 0;
    std::shared_ptr<view> seen_after;                  // null if nothing changed
    caf::typed_response_promise<write_reply> promise;  // not pending if it was answered
    write_reply reply;
    storage::idempotency_claim once;  // so long repeats are told to come later
  };
  /// What a write is committed with.
  struct write_turn {
    bool wait = true;
    storage::idempotency_claim once;  // null without a key
  };

  /// A write that came during a pause.
  struct held_write {
    std::function<void()> send_again;  // to this actor, as whoever sent it
    caf::typed_response_promise<write_reply> promise;
  };

  [[nodiscard]] const char* absence() const;  // why nothing can be asked now; null if it can
  [[nodiscard]] error unavailable(const char* why) const;
  [[nodiscard]] caf::error refusal() const;  // why writes cannot be taken now; none if they can
  [[nodiscard]] caf::error pace(std::uint64_t writes);  // too many of them for strict mode
  template <class Request>
  caf::result<write_reply> write_once(Request&& request, const write_context& context);
  caf::result<write_reply> commit(result<decision>&& decided, write_turn&& turn);
  caf::result<write_reply> repeat(const storage::idempotency_record& earlier, bool wait);
  caf::result<write_reply> await_durable(pending_write&& waiting, bool wait);
  /// Keeps a write until the pause is over.
  template <class Request>
  caf::result<write_reply> hold(Request&& request, const write_context& context);
  [[nodiscard]] bool held_full() const noexcept;
  void pause_if_idle();
  void end_pause();
  void refuse_held(const error& why);
  void post_load();
  void publish(const std::shared_ptr<view>& latest);
  void republish();
  void build_more();
  void after_building();
  [[nodiscard]] bool idle_builders() const;
  bool order_if_due();
  [[nodiscard]] bool put_in_order(const order_work& work);
  void save_if_due();
  void save_base();
  void hold_journal();
  void release_journal();
  void stop_if_drained();
  void quit_stopped();
  void fail(const error& reason);
  [[nodiscard]] error outcome_unknown(const error& reason) const;

  pointer self_ = nullptr;
  dependencies_ptr needs_;
  reader_internal reader_;
  std::shared_ptr<storage::collection_store> store_;
  std::string collection_;
  std::string damage_;                       // that a check found; empty: none
  load_progress_ptr loaded_;                 // what is loaded, for whoever asks how far
  std::unique_ptr<collection_state> state_;  // null while loading
  caf::typed_response_promise<bool> load_promise_;
  caf::typed_response_promise<bool> stop_promise_;
  caf::typed_response_promise<bool> pause_promise_;
  std::deque<pending_write> pending_;
  std::deque<held_write> held_;
  std::map<std::uint64_t, caf::typed_response_promise<operation_state>> asked_;  // by number
  std::uint64_t asked_count_ = 0;
  std::shared_ptr<view> published_;
  lsn_t applied_lsn_ = 0;
  std::size_t saves_running_ = 0;
  std::size_t ordering_ = 0;  // indexes that are put in order now
  index_checks checks_;
  std::optional<collection_spec> altered_;  // while it was loaded
  rate_limiter rate_;
  save_pace index_pace_{0};
  save_pace base_pace_{0};
  lsn_t held_lsn_ = 0;   // entries after it are held; 0: none are
  lsn_t based_lsn_ = 0;  // of the slots that are saved; 0: none are
  bool basing_ = false;  // rows and slots are saved now
  bool busy_since_tick_ = false;
  bool loading_ = false;
  bool awaits_durable_ = false;  // what is loaded
  bool pausing_ = false;         // no job is begun any more
  bool holding_ = false;         // writes are held
  bool paused_ = false;
  bool save_due_ = false;
  bool stopping_ = false;
  bool stop_saved_ = false;  // the save of a stop was started
  bool stop_based_ = false;  // that of rows and slots
};

/// Behaviour of a writer.
collection_internal::behavior_type collection(collection_writer::pointer self,
                                              dependencies_ptr needs, reader_internal reader,
                                              std::shared_ptr<storage::collection_store> store);

}  // namespace thespis::actors
