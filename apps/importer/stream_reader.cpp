// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/stream_reader.hpp"

#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace thespis::importer {

namespace {

constexpr std::size_t buffer_bytes = 256u << 10;

// Skips where the content cannot be jumped over.
result<void> read_past(byte_reader& in, std::uint64_t size) {
  std::vector<char> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer_bytes)));
  while (size > 0) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size()));
    THESPIS_TRY(const std::size_t got, in.read(buffer.data(), step));
    if (got == 0) break;
    size -= got;
  }
  return ok();
}

class plain_reader final : public byte_reader {
 public:
  explicit plain_reader(begun_stream from)
      : byte_reader(from.name, from.file_bytes, from.file_bytes == 0), from_(std::move(from)) {}

  result<std::size_t> read(void* to, std::size_t size) override {
    auto* at = static_cast<char*>(to);
    const auto kept = std::min(size, from_.begin.size());
    from_.begin.copy(at, kept);
    from_.begin.erase(0, kept);
    const auto got = kept + std::fread(at + kept, 1, size - kept, from_.file.get());
    if (got < size && std::ferror(from_.file.get()) != 0)
      return error(errc::io, name() + ": " + std::strerror(errno));
    return got;
  }

  result<void> skip(std::uint64_t size) override { return read_past(*this, size); }

 private:
  begun_stream from_;
};

class zstd_reader final : public byte_reader {
 public:
  zstd_reader(begun_stream from, ZSTD_DStream* context)
      : byte_reader(from.name, from.file_bytes, true),
        file_(std::move(from.file)),
        context_(context),
        buffer_(std::move(from.begin)),
        got_(buffer_.size()) {}
  ~zstd_reader() override { ::ZSTD_freeDStream(context_); }

  result<std::size_t> read(void* to, std::size_t size) override {
    ZSTD_outBuffer out{to, size, 0};
    if (broken_) return *broken_;
    while (out.pos < out.size) {
      // What one call could not give out comes with the next one, without further input.
      if (at_ == got_ && !full_) {
        THESPIS_TRY(const bool more, fill());
        if (!more) break;
      }
      ZSTD_inBuffer in{buffer_.data(), got_, at_};
      const auto before = out.pos;
      const auto left = ::ZSTD_decompressStream(context_, &out, &in);
      at_ = in.pos;
      if (::ZSTD_isError(left) != 0)
        return fail(out.pos, ": broken zstd data at about byte " + std::to_string(passed_ + at_) +
                                 ": " + ::ZSTD_getErrorName(left));
      within_frame_ = left != 0;
      full_ = within_frame_ && out.pos > before && out.pos == out.size;
    }
    if (out.pos < out.size && within_frame_)
      return fail(out.pos,
                  ": the zstd data ends within a frame, at byte " + std::to_string(passed_ + at_));
    return out.pos;
  }

  result<void> skip(std::uint64_t size) override { return read_past(*this, size); }

 private:
  // What came before the damage is given out first.
  result<std::size_t> fail(std::size_t before, const std::string& what) {
    broken_ = error(errc::corruption, name() + what);
    if (before == 0) return *broken_;
    return before;
  }

  // False at the end of the file.
  result<bool> fill() {
    passed_ += got_;
    at_ = 0;
    buffer_.resize(buffer_bytes);
    got_ = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
    if (got_ == 0 && std::ferror(file_.get()) != 0)
      return error(errc::io, name() + ": " + std::strerror(errno));
    return got_ > 0;
  }

  stream file_;
  ZSTD_DStream* context_;
  std::string buffer_;
  std::size_t got_;
  std::size_t at_ = 0;
  std::uint64_t passed_ = 0;  // bytes of the file before the buffer
  bool within_frame_ = false;
  bool full_ = false;
  std::optional<error> broken_;
};

}  // namespace

std::unique_ptr<byte_reader> read_plain(begun_stream from) {
  return std::make_unique<plain_reader>(std::move(from));
}

result<std::unique_ptr<byte_reader>> read_zstd(begun_stream from) {
  auto* context = ::ZSTD_createDStream();
  if (context == nullptr) return error(errc::resource_exhausted, from.name + ": no memory");
  return std::unique_ptr<byte_reader>(std::make_unique<zstd_reader>(std::move(from), context));
}

}  // namespace thespis::importer
