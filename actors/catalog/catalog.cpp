// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/catalog/catalog.hpp"

#include <algorithm>
#include <chrono>

#include "actors/catalog/refusals.hpp"
#include "actors/collection/index_options.hpp"
#include "actors/runtime/builder_pool.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/clock.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "storage/catalog_store.hpp"

namespace thespis::actors {

namespace {

constexpr int failures_max = 5;  ///< A collection that fails more often is quarantined.
constexpr std::chrono::milliseconds first_delay(100);
constexpr std::int64_t healthy_ns = 60'000'000'000;  ///< Serving for so long forgives failures.

// What reading it again will not cure.
bool is_lasting(errc code) {
  return code == errc::corruption || code == errc::unsupported || code == errc::not_found;
}

constexpr const char* cure =
    "; repair it with 'thespis check --repair' while the server is stopped, "
    "open it again with 'thespis collections reopen', or drop it";

}  // namespace

void catalog_keeper::start(pointer self, dependencies_ptr needs, std::vector<collection_meta> known,
                           std::vector<collection_alias> aliases) {
  self_ = self;
  needs_ = std::move(needs);
  end_on_exception(self_, "catalog");
  self_->set_down_handler([this](const caf::down_msg& down) { on_down(down); });
  health_ = self_->spawn(actors::health, needs_, checked_);
  for (auto& one : aliases) aliases_.emplace(std::move(one.alias), std::move(one.collection));
  for (auto& meta : known) {
    auto collection = meta.name;
    entries_[collection].meta = std::move(meta);
    open(collection);
  }
  validate_if_ready();
}

void catalog_keeper::run_job(std::function<void()> job) {
  jobs_.push_back(std::move(job));
  if (!job_running_) start_next_job();
}

void catalog_keeper::start_next_job() {
  job_running_ = !jobs_.empty();
  if (!job_running_) return;
  auto job = std::move(jobs_.front());
  jobs_.pop_front();
  if (auto taken = needs_->builders->post_io(std::move(job)); !taken)
    self_->quit(to_caf(taken.error()));
}

caf::result<collection_meta> catalog_keeper::create(const std::string& collection,
                                                    const collection_spec& spec,
                                                    const write_context& context) {
  if (stopping_) return not_now(collection, "the server is stopping");
  if (auto valid = validate_collection_name(collection); !valid) return to_caf(valid.error());
  if (auto valid = validate(spec); !valid) return to_caf(valid.error());
  auto turn = begin(context);
  if (!turn) return to_caf(turn.error());
  if (turn->earlier) return repeat_create(collection, spec);
  if (entries_.contains(collection))
    return to_caf(error(errc::already_exists, "collection '" + collection + "' already exists!"));
  if (aliases_.contains(collection))
    return to_caf(error(errc::already_exists, "collection '" + collection +
                                                  "' can't be created: there is an alias of that "
                                                  "name"));
  auto& created = entries_[collection];
  created.now = phase::creating;
  created.create_promise = self_->make_response_promise<collection_meta>();
  auto me = caf::actor_cast<catalog_internal>(self_);
  run_job([me, needs = needs_, collection, spec, once = std::move(turn->claim)]() mutable {
    auto outcome = guarded([&]() -> result<collection_meta> {
      if (auto taken = try_indexes(spec, *needs->plugins); !taken)
        return error(taken.error().code,
                     "collection '" + collection + "': " + taken.error().message);
      return needs->engine->catalog().create(collection, spec, once);
    });
    once = nullptr;  // until it serves, repeats are told so by its entry
    caf::anon_send(me, created_atom::value, collection,
                   std::make_shared<result<collection_meta>>(std::move(outcome)));
  });
  return created.create_promise;
}

void catalog_keeper::on_created(const std::string& collection, const create_outcome& outcome) {
  start_next_job();
  auto& created = entries_[collection];
  if (!*outcome) {
    if (created.copy) {
      give_up_copy(collection, outcome->error());
      return;
    }
    created.create_promise.deliver(to_caf(outcome->error()));
    entries_.erase(collection);
    stop_if_empty();
    return;
  }
  created.meta = std::move(**outcome);
  log::info("catalog", "collection created", {{"collection", collection}});
  open(collection);
}

void catalog_keeper::open(const std::string& collection) {
  auto& opened = entries_[collection];
  opened.now = phase::opening;
  auto me = caf::actor_cast<catalog_internal>(self_);
  run_job([me, engine = needs_->engine, meta = opened.meta] {
    caf::anon_send(me, opened_atom::value, meta.name,
                   std::make_shared<result<std::shared_ptr<storage::collection_store>>>(
                       guarded([&] { return engine->catalog().open(meta); })));
  });
}

void catalog_keeper::on_opened(const std::string& collection, const open_outcome& outcome) {
  start_next_job();
  auto& opened = entries_[collection];
  if (opened.drop_promise.pending()) {
    drop_now(collection);
    return;
  }
  if (stopping_) {
    entries_.erase(collection);
    stop_if_empty();
    return;
  }
  if (!*outcome) {
    on_failure(collection, opened, outcome->error());
    return;
  }
  auto read_side = self_->spawn(reader, collection, needs_);
  opened.now = phase::loading;
  opened.reader = read_side;
  opened.loaded = std::make_shared<load_progress>();
  opened.writer = self_->spawn<caf::monitored>(actors::collection, needs_, read_side, **outcome);
  auto handles = std::make_shared<collection_handles>();
  handles->meta = opened.meta;
  handles->writer = opened.writer;
  handles->reader = read_side;
  self_->request(opened.writer, caf::infinite, load_atom::value, opened.loaded)
      .then(
          [this, collection, handles](bool) {
            // The writer's end may have been seen before this answer.
            const auto found = entries_.find(collection);
            if (found == entries_.end() || found->second.now != phase::loading) return;
            auto& loaded = found->second;
            loaded.now = phase::serving;
            loaded.serving_since_ns = steady_time_ns();
            loaded.handles = handles;
            // It was opened with what the catalog had then.
            tell_spec(loaded);
            THESPIS_FAIL_POINT("create.opened");
            if (loaded.create_promise.pending()) loaded.create_promise.deliver(loaded.meta);
            if (loaded.copy) finish_copy(loaded);
            validate_if_ready();
          },
          [](const caf::error&) {});  // the writer quits and on_down decides
}

void catalog_keeper::on_failure(const std::string& collection, entry& failed, const error& why) {
  failed.handles = nullptr;
  failed.writer = nullptr;
  failed.reader = nullptr;
  failed.failure = why.message;
  if (failed.drop_promise.pending()) {
    drop_now(collection);
    return;
  }
  const bool was_loading = failed.now == phase::opening || failed.now == phase::loading;
  if (was_loading && is_lasting(why.code)) {
    quarantine(collection, failed, "it cannot be loaded");
    return;
  }
  if (failed.now == phase::serving && steady_time_ns() - failed.serving_since_ns > healthy_ns)
    failed.failures = 0;
  ++failed.failures;
  if (failed.failures > failures_max) {
    quarantine(collection, failed, "repeated failures");
    return;
  }
  failed.now = phase::restarting;
  const auto delay = first_delay * (1 << (failed.failures - 1));
  log::warn("catalog", "collection is restarted",
            {{"collection", collection}, {"delay_ms", delay.count()}, {"why", why.message}});
  self_->delayed_send(self_, delay, restart_atom::value, collection);
}

void catalog_keeper::quarantine(const std::string& collection, entry& failed, const char* after) {
  failed.now = phase::quarantined;
  log::error("catalog", "collection quarantined",
             {{"collection", collection}, {"after", after}, {"why", failed.failure}});
  if (failed.create_promise.pending())
    failed.create_promise.deliver(not_now(collection, failed.failure));
  if (failed.copy) finish_copy(failed);
  validate_if_ready();
}

void catalog_keeper::restart(const std::string& collection) {
  const auto found = entries_.find(collection);
  // What changes it now opens it afterwards.
  if (found != entries_.end() && found->second.now == phase::restarting && !stopping_ &&
      found->second.change == nullptr)
    open(collection);
}

void catalog_keeper::on_down(const caf::down_msg& down) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& item) {
    return item.second.writer && item.second.writer.address() == down.source;
  });
  if (found == entries_.end()) return;
  auto& [collection, ended] = *found;
  if (ended.drop_promise.pending()) {
    ended.writer = nullptr;
    ended.handles = nullptr;
    drop_now(collection);
    return;
  }
  if (stopping_) {
    entries_.erase(found);
    stop_if_empty();
    return;
  }
  on_failure(std::string(collection), ended, from_caf(down.reason));
}

