// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Numbers about the running process, written in Prometheus' text format.
namespace thespis::metrics {

/// Names and values that tell series of one metric apart.
using labels = std::vector<std::pair<std::string, std::string>>;

/// A number that only grows. A copy is another handle on the same number.
/// Thread: any.
class counter {
 public:
  void add(double amount = 1) const noexcept;

 private:
  friend class registry;
  explicit counter(void* series) : series_(series) {}
  void* series_;
};

/// Counts of observed values per bucket. A copy is another handle on the same counts.
/// Thread: any.
class histogram {
 public:
  void observe(double value) const noexcept;

 private:
  friend class registry;
  explicit histogram(void* series) : series_(series) {}
  void* series_;
};

/// Where a source puts the numbers of one scrape.
class sink {
 public:
  virtual ~sink() = default;

  /// A number that goes up and down.
  virtual void gauge(const std::string& name, const std::string& help, const labels& series,
                     double value) = 0;
  /// A number that only grows and that somebody else counts.
  virtual void counter(const std::string& name, const std::string& help, const labels& series,
                       double value) = 0;
};

/// Tells its numbers when they are asked for. It must neither block nor call the registry.
using source = std::function<void(sink&)>;

/// The metrics of a process. Handles stay good as long as the registry.
/// Thread: any.
class registry {
 public:
  registry();
  ~registry();
  registry(const registry&) = delete;
  registry& operator=(const registry&) = delete;

  /// Finds or makes a series; one name has one help text and one kind.
  [[nodiscard]] metrics::counter counter(const std::string& name, const std::string& help,
                                         const labels& series);
  /// Finds or makes a series. `bounds` are the buckets' upper bounds, ascending.
  [[nodiscard]] metrics::histogram histogram(const std::string& name, const std::string& help,
                                             const labels& series,
                                             const std::vector<double>& bounds);

  /// Adds a source under a key of its owner; another of the same key takes its place.
  void add_source(const std::string& key, source numbers);
  /// Removes a source; when this returns, it is not running and never will.
  void remove_source(const std::string& key);

  /// All numbers now, in Prometheus' text format 0.0.4. `extra` adds those of this scrape alone.
  [[nodiscard]] std::string text(const source& extra = {}) const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Media type of `registry::text`.
inline constexpr std::string_view text_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace thespis::metrics
