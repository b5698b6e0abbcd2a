// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/plugin_index.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "bench/ann/outcome.hpp"

namespace thespis::bench {

std::shared_ptr<plugins::arena> arena_of(const dataset& data, const slot_bitmap* dead) {
  const auto columns = static_cast<std::uint32_t>(data.base.columns);
  const auto rows = static_cast<slot_t>(data.base.rows);
  auto made =
      value_of(plugins::arena::create(columns, data.cosine ? distance::cosine : distance::euclid));
  value_of(made->extend(rows));
  for (slot_t slot = 0; slot < rows; ++slot)
    if (dead == nullptr || !dead->contains(slot))
      value_of(made->put(slot, {data.base.row(slot), columns}));
  return made;
}

plugin_index::plugin_index(const plugins::registry& all, std::shared_ptr<plugins::arena> rows,
                           const plugin_params& params)
    : rows_(std::move(rows)),
      index_(value_of(all.create_index(params.name, rows_, params.index))) {}

void plugin_index::build(unsigned threads) {
  if (index_->scans()) return;
  // As the server's builder gives them: in small batches.
  constexpr slot_t batch = 64;
  const slot_t end = rows_->end_slot();
  std::atomic<slot_t> next{0};
  std::exception_ptr problem;
  std::mutex lock;
  const auto work = [&] {
    try {
      std::vector<slot_t> slots;
      for (slot_t first = next.fetch_add(batch); first < end; first = next.fetch_add(batch)) {
        slots.clear();
        for (slot_t slot = first; slot < std::min(first + batch, end); ++slot)
          slots.push_back(slot);
        value_of(index_->insert(slots));
      }
    } catch (...) {
      const std::lock_guard guard(lock);
      problem = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> pool;
    for (unsigned t = 1; t < threads; ++t) pool.emplace_back(work);
    work();
  }
  if (problem) std::rethrow_exception(problem);
  value_of(index_->maintain(nullptr));
}

std::size_t plugin_index::search(const plugins::index_query& query, std::uint32_t* out) const {
  thread_local std::vector<plugins::ranked_slot> found;
  value_of(index_->search(query, found));
  for (std::size_t i = 0; i < found.size(); ++i) out[i] = found[i].slot;
  return found.size();
}

void plugin_index::search_batch(std::span<const plugins::index_query> queries,
                                std::span<std::vector<plugins::ranked_slot>> hits) const {
  value_of(index_->search_batch(queries, hits));
}

plugins::index_file_stamp plugin_index::stamp() const {
  plugins::index_file_stamp made;
  made.next_slot = rows_->end_slot();
  return made;
}

void plugin_index::save(const std::filesystem::path& file) const {
  value_of(index_->save(file, stamp()));
}

void plugin_index::load(const std::filesystem::path& file, const slot_bitmap* dead) {
  value_of(index_->load(file, stamp(), dead));
}

}  // namespace thespis::bench