template <class Atom>
void catalog_keeper::end_writer(const collection_internal& writer, Atom how) {
  // Whether it ends well or badly, on_down sees it.
  self_->request(writer, caf::infinite, how).then([](bool) {}, [](const caf::error&) {});
}

caf::result<bool> catalog_keeper::drop(const std::string& collection,
                                       const write_context& context) {
  if (stopping_) return not_now(collection, "the server is stopping");
  auto turn = begin(context);
  if (!turn) return to_caf(turn.error());
  if (turn->earlier) return turn->earlier->outcome == storage::write_outcome::changed;
  const auto found = entries_.find(collection);
  const bool alias = aliases_.contains(collection);
  if (alias || found == entries_.end() || found->second.drop_promise.pending()) {
    if (turn->claim) return keep_unchanged(std::move(turn->claim), false);
    return alias ? only_alias(collection) : absent(collection);
  }
  auto& dropped = found->second;
  if (dropped.now == phase::creating) return not_now(collection, "it is being created");
  if (dropped.change != nullptr) return not_now(collection, dropped.change);
  dropped.drop_once = std::move(turn->claim);
  dropped.drop_promise = self_->make_response_promise<bool>();
  const auto promise = dropped.drop_promise;
  const auto before = std::exchange(dropped.now, phase::dropping);
  dropped.handles = nullptr;
  if (before == phase::opening) return promise;  // on_opened goes on
  if (dropped.writer) {
    // The tables can go only when nobody writes to them; on_down goes on.
    end_writer(dropped.writer, drop_atom::value);
  } else {
    drop_now(collection);
  }
  return promise;
}

