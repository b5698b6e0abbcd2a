// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/collection/collection.hpp"
#include "actors/collection/dependencies.hpp"
#include "actors/health/stored_walk.hpp"

namespace thespis::actors {

/// A collection as the catalog knows it when a check begins.
struct surveyed {
  collection_meta meta;
  std::string absent;        ///< Why it does not serve now; empty: it does.
  bool quarantined = false;  ///< It will not by itself.
  collection_internal writer;
  reader_internal reader;
};

/// What a check is to look at.
struct survey {
  std::vector<surveyed> collections;
  bool indexes = false;  ///< Also puts indexes in order and counts their nodes.
};

/// How far the check is; anybody may look.
struct check_progress {
  std::atomic<bool> running = false;
  std::atomic<double> share = 0;
  std::atomic<health_state> last = health_state::unchecked;
};

using stepped_atom = caf::atom_constant<caf::atom("stepped")>;
using pause_atom = caf::atom_constant<caf::atom("pause")>;

}  // namespace thespis::actors

THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::actors::survey>)
THESPIS_LOCAL_MESSAGE(std::shared_ptr<thespis::result<std::size_t>>)

namespace thespis::actors {

/// Checks what is stored while the node serves: one run at a time, in short steps on builder
/// threads, at no more than `storage.check_bytes_per_s`. What it finds is reported, not mended.
using health_actor = caf::typed_actor<
    /// Begins a run, or shares the one that is under way; answers at its end.
    caf::replies_to<check_atom, shared<survey>>::with<shared<health_report>>,
    /// The run under way as far as it is, or the last one.
    caf::replies_to<health_atom>::with<shared<health_report>>,
    /// Gives up the run and quits, once no step runs.
    caf::replies_to<stop_atom>::with<bool>,
    /// A step of this run is done.
    caf::reacts_to<stepped_atom, std::uint64_t, std::shared_ptr<result<std::size_t>>>,
    /// The pause after a step of this run is over.
    caf::reacts_to<pause_atom, std::uint64_t>>;

/// State and steps of the checks.
class health_keeper {
 public:
  static inline const char* name = "health";
  using pointer = health_actor::stateful_pointer<health_keeper>;

  void start(pointer self, dependencies_ptr needs, std::shared_ptr<check_progress> progress);

  caf::result<shared<health_report>> check(const shared<survey>& wanted);
  shared<health_report> report() const;
  caf::result<bool> stop();
  void on_stepped(std::uint64_t run, const std::shared_ptr<result<std::size_t>>& read);
  void on_pause(std::uint64_t run);

 private:
  void begin_run();
  void next_collection();
  void step();
  void post_step();
  void skip(const std::string& why);
  void finish_rows();
  void check_indexes(const view_ptr& before);
  void note_index(const index_check_reply& found, const view_ptr& before, const view_ptr& after);
  void finish_collection();
  void finish();
  void quit_stopped();
  [[nodiscard]] const surveyed& current() const { return wanted_->collections[at_]; }

  pointer self_ = nullptr;
  dependencies_ptr needs_;
  std::shared_ptr<check_progress> progress_;
  shared<survey> wanted_;
  std::uint64_t run_ = 0;  // messages of an earlier one are of no interest
  std::shared_ptr<health_report> report_;
  shared<health_report> last_;
  std::shared_ptr<stored_walk> walk_;
  view_ptr seen_;          // for the next step
  std::size_t at_ = 0;     // of the collection that is looked at
  bool journal_ = false;   // the journal is looked at
  bool stepping_ = false;  // a step runs on a builder thread
  bool stopping_ = false;
  collection_health found_;
  using askers = std::vector<caf::typed_response_promise<shared<health_report>>>;
  askers askers_;
  askers later_;  // who want more than the check that runs
  shared<survey> later_wanted_;
  caf::typed_response_promise<bool> stop_promise_;
};

/// Behaviour of the checks.
health_actor::behavior_type health(health_keeper::pointer self, dependencies_ptr needs,
                                   std::shared_ptr<check_progress> progress);

}  // namespace thespis::actors
