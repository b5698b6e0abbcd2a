// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/collection_spec.hpp"
#include "core/ids.hpp"
#include "core/point.hpp"
#include "core/uuid.hpp"

/// Effects: final outcomes that need no judgement to apply. Applying one twice is harmless.
namespace thespis {

/// The point has exactly these vectors and this payload from now on.
struct upsert_effect {
  thespis::point point;
  std::int64_t created_us = 0;
  std::int64_t updated_us = 0;
  std::int64_t expires_us = 0;  ///< 0: never.

  friend bool operator==(const upsert_effect&, const upsert_effect&) = default;
};

/// The point is gone.
struct delete_effect {
  point_id id;

  friend bool operator==(const delete_effect&, const delete_effect&) = default;
};

/// The point has exactly this payload from now on and keeps its vectors. It changes nothing if the
/// point is gone.
struct payload_effect {
  point_id id;
  thespis::payload payload;
  std::int64_t updated_us = 0;

  friend bool operator==(const payload_effect&, const payload_effect&) = default;
};

/// The collection exists under this name.
struct create_collection_effect {
  std::string name;
  collection_spec spec;
  std::int64_t created_us = 0;

  friend bool operator==(const create_collection_effect&,
                         const create_collection_effect&) = default;
};

/// The collection, all its points and all its aliases are gone.
struct drop_collection_effect {
  std::string name;

  friend bool operator==(const drop_collection_effect&, const drop_collection_effect&) = default;
};

/// The alias means this collection from now on, or nothing. Belongs to no collection: its UUID in
/// the journal is nil.
struct alias_effect {
  std::string alias;
  std::optional<uuid> target;

  friend bool operator==(const alias_effect&, const alias_effect&) = default;
};

/// The collection is called this from now on. A collection that is created without a name is not
/// to be seen by anybody until it gets one.
struct rename_collection_effect {
  std::string name;

  friend bool operator==(const rename_collection_effect&,
                         const rename_collection_effect&) = default;
};

/// All points that the collection had are gone.
struct truncate_collection_effect {
  friend bool operator==(const truncate_collection_effect&,
                         const truncate_collection_effect&) = default;
};

/// The collection has exactly this specification from now on.
struct alter_collection_effect {
  collection_spec spec;

  friend bool operator==(const alter_collection_effect&, const alter_collection_effect&) = default;
};

/// One change of one collection. The order of alternatives is part of the journal's format.
using effect =
    std::variant<upsert_effect, delete_effect, create_collection_effect, drop_collection_effect,
                 payload_effect, alias_effect, rename_collection_effect, truncate_collection_effect,
                 alter_collection_effect>;

/// An effect and the collection that it belongs to.
struct collection_effect {
  uuid collection;
  thespis::effect effect;

  friend bool operator==(const collection_effect&, const collection_effect&) = default;
};

/// One entry of the journal: all of `body` took effect, or nothing. An empty body is a no-op.
struct journal_entry {
  lsn_t lsn = 0;
  std::uint64_t term = 0;
  std::int64_t time_us = 0;  ///< Never decreases from entry to entry.
  std::vector<collection_effect> body;
  std::string idempotency_key;  ///< Empty: none.

  friend bool operator==(const journal_entry&, const journal_entry&) = default;
};

}  // namespace thespis
