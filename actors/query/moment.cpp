// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/moment.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace thespis::actors {

namespace {

bool precedes(const former_point& one, const point_id& id) { return one.id < id; }

}  // namespace

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
    const auto found = std::lower_bound(at->formers_.begin(), at->formers_.end(), id, precedes);
    if (found != at->formers_.end() && found->id == id) return &*found;
  }
  return nullptr;
}

bool moment::walk::later(const way& a, const way& b) noexcept {
  const auto order = a.here->id <=> b.here->id;
  return order != 0 ? order > 0 : a.order > b.order;
}

moment::walk::walk(const moment& from, const std::optional<point_id>& first) {
  std::size_t order = 0;
  for (const auto *at = &from, *after = from.next(); after != nullptr;
       at = after, after = at->next()) {
    const auto begin =
        first ? std::lower_bound(at->formers_.begin(), at->formers_.end(), *first, precedes)
              : at->formers_.begin();
    if (begin != at->formers_.end())
      ways_.push_back({&*begin, at->formers_.data() + at->formers_.size(), order++});
  }
  std::make_heap(ways_.begin(), ways_.end(), later);
}

void moment::walk::advance() {
  const auto& passed = here()->id;
  do {
    advance_nearest();
  } while (here() != nullptr && here()->id == passed);
}

void moment::walk::advance_nearest() {
  std::pop_heap(ways_.begin(), ways_.end(), later);
  if (++ways_.back().here == ways_.back().end)
    ways_.pop_back();
  else
    std::push_heap(ways_.begin(), ways_.end(), later);
}

}  // namespace thespis::actors
