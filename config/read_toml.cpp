// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/load.hpp"
#include "config/nearest.hpp"
#include "config/setting.hpp"
#include "config/toml_scan.hpp"

// The parser asserts what it checks again a few lines further on; some texts that it refuses there
// do not keep to it. A text never ends the process.
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>

namespace thespis::config {

namespace {

std::string kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "a truth value";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
    case toml::node_type::none: break;
  }
  return "nothing";
}

class reader {
 public:
  reader(const std::string& file, settings& into) : file_(file), into_(into) {}

  result<void> root(const toml::table& table) {
    std::vector<std::string> known;
    for (const auto& row : all_settings())
      if (known.empty() || known.back() != row.section) known.emplace_back(row.section);
    for (const auto& [key, node] : table) {
      const std::string_view section = key.str();
      if (std::find(known.begin(), known.end(), section) == known.end())
        return refused(key.source(), "unknown section '" + std::string(section) +
                                         "'; the nearest known one is '" + nearest(section, known) +
                                         "'");
      const auto* inner = node.as_table();
      if (inner == nullptr)
        return refused(node.source(),
                       std::string(section) + ": expected a section, found " + kind_of(node));
      THESPIS_CHECK(section_of(section, *inner));
    }
    return ok();
  }

 private:
  result<void> section_of(std::string_view section, const toml::table& table) {
    for (const auto& [key, node] : table) {
      const auto* row = find_setting(section, key.str());
      if (row == nullptr) return unknown_key(section, key);
      const auto done = assign(*row, node);
      if (!done) return refused(node.source(), row->name() + ": " + done.error().message);
    }
    return ok();
  }

  // The nearest name may stand in another section: the key may have slipped into the wrong one.
  result<void> unknown_key(std::string_view section, const toml::key& key) {
    std::vector<std::string> known;
    const setting* elsewhere = nullptr;
    for (const auto& row : all_settings()) {
      known.push_back(row.name());
      if (row.key == key.str()) elsewhere = &row;
    }
    const auto name = std::string(section) + "." + std::string(key.str());
    return refused(key.source(),
                   "unknown key '" + name + "'; the nearest known one is '" +
                       (elsewhere != nullptr ? elsewhere->name() : nearest(name, known)) + "'");
  }

  result<void> assign(const setting& row, const toml::node& node) {
    const auto at = row.member(into_);
    const bool number =
        std::holds_alternative<std::size_t*>(at) || std::holds_alternative<std::uint32_t*>(at);
    const bool list = std::holds_alternative<std::vector<std::string>*>(at) ||
                      std::holds_alternative<std::vector<std::filesystem::path>*>(at);
    if (const auto* integer = node.as_integer(); integer != nullptr && number)
      return assign_number(row, integer->get(), into_);
    if (const auto* text = node.as_string();
        text != nullptr && !list && (!number || row.unit == "bytes"))
      return assign_text(row, text->get(), into_);
    if (const auto* array = node.as_array(); array != nullptr && list) {
      std::vector<std::string> values;
      for (const auto& item : *array) {
        if (!item.is_string())
          return error(errc::invalid_argument,
                       "expected " + row.range() + ", found " + kind_of(item) + " in it");
        values.push_back(item.as_string()->get());
      }
      return assign_list(row, std::move(values), into_);
    }
    return error(errc::invalid_argument, "expected " + row.range() + ", found " + kind_of(node));
  }

  error refused(const toml::source_region& where, const std::string& message) const {
    return error(errc::invalid_argument,
                 file_ + " line " + std::to_string(where.begin.line) + ": " + message);
  }

  const std::string& file_;
  settings& into_;
};

}  // namespace

result<void> read_toml(std::string_view text, const std::string& file, settings& into) {
  // The parser's tables of white space do not know every character, and it follows keys as deep as
  // the stack goes.
  if (const auto fault = find_toml_fault(text))
    return error(errc::invalid_argument,
                 file + " line " + std::to_string(fault->line) + ": " + std::string(fault->what));
  const auto parsed = toml::parse(text);
  if (!parsed) {
    const auto& failure = parsed.error();
    return error(errc::invalid_argument, file + " line " +
                                             std::to_string(failure.source().begin.line) + ": " +
                                             std::string(failure.description()));
  }
  return reader(file, into).root(parsed.table());
}

}  // namespace thespis::config
