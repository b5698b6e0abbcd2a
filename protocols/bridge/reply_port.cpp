// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/bridge/reply_port.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/assert.hpp"

namespace thespis::bridge {

namespace {

// Each thread asks through a shard of its own as long as there is room in it, so that asks of
// different threads meet on no mutex and on no reference count.
constexpr std::size_t shard_count = 16;

// A request id is a generation above the index of a slot; CAF leaves 60 bits for it.
constexpr unsigned generation_shift = 28;
constexpr std::uint64_t index_mask = (std::uint64_t{1} << generation_shift) - 1;

// Deadlines this close together are swept at once.
constexpr std::chrono::milliseconds sweep_interval_min{1};

std::size_t shard_of_this_thread() noexcept {
  static std::atomic<std::size_t> next = 0;
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed) % shard_count;
  return mine;
}

outcome refused(std::size_t asks_max) {
  return error(errc::unavailable,
               "too many requests are waiting for an answer (" + std::to_string(asks_max) + ")");
}

}  // namespace

/// The waiters of all shards and the timer of their deadlines.
class reply_port::table : public std::enable_shared_from_this<table> {
 public:
  table(boost::asio::io_context& io, std::size_t asks_max)
      : asks_max_(asks_max), slots_max_(asks_max / shard_count), timer_(std::in_place, io) {}

  void open(caf::actor_system& system);
  void begin(std::unique_ptr<waiter> who, const caf::strong_actor_ptr& target,
             caf::mailbox_element_ptr request, deadline end);
  void answer(std::size_t shard_number, std::uint64_t id, caf::mailbox_element_ptr what);
  void close();
  std::size_t outstanding() const;

 private:
  using waiters = std::vector<std::unique_ptr<waiter>>;

  struct slot {
    std::unique_ptr<waiter> who;
    deadline end;
    caf::actor_id target = 0;
    std::uint32_t generation = 1;
  };

  struct alignas(64) shard {
    mutable std::mutex mutex;
    caf::strong_actor_ptr address;
    std::vector<slot> slots;
    std::vector<std::uint32_t> free;
    std::unordered_set<caf::actor_id> watched;  ///< Actors whose end this shard learns of.
    deadline earliest = deadline::max();        ///< No deadline is before it.
  };

  struct ticket {
    std::size_t shard_number;
    std::uint64_t id;
    bool watch;                    ///< The target is new to the shard.
    caf::strong_actor_ptr sender;  ///< The shard's address.
  };

  std::optional<ticket> insert(std::unique_ptr<waiter>& who, caf::actor_id target, deadline end);
  std::optional<ticket> insert_into(std::size_t number, std::unique_ptr<waiter>& who,
                                    caf::actor_id target, deadline end);
  void watch(std::size_t shard_number, const caf::strong_actor_ptr& target);
  void target_gone(std::size_t shard_number, caf::actor_id target);
  void arm(deadline end);
  void sweep();

  template <class Condition>
  static waiters take(shard& from, Condition matches);
  static std::unique_ptr<waiter> release(shard& from, std::uint32_t index);

  const std::size_t asks_max_;
  const std::size_t slots_max_;  ///< Per shard.
  std::array<shard, shard_count> shards_;
  std::atomic<bool> closed_ = false;
  std::atomic<deadline> armed_ = deadline::max();  ///< When the timer fires.
  std::mutex timer_mutex_;
  std::optional<boost::asio::steady_timer> timer_;  ///< None once closed.
};

/// The address of one shard: takes answers, drops everything else.
class reply_port::mailbox final : public caf::monitorable_actor {
 public:
  mailbox(caf::actor_config& config, std::weak_ptr<table> owner, std::size_t shard_number)
      : monitorable_actor(config), owner_(std::move(owner)), shard_number_(shard_number) {}

  const char* name() const override { return "reply_port"; }

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    const auto mid = what->mid;
    if (!mid.is_response()) {
      bounce(what);
      return;
    }
    if (const auto owner = owner_.lock())
      owner->answer(shard_number_, mid.request_id().integer_value(), std::move(what));
  }

 private:
  std::weak_ptr<table> owner_;
  std::size_t shard_number_;
};

void reply_port::table::open(caf::actor_system& system) {
  for (std::size_t i = 0; i < shard_count; ++i) {
    caf::actor_config config{system.dummy_execution_unit()};
    shards_[i].address = caf::make_actor<mailbox, caf::strong_actor_ptr>(
        system.next_actor_id(), system.node(), &system, config, weak_from_this(), i);
  }
}

void reply_port::table::begin(std::unique_ptr<waiter> who, const caf::strong_actor_ptr& target,
                              caf::mailbox_element_ptr request, deadline end) {
  if (end <= std::chrono::steady_clock::now()) {
    who->complete(error(errc::timeout, "the deadline passed before the request was sent"));
    return;
  }
  auto place = insert(who, target->id(), end);
  if (!place) {
    who->complete(closed_ ? outcome(error(errc::cancelled, "the server is stopping"))
                          : refused(asks_max_));
    return;
  }
  arm(end);
  if (place->watch) watch(place->shard_number, target);
  request->sender = std::move(place->sender);
  request->mid = caf::message_id(place->id).with_normal_priority();
  target->get()->enqueue(std::move(request), nullptr);
}

std::optional<reply_port::table::ticket> reply_port::table::insert(std::unique_ptr<waiter>& who,
                                                                   caf::actor_id target,
                                                                   deadline end) {
  const auto mine = shard_of_this_thread();
  for (std::size_t i = 0; i < shard_count; ++i)
    if (auto place = insert_into((mine + i) % shard_count, who, target, end)) return place;
  return std::nullopt;
}