void catalog_keeper::drop_now(const std::string& collection) {
  auto& dropped = entries_[collection];
  dropped.now = phase::dropping;
  auto me = caf::actor_cast<catalog_internal>(self_);
  run_job([me, engine = needs_->engine, collection, once = dropped.drop_once]() mutable {
    auto outcome = guarded([&] { return engine->catalog().drop(collection, once); });
    once = nullptr;  // the entry has it until the answer
    caf::anon_send(me, dropped_atom::value, collection,
                   std::make_shared<result<void>>(std::move(outcome)));
  });
}

void catalog_keeper::on_dropped(const std::string& collection, const drop_outcome& outcome) {
  start_next_job();
  auto& dropped = entries_[collection];
  auto promise = dropped.drop_promise;
  dropped.drop_once = nullptr;
  if (*outcome) {
    // It was there, if only until it was dropped before it served.
    if (dropped.create_promise.pending()) dropped.create_promise.deliver(dropped.meta);
    if (dropped.copy) finish_copy(dropped);
    note_source_changed(dropped.meta.id);
    std::erase_if(aliases_, [&](const auto& alias) { return alias.second == collection; });
    entries_.erase(collection);
    log::info("catalog", "collection dropped", {{"collection", collection}});
    THESPIS_FAIL_POINT("drop.done");
    promise.deliver(true);
  } else {
    promise.deliver(to_caf(outcome->error()));
    dropped.drop_promise = {};
    if (stopping_) {
      entries_.erase(collection);
    } else {
      open(collection);  // it is still there and serves again
    }
  }
  stop_if_empty();
}

std::vector<collection_meta> catalog_keeper::list() const {
  std::vector<collection_meta> metas;
  for (const auto& [collection, item] : entries_)
    if (item.now != phase::creating && item.now != phase::dropping && !item.copy)
      metas.push_back(item.meta);
  return metas;
}

std::string catalog_keeper::absence_of(const entry& one) const {
  switch (one.now) {
    case phase::serving: return {};
    case phase::creating:
    case phase::dropping: return "it is being made or dropped";
    case phase::opening:
    case phase::loading: return "it is being loaded";
    case phase::restarting: return "it is being restarted after a failure: " + one.failure;
    case phase::quarantined: return "it is quarantined: " + one.failure + cure;
  }
  return {};
}

caf::result<shared<collection_handles>> catalog_keeper::find(const std::string& collection) const {
  const auto found = entries_.find(real_name(collection));
  if (found == entries_.end()) return absent(collection);
  const auto& item = found->second;
  if (item.now == phase::serving) return item.handles;
  if (!is_there(item)) return absent(collection);
  return not_now(collection, absence_of(item));
}

