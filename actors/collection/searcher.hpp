// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <caf/all.hpp>
#include <cstdint>
#include <memory>

#include "actors/api/failure.hpp"
#include "actors/api/messages.hpp"
#include "actors/query/view.hpp"
#include "actors/runtime/builder_pool.hpp"
#include "actors/runtime/exceptions.hpp"
#include "core/error.hpp"

namespace thespis::actors {

/// What a long task left behind for its searcher.
template <class Reply>
using outcome_ptr = std::shared_ptr<result<Reply>>;

}  // namespace thespis::actors

THESPIS_LOCAL_MESSAGE(thespis::actors::view_ptr)
THESPIS_LOCAL_MESSAGE(thespis::actors::outcome_ptr<thespis::search_reply>)
THESPIS_LOCAL_MESSAGE(thespis::actors::outcome_ptr<thespis::search_batch_reply>)
THESPIS_LOCAL_MESSAGE(thespis::actors::outcome_ptr<thespis::retrieve_reply>)
THESPIS_LOCAL_MESSAGE(thespis::actors::outcome_ptr<thespis::scroll_reply>)

namespace thespis::actors {

/// Counts the searches of one collection that run now; the last owner lets go.
using running_count = std::shared_ptr<std::atomic<std::uint32_t>>;

/// How one kind of request is answered.
/// Thread: `run` is called on any thread.
template <class Request, class Reply>
struct search_task {
  result<Reply> (*run)(const view&, const Request&);
  /// True if it may take longer than a pool thread should be held (about 5 ms).
  bool (*is_long)(const view&, const Request&);
};

using done_atom = caf::atom_constant<caf::atom("done")>;

/// Answers one request from one view and quits. Long tasks move to a builder thread, so that the
/// pool stays free for short ones.
template <class Request, class Reply>
using searcher_actor = caf::typed_actor<
    typename caf::replies_to<view_ptr, shared<Request>>::template with<shared<Reply>>,
    caf::reacts_to<done_atom, outcome_ptr<Reply>>>;

template <class Reply>
struct searcher_state {
  static inline const char* name = "searcher";
  running_count running;
  caf::typed_response_promise<shared<Reply>> promise;
  ~searcher_state() {
    if (running) running->fetch_sub(1, std::memory_order_relaxed);
  }
};

template <class Request, class Reply>
using searcher_pointer =
    typename searcher_actor<Request, Reply>::template stateful_pointer<searcher_state<Reply>>;

template <class Reply>
caf::result<shared<Reply>> pack(result<Reply>&& outcome) {
  if (!outcome) return to_caf(outcome.error());
  return shared<Reply>(std::make_shared<Reply>(std::move(*outcome)));
}

/// Behaviour of a searcher. `running` was raised by the caller for it.
template <class Request, class Reply>
typename searcher_actor<Request, Reply>::behavior_type searcher(
    searcher_pointer<Request, Reply> self, search_task<Request, Reply> task, running_count running,
    builder_pool* builders) {
  self->state.running = std::move(running);
  end_on_exception(self, "search");
  return {
      [self, task, builders](const view_ptr& source,
                             const shared<Request>& request) -> caf::result<shared<Reply>> {
        if (!task.is_long(*source, *request)) {
          self->quit();
          return pack(task.run(*source, *request));
        }
        self->state.promise = self->template make_response_promise<shared<Reply>>();
        auto me = caf::actor_cast<searcher_actor<Request, Reply>>(self);
        const auto taken = builders->post_search([me, task, source, request] {
          caf::anon_send(me, done_atom::value, std::make_shared<result<Reply>>(guarded([&] {
                           return task.run(*source, *request);
                         })));
        });
        if (!taken) {
          self->quit();
          return to_caf(taken.error());
        }
        return self->state.promise;
      },
      [self](done_atom, const outcome_ptr<Reply>& outcome) {
        if (*outcome) {
          self->state.promise.deliver(shared<Reply>(std::make_shared<Reply>(std::move(**outcome))));
        } else {
          self->state.promise.deliver(to_caf(outcome->error()));
        }
        self->quit();
      }};
}

}  // namespace thespis::actors
