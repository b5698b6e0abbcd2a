// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>

namespace thespis {

/// A second name of a collection.
struct collection_alias {
  std::string alias;
  std::string collection;

  friend bool operator==(const collection_alias&, const collection_alias&) = default;
};

/// One step of a change of aliases. Steps of a request take effect in order and all at once.
struct alias_action {
  enum class kind : std::uint8_t {
    create,  ///< `alias` means the collection `to` from now on, whatever it meant before.
    remove,  ///< `alias` means nothing any more; it need not have meant anything.
    rename,  ///< What `alias` means, `to` means from now on.
  };
  kind what = kind::create;
  std::string alias;
  std::string to;

  friend bool operator==(const alias_action&, const alias_action&) = default;
};

}  // namespace thespis