caf::result<collection_info> catalog_keeper::absent_info(const std::string& collection) const {
  const auto found = entries_.find(real_name(collection));
  if (found == entries_.end()) return absent(collection);
  if (found->second.now != phase::quarantined)
    return not_now(collection, absence_of(found->second));
  collection_info info;
  info.meta = found->second.meta;
  info.status = collection_status::red;
  info.status_detail = absence_of(found->second);
  return info;
}

caf::result<bool> catalog_keeper::retry(const std::string& named) {
  const auto collection = real_name(named);
  const auto found = entries_.find(collection);
  if (found == entries_.end()) return absent(collection);
  if (found->second.change != nullptr) return not_now(collection, found->second.change);
  if (found->second.now != phase::quarantined)
    return to_caf(
        error(errc::failed_precondition, "collection '" + collection + "': it is not quarantined"));
  found->second.failures = 0;
  log::info("catalog", "quarantined collection is opened again", {{"collection", collection}});
  open(collection);
  return true;
}

readiness catalog_keeper::progress() {
  readiness now;
  now.collections = entries_.size();
  for (const auto& [collection, item] : entries_) {
    const double share = item.loaded ? item.loaded->share() : 0;
    if (item.now == phase::opening || item.now == phase::loading)
      now.loading.push_back({collection, absence_of(item), item.now == phase::loading ? share : 0});
    if (item.now == phase::quarantined) now.quarantined.push_back({collection, item.failure, 0});
  }
  now.ready = now.loading.empty() && !stopping_;
  now.validating = checked_->running;
  now.validated = checked_->share;
  now.validation = checked_->last;
  return now;
}

// Loading compares what is kept in memory; everything else is read once after the start.
void catalog_keeper::validate_if_ready() {
  if (validated_ || stopping_ || needs_->settings.check_bytes_per_s == 0 || !progress().ready)
    return;
  validated_ = true;
  self_->request(health_, caf::infinite, check_atom::value, take_survey(false))
      .then([](const shared<health_report>&) {}, [](const caf::error&) {});
}

shared<survey> catalog_keeper::take_survey(bool indexes) const {
  auto taken = std::make_shared<survey>();
  taken->indexes = indexes;
  for (const auto& [collection, item] : entries_) {
    if (item.now == phase::creating || item.now == phase::dropping) continue;
    taken->collections.push_back(
        {item.meta, absence_of(item), item.now == phase::quarantined, item.writer, item.reader});
  }
  return taken;
}

caf::result<shared<health_report>> catalog_keeper::check() {
  if (stopping_) return to_caf(error(errc::unavailable, "health: the server is stopping"));
  validated_ = true;
  auto promise = self_->make_response_promise<shared<health_report>>();
  self_->request(health_, caf::infinite, check_atom::value, take_survey(true))
      .then([promise](const shared<health_report>& found) mutable { promise.deliver(found); },
            [promise](const caf::error& failure) mutable { promise.deliver(failure); });
  return promise;
}

caf::result<shared<health_report>> catalog_keeper::health() const {
  auto promise = self_->make_response_promise<shared<health_report>>();
  self_->request(health_, caf::infinite, health_atom::value)
      .then([promise](const shared<health_report>& found) mutable { promise.deliver(found); },
            [promise](const caf::error& failure) mutable { promise.deliver(failure); });
  return promise;
}

caf::result<bool> catalog_keeper::stop() {
  stopping_ = true;
  stop_promise_ = self_->make_response_promise<bool>();
  const auto promise = stop_promise_;
  self_->request(health_, caf::infinite, stop_atom::value)
      .then([this](bool) { end_health(); }, [this](const caf::error&) { end_health(); });
  for (auto it = entries_.begin(); it != entries_.end();) {
    auto& item = it->second;
    if (item.writer) {
      end_writer(item.writer, stop_atom::value);
    } else if (item.now == phase::restarting || item.now == phase::quarantined) {
      it = entries_.erase(it);
      continue;
    }
    ++it;
  }
  stop_if_empty();
  return promise;
}

void catalog_keeper::end_health() {
  health_ = nullptr;
  stop_if_empty();
}

void catalog_keeper::stop_if_empty() {
  if (!stopping_ || health_ || !entries_.empty() || job_running_ || !stop_promise_.pending())
    return;
  stop_promise_.deliver(true);
  self_->quit();
}

}  // namespace thespis::actors
