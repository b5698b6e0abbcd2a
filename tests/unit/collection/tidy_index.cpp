// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// An index that is a list, and that wants to be put in order. It refuses calls that the interface
// forbids at the same time. It works in a folder that the environment names (THESPIS_TIDY): there
// it notes every call of `maintain` and `save`, and while there is a file `wait`, `maintain` waits.
// Where there is a file `torn`, it says that it found two nodes out of reach and mended one.

#include <thespis/plugin/index_plugin.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::filesystem::path folder() { return std::getenv("THESPIS_TIDY"); }

void note(const std::string& line) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  std::ofstream(folder() / "calls", std::ios::app) << line << '\n';
}

/// Counts a call while it runs.
class running {
 public:
  explicit running(std::atomic<int>& count) : count_(count) { ++count_; }
  ~running() { --count_; }
  running(const running&) = delete;
  running& operator=(const running&) = delete;

 private:
  std::atomic<int>& count_;
};

class tidy_index {
 public:
  static constexpr bool scans = false;
  static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);

  explicit tidy_index(const thespis::plugin::index_setup& setup) : rows_(setup.arena) {}

  void insert(std::span<const std::uint32_t> slots) {
    const running one(inserts_);
    if (maintains_ > 0) throw std::runtime_error("insert beside maintain");
    const std::lock_guard lock(mutex_);
    nodes_.insert(nodes_.end(), slots.begin(), slots.end());
  }

  std::size_t search(const thespis_index_query& query, std::span<thespis_hit> hits) {
    std::vector<thespis_hit> found;
    {
      const std::lock_guard lock(mutex_);
      for (const auto slot : nodes_)
        if (thespis::plugin::admits(query, slot)) found.push_back({slot, distance(query, slot)});
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.rank < b.rank; });
    found.resize(std::min(found.size(), hits.size()));
    std::copy(found.begin(), found.end(), hits.begin());
    return found.size();
  }

  void save(thespis::plugin::writer& to) {
    const running one(saves_);
    if (maintains_ > 0) throw std::runtime_error("save beside maintain");
    const std::lock_guard lock(mutex_);
    note("save " + std::to_string(nodes_.size()));
    to.write(nodes_.data(), nodes_.size() * sizeof(nodes_[0]));
  }

  void load(thespis::plugin::reader& from) {
    nodes_.resize(from.left() / sizeof(nodes_[0]));
    from.read(nodes_.data(), nodes_.size() * sizeof(nodes_[0]));
  }

  thespis_maintenance maintain(const thespis_bitmap* dead) {
    const running one(maintains_);
    if (inserts_ > 0 || saves_ > 0 || maintains_ > 1)
      throw std::runtime_error("maintain beside insert, save or itself");
    while (std::filesystem::exists(folder() / "wait"))
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const std::lock_guard lock(mutex_);
    const auto before = nodes_.size();
    std::erase_if(nodes_,
                  [&](std::uint32_t slot) { return thespis::plugin::contains(dead, slot); });
    const auto dropped = before - nodes_.size();
    note("maintain " + std::to_string(before) + " dropped " + std::to_string(dropped));
    if (std::filesystem::exists(folder() / "no-memory")) throw std::bad_alloc();
    if (std::filesystem::exists(folder() / "fail")) throw std::runtime_error("out of sorts");
    thespis_maintenance report{};
    report.nodes = nodes_.size();
    report.dropped = dropped;
    if (std::filesystem::exists(folder() / "torn")) {
      report.unreachable = 2;
      report.mended = 1;
    }
    return report;
  }

  std::uint64_t bytes() { return 0; }

 private:
  float distance(const thespis_index_query& query, std::uint32_t slot) const {
    float sum = 0;
    for (std::uint32_t i = 0; i < rows_.dimension(); ++i) {
      const float apart = query.vector[i] - rows_.row(slot)[i];
      sum += apart * apart;
    }
    return sum;
  }

  thespis::plugin::arena rows_;
  std::mutex mutex_;
  std::vector<std::uint32_t> nodes_;
  std::atomic<int> inserts_{0};
  std::atomic<int> saves_{0};
  std::atomic<int> maintains_{0};
};

}  // namespace

THESPIS_INDEX_PLUGIN(tidy_index, "tidy", "1.0.0")
