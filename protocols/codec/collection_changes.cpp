// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/collection_changes.hpp"

#include <utility>

#include "core/limits.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/json_reader.hpp"

namespace thespis::codec {

namespace {

/// A required field with a string, and where it goes.
struct text_field {
  std::string_view key;
  std::string& into;
};

void read_texts(json_reader& in, const text_field& first, const text_field* second) {
  std::string_view key;
  bool has_first = false;
  bool has_second = second == nullptr;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == first.key) {
      first.into = in.read_string();
      has_first = true;
    } else if (second != nullptr && key == second->key) {
      second->into = in.read_string();
      has_second = true;
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!has_first) refuse_missing(in, first.key);
  if (!has_second) refuse_missing(in, second->key);
}

void read_action(json_reader& in, alias_action& out) {
  using kind = alias_action::kind;
  std::string_view key;
  std::size_t found = 0;
  in.begin_object();
  while (in.next_key(key)) {
    ++found;
    if (key == "create_alias") {
      out.what = kind::create;
      const text_field collection{"collection_name", out.to};
      read_texts(in, {"alias_name", out.alias}, &collection);
    } else if (key == "delete_alias") {
      out.what = kind::remove;
      read_texts(in, {"alias_name", out.alias}, nullptr);
    } else if (key == "rename_alias") {
      out.what = kind::rename;
      const text_field renamed{"new_alias_name", out.to};
      read_texts(in, {"old_alias_name", out.alias}, &renamed);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (found != 1 && in.ok())
    in.fail(errc::invalid_argument,
            "an action is one of create_alias, delete_alias and rename_alias");
}

std::string_view name_of(copy_state state) {
  switch (state) {
    case copy_state::running: return "running";
    case copy_state::completed: return "completed";
    case copy_state::failed: return "failed";
  }
  return "failed";
}

}  // namespace

result<std::vector<alias_action>> decode_alias_actions(std::string_view body,
                                                       std::size_t depth_max) {
  json_reader in(body, depth_max);
  std::vector<alias_action> actions;
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key != "actions") {
      refuse_unknown(in, key);
      continue;
    }
    filled = true;
    in.begin_array_of(limits::alias_actions_per_request_max, "actions");
    while (in.next_element()) read_action(in, actions.emplace_back());
  }
  if (!filled) refuse_missing(in, "actions");
  THESPIS_CHECK(in.finish());
  return actions;
}

result<std::string> decode_new_name(std::string_view body, std::size_t depth_max) {
  json_reader in(body, depth_max);
  std::string name;
  read_texts(in, {"name", name}, nullptr);
  THESPIS_CHECK(in.finish());
  return name;
}

result<void> decode_nothing(std::string_view body, std::size_t depth_max) {
  if (body.empty()) return ok();
  json_reader in(body, depth_max);
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) refuse_unknown(in, key);
  return in.finish();
}

void encode(json_writer& out, const std::vector<collection_alias>& aliases) {
  out.begin_object().key("aliases").begin_array();
  for (const auto& one : aliases) {
    out.begin_object().key("alias_name").string(one.alias);
    out.key("collection_name").string(one.collection).end_object();
  }
  out.end_array().end_object();
}

void encode(json_writer& out, const collection_copy_status& copy) {
  out.begin_object().key("name").string(copy.name);
  out.key("status").string(name_of(copy.state));
  out.key("points_copied").number(copy.points);
  out.key("points_expected").number(copy.points_expected);
  if (!copy.why.empty()) out.key("error").string(copy.why);
  out.end_object();
}

void encode(json_writer& out, const std::vector<collection_copy_status>& copies) {
  out.begin_object().key("copies").begin_array();
  for (const auto& copy : copies) encode(out, copy);
  out.end_array().end_object();
}

}  // namespace thespis::codec
