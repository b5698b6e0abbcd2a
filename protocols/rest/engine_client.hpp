// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/collection_alias.hpp"
#include "core/collection_change.hpp"
#include "core/collection_copy.hpp"
#include "core/collection_info.hpp"
#include "core/health.hpp"
#include "core/index_check.hpp"
#include "core/operation.hpp"
#include "core/read_request.hpp"
#include "core/search_request.hpp"
#include "core/write_context.hpp"
#include "core/write_request.hpp"

namespace thespis::rest {

/// How far the engine's start has come.
struct engine_readiness {
  /// A collection that does not serve.
  struct absence {
    std::string name;
    std::string why;
    double share = 0;  ///< Of its rows that were read while it is loaded, from 0 to 1.
  };

  bool ready = false;
  std::uint64_t collections = 0;
  std::vector<absence> loading;
  std::vector<absence> quarantined;
  bool validating = false;  ///< Stored rows are being checked in the background.
  double validated = 0;     ///< Share of them, from 0 to 1.
  health_state validation = health_state::unchecked;  ///< What the last check of them found.
};

/// The engine as handlers see it: collections by name, each call with a deadline.
/// Errors of all: those of the actor's message, timeout, unavailable.
/// Thread: any; an awaitable resumes on its awaiter's executor.
class engine_client {
 public:
  using deadline = std::chrono::steady_clock::time_point;
  template <class T>
  using reply = boost::asio::awaitable<result<T>>;
  template <class T>
  using shared = std::shared_ptr<const T>;

  virtual ~engine_client() = default;

  [[nodiscard]] virtual reply<engine_readiness> readiness(deadline end) = 0;
  /// Checks everything that is stored, and indexes. After a timeout the check goes on.
  [[nodiscard]] virtual reply<shared<health_report>> check_health(deadline end) = 0;
  /// The check that runs, as far as it is, or the last one.
  [[nodiscard]] virtual reply<shared<health_report>> health(deadline end) = 0;
  [[nodiscard]] virtual reply<std::vector<collection_meta>> list(deadline end) = 0;
  [[nodiscard]] virtual reply<collection_meta> create(std::string name, collection_spec spec,
                                                      write_context context, deadline end) = 0;
  /// Changes parameters or vectors; answers the number of the operation.
  [[nodiscard]] virtual reply<lsn_t> alter(std::string name, collection_change change,
                                           write_context context, deadline end) = 0;
  /// Whether strict mode lets a request take so long. Errors: permission_denied.
  [[nodiscard]] virtual reply<bool> allow_timeout(std::string name, std::uint64_t timeout_s,
                                                  deadline end) = 0;
  [[nodiscard]] virtual reply<bool> drop(std::string name, write_context context, deadline end) = 0;
  /// Whether a collection of that name is there, in whatever state.
  [[nodiscard]] virtual reply<bool> exists(std::string name, deadline end) = 0;
  /// Changes aliases, all at once.
  [[nodiscard]] virtual reply<bool> change_aliases(std::vector<alias_action> actions,
                                                   write_context context, deadline end) = 0;
  /// Aliases of a collection, or all of them ("").
  [[nodiscard]] virtual reply<std::vector<collection_alias>> aliases(std::string name,
                                                                     deadline end) = 0;
  [[nodiscard]] virtual reply<bool> rename(std::string name, std::string new_name,
                                           write_context context, deadline end) = 0;
  /// Removes all points.
  [[nodiscard]] virtual reply<bool> truncate(std::string name, write_context context,
                                             deadline end) = 0;
  /// Copies a collection; who does not wait is answered at the beginning. After a timeout the
  /// copying goes on.
  [[nodiscard]] virtual reply<collection_copy_status> copy(std::string name, std::string to,
                                                           write_context context, deadline end) = 0;
  /// Copies of a collection that are made, and the last ones that were.
  [[nodiscard]] virtual reply<std::vector<collection_copy_status>> copies(std::string name,
                                                                          deadline end) = 0;
  /// Opens a quarantined collection again.
  [[nodiscard]] virtual reply<bool> reopen(std::string name, deadline end) = 0;
  [[nodiscard]] virtual reply<collection_info> info(std::string name, deadline end) = 0;
  /// Checks and mends all indexes. After a timeout the check goes on.
  [[nodiscard]] virtual reply<index_check_reply> check_indexes(std::string name, deadline end) = 0;

  [[nodiscard]] virtual reply<write_reply> upsert(std::string name, upsert_request points,
                                                  write_context context, deadline end) = 0;
  /// Any other write.
  [[nodiscard]] virtual reply<write_reply> write(std::string name, write_operation operation,
                                                 write_context context, deadline end) = 0;
  [[nodiscard]] virtual reply<write_reply> write_batch(std::string name, batch_request batch,
                                                       write_context context, deadline end) = 0;
  /// How far the write of that number has come.
  [[nodiscard]] virtual reply<operation_state> operation(std::string name, lsn_t id,
                                                         deadline end) = 0;

  [[nodiscard]] virtual reply<shared<search_reply>> search(std::string name,
                                                           shared<search_request> request,
                                                           deadline end) = 0;
  [[nodiscard]] virtual reply<shared<search_batch_reply>> search_batch(
      std::string name, shared<search_batch_request> request, deadline end) = 0;
  [[nodiscard]] virtual reply<shared<retrieve_reply>> retrieve(std::string name,
                                                               shared<retrieve_request> request,
                                                               deadline end) = 0;
  [[nodiscard]] virtual reply<shared<scroll_reply>> scroll(std::string name,
                                                           shared<scroll_request> request,
                                                           deadline end) = 0;
  [[nodiscard]] virtual reply<std::uint64_t> count(std::string name, deadline end) = 0;
  [[nodiscard]] virtual reply<bool> has_point(std::string name, point_id id, deadline end) = 0;
};

}  // namespace thespis::rest
