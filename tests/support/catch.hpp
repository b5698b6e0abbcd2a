// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "core/error.hpp"

namespace Catch {

/// Lets `REQUIRE(some_result)` print the error that it holds.
template <class T>
struct StringMaker<thespis::result<T>> {
  static std::string convert(const thespis::result<T>& value) {
    if (value) return "a value";
    const auto failure = value.error();
    return std::string(to_string(failure.code)) + ": " + failure.message;
  }
};

}  // namespace Catch
