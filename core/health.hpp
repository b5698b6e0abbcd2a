// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thespis {

/// What a check says of a part: whole; not yet looked at, or it could not be; damaged.
enum class health_state : std::uint8_t { sound = 1, unchecked = 2, damaged = 3 };

/// The name of a state in reports.
[[nodiscard]] std::string_view to_string(health_state state) noexcept;

/// Something that a check found.
struct health_finding {
  std::string object;  ///< What it is about, such as "point 17".
  std::string what;
  std::string remedy;    ///< What to do about it.
  bool damage = true;    ///< False: worth knowing, but nothing is lost or wrong.
  std::string repaired;  ///< What was done about it; empty: nothing.
};

/// One thing that is checked as a whole: the rows of a table, the entries of the journal, files.
struct health_component {
  /// Findings that are listed; the others are counted only.
  static constexpr std::size_t findings_max = 50;

  std::string name;
  health_state state = health_state::sound;
  std::uint64_t checked = 0;  ///< Rows, entries or files that were looked at.
  std::uint64_t damaged = 0;  ///< Findings of damage that were not repaired, listed or not.
  std::vector<health_finding> findings = {};

  /// Notes a finding. Damage without repair makes the state `damaged`.
  void add(health_finding found);
};

/// Health of one collection.
struct collection_health {
  std::string name;
  std::string quarantined = {};  ///< Why it does not serve; empty: it does, or nobody asked it to.
  std::vector<health_component> components = {};

  [[nodiscard]] health_state state() const noexcept;
};

/// Health of a data folder.
struct health_report {
  std::int64_t started_us = 0;
  std::int64_t finished_us = 0;  ///< 0: the check still runs.
  double share = 0;              ///< Of the rows that have been looked at, from 0 to 1.
  std::vector<health_component> node;
  std::vector<collection_health> collections;

  /// The worst of all parts.
  [[nodiscard]] health_state state() const noexcept;
};

}  // namespace thespis
