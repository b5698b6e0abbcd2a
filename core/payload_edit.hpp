// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <optional>
#include <span>

#include "core/error.hpp"
#include "core/json_path.hpp"
#include "core/point.hpp"

/// What a payload becomes by an edit. What an edit does not name stays as it is, to the letter, in
/// its order.
/// Errors of all: corruption if the stored text is not an object; too_large if the outcome is over
/// `limits::payload_bytes_max` or nests deeper than `limits::json_depth_max`.
namespace thespis {

/// Merges the keys of `more` into the object at `where`, or into the whole: each is added or
/// replaces what was there; null removes it. Objects on the way are made, also in place of what is
/// no object. Elements of arrays are not: where an array or element lacks, nothing is set.
[[nodiscard]] result<payload> merge_payload(const payload& stored, const payload& more,
                                            const std::optional<json_path>& where);

/// Puts `instead` in the place of what is at `where`, on the way to which objects are made as in
/// `merge_payload`; without `where` it is the whole.
[[nodiscard]] result<payload> replace_payload(const payload& stored, const payload& instead,
                                              const std::optional<json_path>& where);

/// Removes what `paths` name; one that leads nowhere is no error. A path that ends in `[]` empties
/// the array. None ends in a number: see `check_removable`.
[[nodiscard]] result<payload> remove_keys(const payload& stored, std::span<const json_path> paths);

/// Refuses a path that ends in one element of an array: removed twice it would name another one.
/// Errors: invalid_argument.
[[nodiscard]] result<void> check_removable(const json_path& path);

}  // namespace thespis
