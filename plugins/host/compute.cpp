// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/compute.hpp"

#include <string>
#include <utility>

#include "plugins/host/compute_parts.hpp"
#include "plugins/host/required.hpp"
#include "plugins/host/status.hpp"

namespace thespis::plugins {
namespace {

constexpr std::size_t target_bytes_max = 256;

}  // namespace

result<std::unique_ptr<plugin_compute>> plugin_compute::make(std::shared_ptr<const library> plugin,
                                                             const services& host) {
  thespis_compute_params params{};
  params.struct_size = sizeof(params);
  THESPIS_TRY(const auto object, plugin->create(host.table(), &params, THESPIS_ELEMENT_FLOAT32));
  THESPIS_CHECK(check_object<thespis_compute_table>(
      plugin->description().name, object, compute_table_bytes_min,
      [](const thespis_compute_table& table) {
        return table.destroy == nullptr || table.ranks == nullptr || table.target == nullptr ||
               table.memory == nullptr;
      }));
  std::unique_ptr<plugin_compute> made(new plugin_compute(std::move(plugin)));
  made->object_ = object;
  return made;
}

plugin_compute::~plugin_compute() {
  if (object_.self != nullptr) table().destroy(object_.self);
}

result<void> plugin_compute::ranks(distance metric, std::uint32_t dimension,
                                   std::span<const float> queries, const float* rows,
                                   std::size_t row_stride, std::size_t count,
                                   std::span<float> ranks) const {
  if (dimension == 0 || queries.size() % dimension != 0 || row_stride < dimension ||
      ranks.size() != queries.size() / dimension * count)
    return error(errc::dimension_mismatch,
                 "compute: " + std::to_string(queries.size()) + " query floats and " +
                     std::to_string(ranks.size()) + " ranks do not fit dimension " +
                     std::to_string(dimension) + ", row stride " + std::to_string(row_stride) +
                     " and " + std::to_string(count) + " rows");
  thespis_ranks_task task{};
  task.struct_size = sizeof(task);
  task.metric = static_cast<thespis_metric>(metric);
  task.dimension = dimension;
  task.element = THESPIS_ELEMENT_FLOAT32;
  task.query_count = queries.size() / dimension;
  task.queries = queries.data();
  task.row_count = count;
  task.rows = rows;
  task.row_stride_bytes = row_stride * sizeof(float);
  task.ranks = ranks.data();
  thespis_failure failure{};
  const auto status = table().ranks(object_.self, &task, &failure);
  if (status != THESPIS_OK)
    return plugin_error(plugin_->description().name, "ranks", status, failure);
  return ok();
}

std::string plugin_compute::target() const {
  const char* text = table().target(object_.self);
  return text == nullptr ? std::string() : printable(text, target_bytes_max);
}

}  // namespace thespis::plugins
