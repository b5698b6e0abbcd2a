// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <caf/actor_cast.hpp>
#include <caf/detail/implicit_conversions.hpp>
#include <caf/response_type.hpp>
#include <caf/typed_actor.hpp>
#include <memory>
#include <type_traits>
#include <utility>

#include "actors/api/failure.hpp"
#include "core/error.hpp"
#include "protocols/bridge/reply_port.hpp"

namespace thespis::bridge {

namespace detail {

/// A suspended coroutine.
template <class Handler>
class suspended final : public waiter {
 public:
  explicit suspended(Handler handler)
      : handler_(std::move(handler)), work_(boost::asio::get_associated_executor(handler_)) {}

  // Deferred: on a thread of the pool the coroutine runs as soon as the actor yields, and no other
  // thread is woken.
  void complete(outcome answer) override {
    const auto executor = work_.get_executor();
    boost::asio::defer(executor, [handler = std::move(handler_), answer = std::move(answer),
                                  work = std::move(work_)]() mutable {
      work.reset();
      handler(std::move(answer));
    });
  }

 private:
  using executor_type = boost::asio::associated_executor_t<Handler>;

  Handler handler_;
  boost::asio::executor_work_guard<executor_type> work_;
};

/// Starts an ask for the coroutine that awaits it.
class initiate_ask {
 public:
  explicit initiate_ask(reply_port& port) : port_(&port) {}

  template <class Handler>
  void operator()(Handler&& handler, caf::strong_actor_ptr target, caf::mailbox_element_ptr request,
                  deadline end) {
    port_->begin(std::make_unique<suspended<std::decay_t<Handler>>>(std::forward<Handler>(handler)),
                 target, std::move(request), end);
  }

 private:
  reply_port* port_;
};

/// Reads a value of type `Reply` out of an answer.
template <class Reply>
result<Reply> unpack(outcome& answer) {
  if (!answer) return answer.error();
  auto& content = (*answer)->content();
  if (content.template match_elements<Reply>()) {
    // Whoever else holds the message must not see it change.
    if (content.shared()) return content.template get_as<Reply>(0);
    return std::move(content.template get_mutable_as<Reply>(0));
  }
  if (content.template match_elements<caf::error>())
    return actors::from_caf(content.template get_as<caf::error>(0));
  return error(errc::internal, "an actor answered with a message of another type than promised: " +
                                   caf::to_string((*answer)->move_content_to_message()));
}

template <class Reply>
boost::asio::awaitable<result<Reply>> await_reply(reply_port& port, caf::strong_actor_ptr target,
                                                  caf::mailbox_element_ptr request, deadline end) {
  initiate_ask initiation(port);
  auto operation = boost::asio::async_initiate<const boost::asio::deferred_t&, void(outcome)>(
      initiation, boost::asio::deferred, std::move(target), std::move(request), end);
  outcome answer = co_await std::move(operation);
  co_return unpack<Reply>(answer);
}

}  // namespace detail

/// Asks an actor and awaits its answer: `auto reply = co_await ask<write_reply>(port, writer,
/// deadline, std::move(request));`. The message is packed before anything is awaited; it is sent
/// when the result is awaited. An ask ignores the cancellation of its coroutine: it ends with the
/// answer or at its deadline.
/// Errors: those of the actor; unavailable (the actor has quit, quits before it answers, or too
/// many asks are outstanding), timeout (the deadline passed; an answer after it is dropped),
/// cancelled (the port is closed), internal (the answer has another type than promised).
/// An actor that passes a request on to another must not quit before that has answered.
template <class Reply, class Handle, class... Args>
boost::asio::awaitable<result<Reply>> ask(reply_port& port, const Handle& actor, deadline end,
                                          Args&&... args) {
  using answer = caf::response_type<typename Handle::signatures,
                                    caf::detail::implicit_conversions_t<std::decay_t<Args>>...>;
  static_assert(answer::valid, "the actor does not take this message");
  if constexpr (answer::valid)
    static_assert(std::is_same_v<typename answer::type, caf::detail::type_list<Reply>>,
                  "the actor answers this message with another type");
  auto request =
      caf::make_mailbox_element(nullptr, caf::message_id(), {}, std::forward<Args>(args)...);
  return detail::await_reply<Reply>(port, caf::actor_cast<caf::strong_actor_ptr>(actor),
                                    std::move(request), end);
}

}  // namespace thespis::bridge
