// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/moment.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace thespis::actors {

// A long chain that ends at once would end each moment within the destructor of the one before it,
// which may be deeper than a stack. So the outermost destructor ends them one after another.
moment::~moment() {
  thread_local std::vector<std::shared_ptr<moment>>* ending = nullptr;
  if (next_ == nullptr) return;
  if (ending != nullptr) {
    ending->push_back(std::move(next_));
    return;
  }
  std::vector<std::shared_ptr<moment>> left;
  ending = &left;
  left.push_back(std::move(next_));
  while (!left.empty()) {
    const auto last = std::move(left.back());
    left.pop_back();
  }
  ending = nullptr;
}

std::shared_ptr<moment> moment::pass(std::vector<former_point> formers) {
  THESPIS_ASSERT(next_ == nullptr);
  std::sort(formers.begin(), formers.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  formers_ = std::move(formers);
  next_ = std::make_shared<moment>();
  passed_.store(true, std::memory_order_release);
  return next_;
}

const former_point* moment::former(const point_id& id) const noexcept {
  for (const auto *at = this, *after = next(); after != nullptr; at = after, after = at->next()) {
    const auto found =
        std::lower_bound(at->formers_.begin(), at->formers_.end(), id,
                         [](const former_point& one, const point_id& key) { return one.id < key; });
    if (found != at->formers_.end() && found->id == id) return &*found;
  }
  return nullptr;
}

std::map<point_id, const former_point*> moment::formers() const {
  std::map<point_id, const former_point*> all;
  // Of several changes of a point the first one tells.
  for (const auto *at = this, *after = next(); after != nullptr; at = after, after = at->next())
    for (const auto& one : at->formers_) all.try_emplace(one.id, &one);
  return all;
}

}  // namespace thespis::actors
