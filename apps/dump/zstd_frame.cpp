// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/dump/zstd_frame.hpp"

#include <zstd.h>

#include <cstdint>

namespace thespis::dump {

namespace {

constexpr int level = 3;                     // zstd's own default
constexpr std::size_t skippable_header = 8;  // magic and length
constexpr std::uint32_t skippable_magic = 0x184D2A50;

ZSTD_CCtx* context_of(void* context) { return static_cast<ZSTD_CCtx*>(context); }

void append_little(std::string& out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

}  // namespace

zstd_frame_maker::zstd_frame_maker() : context_(::ZSTD_createCCtx()) {
  if (context_ == nullptr) return;
  ::ZSTD_CCtx_setParameter(context_of(context_), ZSTD_c_compressionLevel, level);
  ::ZSTD_CCtx_setParameter(context_of(context_), ZSTD_c_checksumFlag, 1);
}

zstd_frame_maker::~zstd_frame_maker() { ::ZSTD_freeCCtx(context_of(context_)); }

result<std::string> zstd_frame_maker::frame(std::string_view text) {
  if (context_ == nullptr) return error(errc::resource_exhausted, "zstd: no memory");
  std::string out(::ZSTD_compressBound(text.size()), '\0');
  const auto size =
      ::ZSTD_compress2(context_of(context_), out.data(), out.size(), text.data(), text.size());
  if (::ZSTD_isError(size) != 0)
    return error(errc::resource_exhausted, std::string("zstd: ") + ::ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

result<std::string> zstd_frame_maker::replaceable_frame(std::string_view text) {
  const auto room = ::ZSTD_compressBound(text.size()) + skippable_header;
  THESPIS_TRY(std::string out, frame(text));
  const auto rest = room - out.size() - skippable_header;
  append_little(out, skippable_magic);
  append_little(out, static_cast<std::uint32_t>(rest));
  out.append(rest, '\0');
  return out;
}

}  // namespace thespis::dump
