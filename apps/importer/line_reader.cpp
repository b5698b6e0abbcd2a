// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/line_reader.hpp"

#include "core/limits.hpp"

namespace thespis::importer {

namespace {

constexpr std::size_t chunk_bytes = 256u << 10;

}  // namespace

result<std::optional<std::string_view>> line_reader::next() {
  std::size_t searched = taken_;
  for (;;) {
    const auto end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      ended_ = true;
      return std::optional(take(end - taken_, end + 1 - taken_));
    }
    passed_ += taken_;
    buffer_.erase(0, taken_);
    taken_ = 0;
    start_ = 0;
    searched = buffer_.size();
    if (searched > limits::import_line_bytes_max) {
      ++line_;
      return refused(
          error(errc::too_large,
                "longer than " + std::to_string(limits::import_line_bytes_max) + " bytes"));
    }
    buffer_.resize(searched + chunk_bytes);
    const auto got = in_->read(buffer_.data() + searched, chunk_bytes);
    buffer_.resize(searched + (got ? *got : 0));
    if (!got) return broken(got.error());
    if (*got > 0) continue;
    if (buffer_.empty()) return std::optional<std::string_view>();
    ended_ = false;
    return std::optional(take(buffer_.size(), buffer_.size()));
  }
}

std::string_view line_reader::take(std::size_t size, std::size_t taken) {
  ++line_;
  start_ = taken_;
  taken_ += taken;
  return std::string_view(buffer_).substr(start_, size);
}

void line_reader::put_back() noexcept {
  taken_ = start_;
  --line_;
}

error line_reader::refused(const error& failure) const {
  // A reader of JSON counts lines within the text that it was given, which is one.
  constexpr std::string_view within = "line 1, ";
  const auto placed = failure.message.starts_with(within) ? within.size() : 0;
  return error(failure.code, name() + " line " + std::to_string(line_) + ", byte " +
                                 std::to_string(passed_ + start_) + ": " +
                                 failure.message.substr(placed));
}

error line_reader::broken(const error& failure) const {
  if (failure.code != errc::corruption) return failure;
  return error(failure.code, failure.message + "; it is behind line " + std::to_string(line_) +
                                 ", byte " + std::to_string(passed_ + taken_) +
                                 " of the unpacked text");
}

}  // namespace thespis::importer
