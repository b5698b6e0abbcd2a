// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <string>

#include "storage/collection_store.hpp"
#include "storage/parts.hpp"
#include "storage/row_filter.hpp"

namespace thespis::storage {

/// A snapshot: a borrowed session with an open transaction.
class collection_reader final : public collection_snapshot {
 public:
  /// Errors: resource_exhausted (no session), corruption (a table is missing), io.
  [[nodiscard]] static result<std::unique_ptr<collection_snapshot>> open(
      parts& shared, const collection_meta& meta, std::uint32_t generation);
  ~collection_reader() override;

  [[nodiscard]] result<std::optional<point_record>> find(const point_id& id) override;
  [[nodiscard]] result<std::vector<named_vector>> vectors(slot_t slot) override;
  [[nodiscard]] result<void> scan(
      const std::optional<point_id>& first,
      const std::function<bool(const point_id&, point_record&&)>& visit) override;
  [[nodiscard]] result<void> scan_slots(slot_t first,
                                        const std::function<bool(slot_row&&)>& visit) override;

 private:
  collection_reader(const collection_meta& meta, std::uint32_t generation,
                    session_pool::lease&& session, wt::cursor&& points, wt::cursor&& slots)
      : name_(meta.name),
        filter_(meta.spec, generation),
        session_(std::move(session)),
        points_(std::move(points)),
        slots_(std::move(slots)) {}
  error in_collection(const error& failure, const std::string& object) const;

  const std::string name_;
  const row_filter filter_;
  session_pool::lease session_;
  wt::cursor points_;
  wt::cursor slots_;
};

}  // namespace thespis::storage
