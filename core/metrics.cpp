// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>

namespace thespis::metrics {

namespace {

using family_map = std::map<std::string, prometheus::MetricFamily>;

std::map<std::string, std::string> to_map(const labels& series) {
  return {series.begin(), series.end()};
}

class family_sink final : public sink {
 public:
  void gauge(const std::string& name, const std::string& help, const labels& series,
             double value) override {
    add(name, help, series, prometheus::MetricType::Gauge).gauge.value = value;
  }

  void counter(const std::string& name, const std::string& help, const labels& series,
               double value) override {
    add(name, help, series, prometheus::MetricType::Counter).counter.value = value;
  }

  family_map families;

 private:
  prometheus::ClientMetric& add(const std::string& name, const std::string& help,
                                const labels& series, prometheus::MetricType type) {
    auto& family = families[name];
    family.name = name;
    family.help = help;
    family.type = type;
    auto& metric = family.metric.emplace_back();
    for (const auto& [key, value] : series) metric.label.push_back({key, value});
    return metric;
  }
};

}  // namespace

struct registry::impl {
  prometheus::Registry numbers;
  std::mutex mutex;  // guards `sources`, and keeps one from running while it is removed
  std::map<std::string, source> sources;
};

void counter::add(double amount) const noexcept {
  static_cast<prometheus::Counter*>(series_)->Increment(amount);
}

void histogram::observe(double value) const noexcept {
  static_cast<prometheus::Histogram*>(series_)->Observe(value);
}

registry::registry() : impl_(std::make_unique<impl>()) {}
registry::~registry() = default;

metrics::counter registry::counter(const std::string& name, const std::string& help,
                                   const labels& series) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(impl_->numbers);
  return metrics::counter(&family.Add(to_map(series)));
}

metrics::histogram registry::histogram(const std::string& name, const std::string& help,
                                       const labels& series, const std::vector<double>& bounds) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->numbers);
  return metrics::histogram(&family.Add(to_map(series), bounds));
}

void registry::add_source(const std::string& key, source numbers) {
  const std::lock_guard lock(impl_->mutex);
  impl_->sources[key] = std::move(numbers);
}

void registry::remove_source(const std::string& key) {
  const std::lock_guard lock(impl_->mutex);
  impl_->sources.erase(key);
}

std::string registry::text(const source& extra) const {
  auto families = impl_->numbers.Collect();
  family_sink out;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [key, numbers] : impl_->sources) numbers(out);
  }
  if (extra) extra(out);
  for (auto& [name, family] : out.families) families.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace thespis::metrics
