// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "storage/collection_store.hpp"
#include "storage/parts.hpp"
#include "storage/row_filter.hpp"
#include "storage/writer.hpp"

namespace thespis::storage {

/// A collection in two tables, points by id and vectors by slot, and a row of counters.
/// Locks guard the writer's cursors against `idle`, and counters and name against readers; neither
/// is contended in normal work.
class collection_tables final : public collection_store {
 public:
  /// Errors: corruption (tables or counters missing or damaged), unsupported, io.
  [[nodiscard]] static result<std::shared_ptr<collection_store>> open(parts& shared,
                                                                      collection_meta meta);

  [[nodiscard]] collection_meta meta() const override;
  [[nodiscard]] collection_counters counters() const noexcept override;
  [[nodiscard]] result<std::optional<point_record>> find(const point_id& id) override;
  [[nodiscard]] result<std::vector<named_vector>> vectors(slot_t slot) override;
  [[nodiscard]] result<applied_batch> apply(std::span<const effect> effects,
                                            const write_note* note) override;
  [[nodiscard]] result<std::unique_ptr<collection_snapshot>> snapshot() const override;
  void rename(const std::string& name) override;
  void alter(const collection_spec& spec) override;
  void idle() override;

 private:
  /// The writer's session with its cursors.
  struct handles {
    storage::writer writer;
    wt::cursor points;
    wt::cursor slots;
    wt::cursor counters;
  };
  /// One batch while it is applied.
  struct batch {
    collection_counters counters;
    lsn_t lsn = 0;
    std::vector<slot_change> changes;
  };

  collection_tables(parts& shared, collection_meta meta) noexcept
      : shared_(shared), id_(meta.id), meta_(std::move(meta)) {}
  result<void> read_counters();
  result<handles*> open_handles();
  result<std::optional<point_record>> find_row(const point_id& id);
  result<void> apply_all(std::span<const effect> effects, batch& state);
  result<void> upsert(const upsert_effect& change, std::size_t index, batch& state);
  result<void> set_payload(const payload_effect& change, const batch& state);
  result<void> erase(const delete_effect& change, std::size_t index, batch& state);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] error lost_slot(slot_t slot) const;
  result<slot_t> replace_vectors(slot_t old, const point& written, std::size_t index, batch& state);
  result<void> write_counters(const batch& state);

  parts& shared_;
  const uuid id_;

  std::mutex writer_mutex_;
  std::optional<handles> handles_;
  row_filter filter_;
  std::string key_;        // of the point at hand
  std::string slot_key_;   // of the slot at hand
  std::string slot_row_;   // encoded vectors of the point at hand
  std::string point_row_;  // encoded record of the point at hand

  mutable std::mutex state_mutex_;
  collection_counters counters_;
  collection_meta meta_;
};

}  // namespace thespis::storage
