// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/document.hpp"

#include <boost/json.hpp>

#include "config/setting.hpp"

namespace thespis::config {

namespace {

constexpr std::string_view introduction =
    "# Settings of Thespis, each with its default.\n"
    "#\n"
    "# Order of precedence: these defaults < a file such as this (--config FILE) < environment\n"
    "# variables THESPIS__SECTION__KEY < flags of the command line. Sizes are numbers of bytes or\n"
    "# texts such as \"64MiB\". An unknown section, key or variable is an error.\n"
    "# `thespis config check FILE` checks a file, `thespis config show` prints what holds.\n";

boost::json::value value_of(const setting& row, const settings& all) {
  // The accessor is written for assignment; nothing is changed through it here.
  const auto member = row.member(const_cast<settings&>(all));
  if (const auto* text = std::get_if<std::string*>(&member)) {
    if (row.secret && !(**text).empty()) return "[hidden]";
    return boost::json::string(**text);
  }
  if (const auto* path = std::get_if<std::filesystem::path*>(&member))
    return boost::json::string((**path).string());
  if (const auto* size = std::get_if<std::size_t*>(&member)) return **size;
  if (const auto* small = std::get_if<std::uint32_t*>(&member)) return **small;
  boost::json::array out;
  if (const auto* texts = std::get_if<std::vector<std::string>*>(&member))
    for (const auto& one : **texts) out.emplace_back(one);
  if (const auto* paths = std::get_if<std::vector<std::filesystem::path>*>(&member))
    for (const auto& one : **paths) out.emplace_back(one.string());
  return out;
}

std::string comment(const setting& row) {
  std::string out = "# ";
  for (const char c : row.doc) {
    out += c;
    if (c == '\n') out += "# ";
  }
  settings any;
  const auto member = row.member(any);
  const bool free_text = std::holds_alternative<std::filesystem::path*>(member) ||
                         (std::holds_alternative<std::string*>(member) && row.choices.empty());
  if (!free_text) out += "\n# Takes " + row.range() + ".";
  return out + "\n# " + row.variable() + "\n";
}

}  // namespace

// JSON's scalars and lists of texts are TOML's too.
std::string document(const settings& all) {
  std::string out(introduction);
  std::string_view section;
  for (const auto& row : all_settings()) {
    if (row.section != section) {
      out += "\n[" + std::string(row.section) + "]\n";
      section = row.section;
    }
    out += "\n" + comment(row);
    out += std::string(row.key) + " = " + boost::json::serialize(value_of(row, all)) + "\n";
  }
  return out;
}

std::string document_json(const settings& all) {
  boost::json::object out;
  for (const auto& row : all_settings()) {
    auto& section = out[row.section];
    if (!section.is_object()) section.emplace_object();
    section.as_object()[row.key] = value_of(row, all);
  }
  return boost::json::serialize(out);
}

}  // namespace thespis::config
