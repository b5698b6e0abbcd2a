// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/encode_health.hpp"

#include <string_view>

namespace thespis::codec {

namespace {

void encode_components(json_writer& out, std::string_view key,
                       const std::vector<health_component>& parts) {
  out.key(key).begin_array();
  for (const auto& part : parts) {
    out.begin_object();
    out.key("name").string(part.name);
    out.key("status").string(to_string(part.state));
    out.key("checked").number(part.checked);
    out.key("damaged").number(part.damaged);
    out.key("findings").begin_array();
    for (const auto& found : part.findings) {
      out.begin_object();
      out.key("object").string(found.object);
      out.key("what").string(found.what);
      out.key("remedy").string(found.remedy);
      out.key("damage").boolean(found.damage);
      out.end_object();
    }
    out.end_array();
    out.end_object();
  }
  out.end_array();
}

std::string_view status_of(const health_report& report) {
  if (report.state() == health_state::damaged) return "damaged";
  return report.finished_us == 0 ? "checking" : to_string(report.state());
}

}  // namespace

void encode(json_writer& out, const health_report& report) {
  out.begin_object();
  out.key("status").string(status_of(report));
  out.key("share").number(report.share);
  out.key("started_at_us").number(static_cast<std::uint64_t>(report.started_us));
  out.key("took_ms");
  if (report.finished_us == 0)
    out.null();
  else
    out.number(static_cast<std::uint64_t>((report.finished_us - report.started_us) / 1000));
  encode_components(out, "node", report.node);
  out.key("collections").begin_array();
  for (const auto& one : report.collections) {
    out.begin_object();
    out.key("name").string(one.name);
    out.key("status").string(one.quarantined.empty() ? to_string(one.state()) : "quarantined");
    if (!one.quarantined.empty()) out.key("reason").string(one.quarantined);
    encode_components(out, "components", one.components);
    out.end_object();
  }
  out.end_array();
  out.end_object();
}

}  // namespace thespis::codec
