// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <caf/typed_response_promise.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "actors/api/failure.hpp"
#include "actors/api/messages.hpp"
#include "core/ids.hpp"
#include "core/limits.hpp"
#include "plugins/host/index.hpp"

namespace thespis::actors {

/// Requests for a check of a collection's indexes. Those that wait when a check begins share it;
/// those that come later wait for the next one, because it may not have seen what they ask about.
/// Thread: belongs to one actor.
class index_checks {
 public:
  using promise = caf::typed_response_promise<index_check_reply>;

  [[nodiscard]] bool full() const noexcept {
    return waiting_.size() >= limits::index_checks_pending_max;
  }
  /// A request waits until the indexes cover the slots below `end`.
  void add(promise asker, slot_t end) {
    waiting_.push_back(std::move(asker));
    end_ = std::max(end_, end);
  }
  [[nodiscard]] bool waiting() const noexcept { return !waiting_.empty(); }
  /// What the indexes must cover before those that wait are served.
  [[nodiscard]] slot_t end() const noexcept { return end_; }

  /// Begins a check for all that wait. `blank` has the names of each vector's index.
  void begin(std::vector<index_check> blank) {
    served_ = std::exchange(waiting_, {});
    found_.indexes = std::move(blank);
    failure_.reset();
    end_ = 0;
  }
  /// Notes what was found of one vector ordinal, if a check is under way and looks at it.
  void note(std::uint32_t vector, const plugins::index_maintenance& found) {
    if (served_.empty() || vector >= found_.indexes.size()) return;
    auto& noted = found_.indexes[vector];
    noted.nodes = found.nodes;
    noted.dropped = found.dropped;
    noted.unreachable = found.unreachable;
    noted.mended = found.mended;
  }
  /// The check that is under way will be answered by this failure.
  void note_failure(error why) { failure_ = std::move(why); }
  /// Answers the check that is under way.
  void finish() {
    for (auto& asker : std::exchange(served_, {})) {
      if (failure_)
        asker.deliver(to_caf(*failure_));
      else
        asker.deliver(found_);
    }
  }

  /// Refuses those that wait.
  void refuse_waiting(const error& why) {
    for (auto& asker : std::exchange(waiting_, {})) asker.deliver(to_caf(why));
    end_ = 0;
  }
  /// Refuses all of them.
  void refuse(const error& why) {
    refuse_waiting(why);
    for (auto& asker : std::exchange(served_, {})) asker.deliver(to_caf(why));
  }

 private:
  std::vector<promise> waiting_;
  std::vector<promise> served_;
  slot_t end_ = 0;
  index_check_reply found_;
  std::optional<error> failure_;
};

}  // namespace thespis::actors
