// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of a collection's writer that takes writes and tells how far they are.

#include <algorithm>
#include <utility>

#include "actors/api/failure.hpp"
#include "actors/collection/collection.hpp"
#include "actors/runtime/builder_pool.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/clock.hpp"
#include "core/limits.hpp"
#include "storage/flusher.hpp"
#include "storage/journal.hpp"

namespace thespis::actors {

namespace {

error no_operation(const std::string& collection, lsn_t id) {
  return {errc::not_found, "collection '" + collection + "': no operation " + std::to_string(id)};
}

// Of a write that is durable. An entry that was trimmed was durable long before.
result<operation_state> look_up(const storage::journal& journal, const collection_meta& meta,
                                lsn_t id) {
  const operation_state completed{id, operation_status::completed};
  const auto marks = journal.marks();
  if (id <= marks.trimmed) return completed;
  if (id > marks.durable) return no_operation(meta.name, id);
  THESPIS_TRY(const auto entry, journal.entry(id));
  const bool of_collection =
      std::any_of(entry.body.begin(), entry.body.end(),
                  [&](const collection_effect& change) { return change.collection == meta.id; });
  // What changed nothing and has an idempotency key belongs to no collection.
  const bool kept_key = entry.body.empty() && !entry.idempotency_key.empty();
  if (of_collection || kept_key) return completed;
  return no_operation(meta.name, id);
}

std::uint64_t cost_of(const write_operation&) { return 1; }
std::uint64_t cost_of(const batch_request& batch) { return batch.operations.size(); }

}  // namespace

caf::error collection_writer::pace(std::uint64_t writes) {
  const auto& rules = state_->meta().spec.strict;
  if (!rules || !rules->holds() || !rules->write_rate_limit) return {};
  const auto most = *rules->write_rate_limit;
  const auto wait_s = rate_.take(most, writes, steady_time_ns());
  if (wait_s == 0) return {};
  return to_caf(error(errc::rate_limited,
                      "collection '" + collection_ + "': strict mode: " + std::to_string(writes) +
                          " more writes are over write_rate_limit, " + std::to_string(most) +
                          " a minute; retry in " + std::to_string(wait_s) + " s"));
}

template <class Request>
caf::result<write_reply> collection_writer::hold(Request&& request, const write_context& context) {
  if (held_full()) return to_caf(unavailable("too many writes wait until it is changed"));
  auto promise = self_->make_response_promise<write_reply>();
  auto again = [promise, me = caf::actor_cast<collection_actor>(self_),
                kept = std::forward<Request>(request), context = write_context(context)]() mutable {
    promise.delegate(me, std::move(kept), std::move(context));
  };
  held_.push_back({std::move(again), promise});
  return promise;
}

template <class Request>
caf::result<write_reply> collection_writer::write_once(Request&& request,
                                                       const write_context& context) {
  if (holding_ && !stopping_) return hold(std::forward<Request>(request), context);
  if (auto refused = refusal()) return refused;
  write_turn turn{context.wait, nullptr};
  if (context.once != nullptr) {
    auto begun = needs_->engine->idempotency().begin(*context.once);
    if (!begun) return to_caf(begun.error());
    if (begun->earlier) return repeat(*begun->earlier, context.wait);
    turn.once = std::move(begun->claim);
  }
  if (auto refused = pace(cost_of(request))) return refused;
  return commit(state_->decide(std::forward<Request>(request), wall_time_us()), std::move(turn));
}

caf::result<write_reply> collection_writer::write(write_operation&& operation,
                                                  const write_context& context) {
  return write_once(std::move(operation), context);
}

caf::result<write_reply> collection_writer::write(batch_request&& batch,
                                                  const write_context& context) {
  return write_once(std::move(batch), context);
}

caf::result<write_reply> collection_writer::commit(result<decision>&& decided, write_turn&& turn) {
  busy_since_tick_ = true;
  if (!decided) return to_caf(decided.error());
  pending_write waiting;
  const auto affected = decided->effects.size();
  waiting.reply.each = std::move(decided->each);
  decided->note = {
      turn.once, affected,
      affected > 0 ? storage::write_outcome::changed : storage::write_outcome::unchanged};
  if (turn.once) decided->note.each = waiting.reply.each;
  if (affected > 0) {
    const auto lsn = state_->apply(std::move(*decided));
    if (!lsn && state_->broken()) {
      fail(lsn.error());
      return to_caf(outcome_unknown(lsn.error()));
    }
    if (!lsn) return to_caf(lsn.error());
    applied_lsn_ = *lsn;
    if (based_lsn_ != 0) hold_journal();
    waiting.seen_after = state_->make_view();
    waiting.reply.lsn = *lsn;
    waiting.reply.affected = affected;
  } else if (turn.once) {
    const auto kept = store_->apply({}, &decided->note);
    if (!kept) return to_caf(kept.error());
    applied_lsn_ = kept->lsn;
    waiting.reply.lsn = kept->lsn;
  }
  if (turn.wait) waiting.once = std::move(turn.once);
  return await_durable(std::move(waiting), turn.wait);
}

// The first answer. Who waits for it is told when it is durable, which it may not be yet.
caf::result<write_reply> collection_writer::repeat(const storage::idempotency_record& earlier,
                                                   bool wait) {
  busy_since_tick_ = true;
  if (earlier.lsn > needs_->engine->journal().marks().durable)
    applied_lsn_ = std::max(applied_lsn_, earlier.lsn);
  pending_write waiting;
  waiting.reply = {earlier.lsn, earlier.affected, earlier.each};
  return await_durable(std::move(waiting), wait);
}

// What was found unchanged may rest on a write that is not durable yet, so it waits as well.
caf::result<write_reply> collection_writer::await_durable(pending_write&& waiting, bool wait) {
  waiting.lsn = applied_lsn_;
  const auto reply = waiting.reply;
  const bool all_durable = applied_lsn_ <= needs_->engine->journal().marks().durable;
  if (waiting.seen_after == nullptr && pending_.empty() && all_durable) return reply;
  if (!wait && reply.lsn != applied_lsn_) return reply;
  caf::typed_response_promise<write_reply> promise;
  if (wait) promise = waiting.promise = self_->make_response_promise<write_reply>();
  pending_.push_back(std::move(waiting));
  auto me = caf::actor_cast<collection_internal>(self_);
  needs_->engine->flusher().when_durable(
      applied_lsn_, [me](lsn_t durable) { caf::anon_send(me, durable_atom::value, durable); });
  if (!wait) return reply;
  return promise;
}

caf::result<operation_state> collection_writer::operation(lsn_t id) {
  if (const char* why = absence(); why != nullptr) return to_caf(unavailable(why));
  const bool waits = std::any_of(pending_.begin(), pending_.end(),
                                 [&](const pending_write& one) { return one.reply.lsn == id; });
  if (waits) return operation_state{id, operation_status::acknowledged};
  if (asked_.size() >= limits::operations_asked_max)
    return to_caf(unavailable("too many questions about operations are waiting"));
  const auto number = ++asked_count_;
  auto me = caf::actor_cast<collection_internal>(self_);
  const auto taken =
      needs_->builders->post_io([me, number, id, engine = needs_->engine, meta = store_->meta()] {
        auto found = guarded([&] { return look_up(engine->journal(), meta, id); });
        caf::anon_send(
            me, told_atom::value, number,
            operation_outcome(std::make_shared<const result<operation_state>>(std::move(found))));
      });
  if (!taken) return to_caf(taken.error());
  return asked_[number] = self_->make_response_promise<operation_state>();
}

void collection_writer::on_told(std::uint64_t number, const operation_outcome& outcome) {
  const auto found = asked_.find(number);
  if (*outcome)
    found->second.deliver(**outcome);
  else
    found->second.deliver(to_caf(outcome->error()));
  asked_.erase(found);
}

}  // namespace thespis::actors