std::optional<reply_port::table::ticket> reply_port::table::insert_into(
    std::size_t number, std::unique_ptr<waiter>& who, caf::actor_id target, deadline end) {
  auto& home = shards_[number];
  const std::lock_guard guard(home.mutex);
  if (closed_) return std::nullopt;
  if (home.free.empty()) {
    if (home.slots.size() >= slots_max_) return std::nullopt;
    home.free.push_back(static_cast<std::uint32_t>(home.slots.size()));
    home.slots.emplace_back();
  }
  const auto index = home.free.back();
  const bool watch = home.watched.insert(target).second;
  home.free.pop_back();
  auto& place = home.slots[index];
  place.who = std::move(who);
  place.end = end;
  place.target = target;
  home.earliest = std::min(home.earliest, end);
  return ticket{number, std::uint64_t{place.generation} << generation_shift | index, watch,
                home.address};
}

void reply_port::table::watch(std::size_t shard_number, const caf::strong_actor_ptr& target) {
  target->get()->attach_functor([owner = weak_from_this(), shard_number, id = target->id()] {
    if (const auto alive = owner.lock()) alive->target_gone(shard_number, id);
  });
}

/// Empties a slot. The next request in it has another id, so that a late answer finds nobody.
std::unique_ptr<waiter> reply_port::table::release(shard& from, std::uint32_t index) {
  auto& place = from.slots[index];
  if (++place.generation == 0) place.generation = 1;
  from.free.push_back(index);
  return std::exchange(place.who, nullptr);
}

template <class Condition>
reply_port::table::waiters reply_port::table::take(shard& from, Condition matches) {
  waiters taken;
  for (std::uint32_t i = 0; i < from.slots.size(); ++i)
    if (from.slots[i].who != nullptr && matches(from.slots[i])) taken.push_back(release(from, i));
  return taken;
}

void reply_port::table::answer(std::size_t shard_number, std::uint64_t id,
                               caf::mailbox_element_ptr what) {
  std::unique_ptr<waiter> who;
  {
    auto& home = shards_[shard_number];
    const std::lock_guard guard(home.mutex);
    const auto index = static_cast<std::uint32_t>(id & index_mask);
    if (index >= home.slots.size()) return;
    const auto& place = home.slots[index];
    if (place.who == nullptr || place.generation != id >> generation_shift) return;
    who = release(home, index);
  }
  who->complete(std::move(what));
}

void reply_port::table::target_gone(std::size_t shard_number, caf::actor_id target) {
  waiters left;
  {
    auto& home = shards_[shard_number];
    const std::lock_guard guard(home.mutex);
    home.watched.erase(target);
    left = take(home, [target](const slot& place) { return place.target == target; });
  }
  for (auto& who : left)
    who->complete(error(errc::unavailable,
                        "the component that served this request stopped; its outcome is unknown"));
}

void reply_port::table::arm(deadline end) {
  if (end >= armed_.load(std::memory_order_acquire)) return;
  const std::lock_guard guard(timer_mutex_);
  if (!timer_ || end >= armed_.load(std::memory_order_relaxed)) return;
  armed_.store(end, std::memory_order_release);
  timer_->expires_at(end);
  timer_->async_wait([owner = weak_from_this()](boost::system::error_code failure) {
    if (failure) return;
    if (const auto alive = owner.lock()) alive->sweep();
  });
}

void reply_port::table::sweep() {
  {
    // First, so that an ask that begins from here on arms the timer itself if it must.
    const std::lock_guard guard(timer_mutex_);
    armed_.store(deadline::max(), std::memory_order_release);
  }
  const auto now = std::chrono::steady_clock::now();
  auto next = deadline::max();
  for (auto& home : shards_) {
    waiters late;
    {
      const std::lock_guard guard(home.mutex);
      if (home.earliest <= now) {
        late = take(home, [now](const slot& place) { return place.end <= now; });
        home.earliest = deadline::max();
        for (const auto& place : home.slots)
          if (place.who != nullptr) home.earliest = std::min(home.earliest, place.end);
      }
      next = std::min(next, home.earliest);
    }
    for (auto& who : late)
      who->complete(error(errc::timeout, "the deadline passed; the outcome is unknown"));
  }
  if (next != deadline::max()) arm(std::max(next, now + sweep_interval_min));
}

void reply_port::table::close() {
  closed_ = true;
  {
    const std::lock_guard guard(timer_mutex_);
    timer_.reset();
  }
  for (auto& home : shards_) {
    waiters left;
    caf::strong_actor_ptr address;
    {
      const std::lock_guard guard(home.mutex);
      left = take(home, [](const slot&) { return true; });
      address.swap(home.address);
    }
    for (auto& who : left) who->complete(error(errc::cancelled, "the server is stopping"));
  }
}

std::size_t reply_port::table::outstanding() const {
  std::size_t sum = 0;
  for (const auto& home : shards_) {
    const std::lock_guard guard(home.mutex);
    sum += home.slots.size() - home.free.size();
  }
  return sum;
}

reply_port::reply_port(boost::asio::io_context& io, caf::actor_system& system, std::size_t asks_max)
    : table_(std::make_shared<table>(io, asks_max)) {
  THESPIS_ASSERT(asks_max >= shard_count);
  table_->open(system);
}

reply_port::~reply_port() { close(); }

void reply_port::begin(std::unique_ptr<waiter> who, const caf::strong_actor_ptr& target,
                       caf::mailbox_element_ptr request, deadline end) {
  THESPIS_ASSERT(target != nullptr);
  table_->begin(std::move(who), target, std::move(request), end);
}

void reply_port::close() { table_->close(); }

std::size_t reply_port::outstanding() const { return table_->outstanding(); }

}  // namespace thespis::bridge
