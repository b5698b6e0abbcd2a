// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/health/health.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "actors/runtime/builder_pool.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"

namespace thespis::actors {

namespace {

/// Bytes of a step: short enough for a snapshot and for whoever waits for the thread.
constexpr std::size_t step_bytes = 1u << 20;

std::uint64_t live_slots(const vector_view& vector) {
  std::uint64_t live = 0;
  for (slot_t slot = 0; slot < vector.indexed_end; ++slot)
    live += vector.dead.contains(slot) ? 0 : 1;
  return live;
}

}  // namespace

void health_keeper::start(pointer self, dependencies_ptr needs,
                          std::shared_ptr<check_progress> progress) {
  self_ = self;
  needs_ = std::move(needs);
  progress_ = std::move(progress);
  last_ = std::make_shared<const health_report>();
  end_on_exception(self_, "health");
}

caf::result<shared<health_report>> health_keeper::check(const shared<survey>& wanted) {
  if (stopping_) return to_caf(error(errc::unavailable, "health: the server is stopping"));
  if (askers_.size() + later_.size() >= limits::index_checks_pending_max)
    return to_caf(error(errc::unavailable, "health: too many requests wait for the check"));
  const auto promise = self_->make_response_promise<shared<health_report>>();
  if (report_ == nullptr) {
    askers_.push_back(promise);
    wanted_ = wanted;
    begin_run();
  } else if (wanted->indexes && !wanted_->indexes) {
    later_.push_back(promise);
    later_wanted_ = wanted;
  } else {
    askers_.push_back(promise);
  }
  return promise;
}

shared<health_report> health_keeper::report() const {
  if (report_ == nullptr) return last_;
  auto now = std::make_shared<health_report>(*report_);
  now->share = progress_->share.load();
  return now;
}

void health_keeper::begin_run() {
  ++run_;
  report_ = std::make_shared<health_report>();
  report_->started_us = wall_time_us();
  progress_->share = 0;
  progress_->running = true;
  at_ = 0;
  journal_ = true;
  walk_ = std::make_shared<stored_walk>(*needs_->engine);
  step();
}

// Takes the latest view first: what it knows must be in the snapshot that follows.
void health_keeper::step() {
  if (stopping_) return quit_stopped();
  if (journal_) return post_step();
  self_->request(current().reader, caf::infinite, latest_atom::value)
      .then(
          [this, run = run_](const view_ptr& seen) {
            if (run != run_) return;
            seen_ = seen;
            post_step();
          },
          [this, run = run_](const caf::error&) {
            if (run == run_) skip("it ended or was restarted meanwhile");
          });
}

void health_keeper::post_step() {
  stepping_ = true;
  auto me = caf::actor_cast<health_actor>(self_);
  const auto taken =
      needs_->builders->post_io([me, run = run_, walk = walk_, seen = std::exchange(seen_, {})] {
        auto read = guarded([&] { return walk->step(step_bytes, seen); });
        caf::anon_send(me, stepped_atom::value, run,
                       std::make_shared<result<std::size_t>>(std::move(read)));
      });
  if (taken) return;
  stepping_ = false;
  self_->delayed_send(self_, std::chrono::seconds(1), pause_atom::value, run_);
}

void health_keeper::on_stepped(std::uint64_t run,
                               const std::shared_ptr<result<std::size_t>>& read) {
  stepping_ = false;
  if (stopping_) return quit_stopped();
  if (run != run_) return;
  if (!*read) return skip(read->error().message);
  const auto parts = static_cast<double>(wanted_->collections.size() + 1);
  const auto done = journal_ ? 0.0 : static_cast<double>(at_ + 1);
  progress_->share = (done + walk_->share()) / parts;
  if (**read == 0) return finish_rows();
  const auto bytes_per_s = needs_->settings.check_bytes_per_s;
  const auto pause_us = bytes_per_s == 0 ? 0 : **read * 1'000'000 / bytes_per_s;
  self_->delayed_send(self_, std::chrono::microseconds(pause_us), pause_atom::value, run_);
}

void health_keeper::on_pause(std::uint64_t run) {
  if (run == run_ && report_ != nullptr) step();
}

// What cannot be read now is neither sound nor damaged.
void health_keeper::skip(const std::string& why) {
  health_component rows{.name = journal_ ? "journal" : "points", .state = health_state::unchecked};
  rows.add({rows.name, why, "check again", false, {}});
  if (journal_) {
    report_->node.push_back(std::move(rows));
    journal_ = false;
    next_collection();
    return;
  }
  found_.components.push_back(std::move(rows));
  finish_collection();
}

void health_keeper::finish_rows() {
  auto parts = walk_->found();
  walk_ = nullptr;
  if (journal_) {
    journal_ = false;
    std::move(parts.begin(), parts.end(), std::back_inserter(report_->node));
    next_collection();
    return;
  }
  found_.components = std::move(parts);
  if (!wanted_->indexes) return finish_collection();
  self_->request(current().reader, caf::infinite, latest_atom::value)
      .then(
          [this, run = run_](const view_ptr& seen) {
            if (run == run_) check_indexes(seen);
          },
          [this, run = run_](const caf::error&) {
            if (run == run_) finish_collection();
          });
}

void health_keeper::next_collection() {
  for (; at_ < wanted_->collections.size(); ++at_) {
    found_ = {};
    found_.name = current().meta.name;
    if (current().absent.empty()) {
      walk_ = std::make_shared<stored_walk>(*needs_->engine, current().meta);
      step();
      return;
    }
    if (current().quarantined) {
      found_.quarantined = current().absent;
    } else {
      health_component rows{.name = "points", .state = health_state::unchecked};
      rows.add({"collection '" + found_.name + "'", current().absent, "check again", false, {}});
      found_.components.push_back(std::move(rows));
    }
    report_->collections.push_back(std::move(found_));
  }
  finish();
}

void health_keeper::check_indexes(const view_ptr& before) {
  self_->request(current().writer, caf::infinite, check_atom::value)
      .then(
          [this, run = run_, before](const index_check_reply& found) {
            if (run != run_) return;
            self_->request(current().reader, caf::infinite, latest_atom::value)
                .then(
                    [this, run, before, found](const view_ptr& after) {
                      if (run != run_) return;
                      note_index(found, before, after);
                      finish_collection();
                    },
                    [this, run](const caf::error&) {
                      if (run == run_) finish_collection();
                    });
          },
          [this, run = run_](const caf::error& failure) {
            if (run != run_) return;
            health_component index{.name = "indexes", .state = health_state::unchecked};
            index.add({"indexes", from_caf(failure).message, "check again", false, {}});
            found_.components.push_back(std::move(index));
            finish_collection();
          });
}

void health_keeper::note_index(const index_check_reply& found, const view_ptr& before,
                               const view_ptr& after) {
  health_component index{.name = "indexes"};
  for (std::size_t i = 0; i < found.indexes.size() && i < after->vectors.size(); ++i) {
    const auto& one = found.indexes[i];
    const auto& vector = after->vectors[i];
    const auto object = "index " + one.index + " of vector '" + one.name + "'";
    index.checked += one.nodes;
    if (one.unreachable > one.mended)
      index.add({object,
                 std::to_string(one.unreachable - one.mended) + " slots cannot be reached",
                 "stop the server, remove the file of the index and start again: it is rebuilt",
                 true,
                 {}});
    // Comparable only if nobody wrote meanwhile.
    if (vector.index->scans() || before->lsn != after->lsn) continue;
    if (const auto live = live_slots(vector); live != one.nodes)
      index.add({object,
                 "it has " + std::to_string(one.nodes) + " nodes, but " + std::to_string(live) +
                     " slots live in the part that it covers",
                 "stop the server, remove the file of the index and start again: it is rebuilt",
                 true,
                 {}});
  }
  found_.components.push_back(std::move(index));
}

void health_keeper::finish_collection() {
  std::string damage;
  for (const auto& part : found_.components) {
    if (part.state != health_state::damaged) continue;
    damage = std::to_string(part.damaged) + " findings of damage in its " + part.name +
             "; see /health/deep";
    log::error("health", "damage found",
               {{"collection", found_.name},
                {"in", part.name},
                {"findings", part.damaged},
                {"first", part.findings.empty()
                              ? ""
                              : part.findings.front().object + ": " + part.findings.front().what}});
  }
  self_->send(current().writer, damage_atom::value, damage);
  report_->collections.push_back(std::move(found_));
  ++at_;
  walk_ = nullptr;
  next_collection();
}

void health_keeper::finish() {
  report_->finished_us = wall_time_us();
  report_->share = 1;
  last_ = std::exchange(report_, nullptr);
  progress_->share = 1;
  progress_->last = last_->state();
  progress_->running = false;
  log::info("health", "stored data checked",
            {{"outcome", to_string(last_->state())},
             {"collections", last_->collections.size()},
             {"took_ms", (last_->finished_us - last_->started_us) / 1000}});
  for (auto& asker : std::exchange(askers_, {})) asker.deliver(last_);
  wanted_ = std::exchange(later_wanted_, nullptr);
  askers_ = std::exchange(later_, {});
  if (wanted_ != nullptr) begin_run();
}

caf::result<bool> health_keeper::stop() {
  stopping_ = true;
  stop_promise_ = self_->make_response_promise<bool>();
  const auto promise = stop_promise_;
  if (!stepping_) quit_stopped();
  return promise;
}

void health_keeper::quit_stopped() {
  ++run_;
  walk_ = nullptr;
  std::move(later_.begin(), later_.end(), std::back_inserter(askers_));
  later_.clear();
  for (auto& asker : std::exchange(askers_, {}))
    asker.deliver(to_caf(error(errc::unavailable, "health: the server is stopping")));
  if (stop_promise_.pending()) stop_promise_.deliver(true);
  self_->quit();
}

health_actor::behavior_type health(health_keeper::pointer self, dependencies_ptr needs,
                                   std::shared_ptr<check_progress> progress) {
  self->state.start(self, std::move(needs), std::move(progress));
  auto& state = self->state;
  return {
      [&state](check_atom, const shared<survey>& wanted) { return state.check(wanted); },
      [&state](health_atom) { return state.report(); },
      [&state](stop_atom) { return state.stop(); },
      [&state](stepped_atom, std::uint64_t run, const std::shared_ptr<result<std::size_t>>& read) {
        state.on_stepped(run, read);
      },
      [&state](pause_atom, std::uint64_t run) { state.on_pause(run); }};
}

}  // namespace thespis::actors
