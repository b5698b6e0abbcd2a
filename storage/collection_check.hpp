// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/check.hpp"
#include "storage/row_filter.hpp"
#include "storage/session_pool.hpp"

namespace thespis::storage {

/// Checks the tables of a collection: every record can be decoded, every live point has its row of
/// vectors, every row of vectors belongs to one point and fits the specification, and the counters
/// agree. First the points are read, then the slots, each with a look at its point; only if the
/// numbers differ, or writes make them incomparable, the points are matched with slots once more.
/// A collection that is emptied meanwhile ends the check with unavailable.
class collection_check final : public stored_check {
 public:
  /// Rows that a repair would have to remove, by their keys.
  struct bad_rows {
    static constexpr std::size_t kept_max = 1'000'000;
    std::vector<std::string> points;        ///< Undecodable, or without vectors.
    std::vector<std::string> slots;         ///< Undecodable, or not fitting the specification.
    std::vector<std::string> orphan_slots;  ///< Of no point.
  };

  collection_check(session_pool& sessions, collection_meta meta, point_visitor visit = {});

  [[nodiscard]] result<std::size_t> step(std::size_t bytes_max) override;
  [[nodiscard]] double share() const noexcept override;
  [[nodiscard]] std::vector<health_component> found() const override;

  /// What the counters should say, after the last step.
  [[nodiscard]] const collection_counters& counted() const noexcept { return counted_; }
  /// Of the tables that were read, after the first step.
  [[nodiscard]] std::uint32_t generation() const noexcept { return generation_.value_or(0); }
  /// The stored counters cannot be used as they are.
  [[nodiscard]] bool counters_wrong() const noexcept { return counters_wrong_; }
  [[nodiscard]] const bad_rows& bad() const noexcept { return bad_; }

 private:
  enum class phase : std::uint8_t { points, slots, links, done };
  struct cursors {
    wt::cursor points;
    wt::cursor slots;
    wt::cursor counters;
  };

  [[nodiscard]] error emptied() const;
  [[nodiscard]] result<void> read_spec(wt::session& session);
  [[nodiscard]] result<void> read_counters(wt::cursor& rows);
  [[nodiscard]] result<bool> read_row(cursors& at);
  [[nodiscard]] result<void> check_point(std::string_view key, std::string_view bytes);
  [[nodiscard]] result<void> check_slot(cursors& at, std::string_view key, std::string_view bytes);
  [[nodiscard]] result<void> check_link(cursors& at, std::string_view key, std::string_view bytes);
  [[nodiscard]] result<void> match_point(cursors& at, const slot_row& row, std::string_view key);
  [[nodiscard]] bool fits_spec(const slot_row& row, std::string& why) const;
  void next_phase();
  void check_counters();
  void keep(std::vector<std::string>& list, std::string_view key) const;

  session_pool& sessions_;
  collection_meta meta_;  // as the catalog has it at the first step
  const point_visitor visit_;
  phase now_ = phase::points;
  std::optional<std::uint32_t> generation_;  // of the tables; none: nothing was read yet
  std::string last_key_;                     // read in this phase; empty: none
  bool begun_ = false;
  bool quiet_ = true;  // nobody has written since the check began

  row_filter filter_;
  slot_t first_next_slot_ = 0;   // later ones may have vectors that came since
  collection_counters stored_;   // as the last step saw them
  collection_counters counted_;  // as they should be
  lsn_t first_lsn_ = 0;
  bool counters_wrong_ = false;
  bool counters_readable_ = false;
  std::uint64_t point_rows_ = 0;
  std::uint64_t matched_slots_ = 0;
  bad_rows bad_;

  health_component points_{.name = "points"};
  health_component slots_{.name = "slots"};
  health_component counters_{.name = "counters"};
};

}  // namespace thespis::storage
