// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>

#include "plugins/contract/index_trial.hpp"
#include "plugins/contract/suite.hpp"
#include "plugins/host/index_file.hpp"

namespace thespis::plugins {
namespace {

constexpr std::uint32_t dimension = 24;
constexpr std::uint32_t rows_count = 800;
constexpr std::uint32_t queries = 20;
constexpr std::size_t damages = 64;

index_file_stamp stamp_at(slot_t next_slot) {
  index_file_stamp stamp;
  stamp.collection = *uuid::parse("7d444840-9dc0-11d1-b245-5ffdce74fad2");
  stamp.vector_name = "contract";
  stamp.generation = 3;
  stamp.next_slot = next_slot;
  stamp.lsn = 17;
  return stamp;
}

/// An index with the vectors of `like`, and nothing inserted.
result<index_trial> twin(const suite_context& context, const index_trial& like) {
  THESPIS_TRY(auto made, index_trial::make(context, like.metric, like.rows.dimension));
  THESPIS_CHECK(made.put(like.rows));
  return made;
}

result<index_trial> filled(const suite_context& context, distance metric) {
  THESPIS_TRY(auto trial, index_trial::make(context, metric, dimension));
  THESPIS_CHECK(trial.fill(clustered(dimension, rows_count, 41)));
  return trial;
}

result<std::string> read_all(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) return error(errc::io, "cannot read " + file.string());
  return bytes;
}

result<void> write_all(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return error(errc::io, "cannot write " + file.string());
  return ok();
}

result<void> round_trip(const suite_context& context) {
  const auto file = context.folder / "round_trip.index";
  for (const auto metric : all_metrics) {
    THESPIS_TRY(auto trial, filled(context, metric));
    THESPIS_CHECK(trial.tested->save(file, stamp_at(rows_count)));
    THESPIS_TRY(auto other, twin(context, trial));
    THESPIS_TRY(const auto stamp, other.tested->load(file, stamp_at(rows_count)));
    if (stamp.next_slot != rows_count || stamp.lsn != 17)
      return broken("the stamp came back changed");
    for (std::uint32_t i = 0; i < queries; ++i) {
      index_query asked;
      asked.vector = trial.rows.row(std::size_t{i} * 37 % rows_count);
      std::vector<ranked_slot> before;
      std::vector<ranked_slot> after;
      THESPIS_CHECK(trial.tested->search(asked, before));
      THESPIS_CHECK(other.tested->search(asked, after));
      if (!std::equal(
              before.begin(), before.end(), after.begin(), after.end(),
              [](const auto& a, const auto& b) { return a.slot == b.slot && a.rank == b.rank; }))
        return broken("a loaded index answers differently, metric " +
                      std::string(to_string(metric)));
    }
  }
  return ok();
}

result<void> empty_round_trip(const suite_context& context) {
  const auto file = context.folder / "empty.index";
  THESPIS_TRY(auto trial, index_trial::make(context, distance::dot, dimension));
  THESPIS_CHECK(trial.tested->save(file, stamp_at(0)));
  THESPIS_TRY(auto other, index_trial::make(context, distance::dot, dimension));
  THESPIS_TRY(const auto stamp, other.tested->load(file, stamp_at(0)));
  if (stamp.next_slot != 0) return broken("the stamp came back changed");
  THESPIS_CHECK(other.fill(clustered(dimension, rows_count, 43)));
  return other.compare_many({}, queries);
}

/// Slots that were inserted but lie above the stamp can be other vectors after a crash.
result<void> saved_up_to_a_slot(const suite_context& context) {
  const auto file = context.folder / "part.index";
  constexpr slot_t kept = rows_count * 3 / 4;
  THESPIS_TRY(auto trial, filled(context, distance::euclid));
  THESPIS_CHECK(trial.tested->save(file, stamp_at(kept)));
  THESPIS_TRY(auto other, index_trial::make(context, distance::euclid, dimension));
  auto changed = trial.rows;
  std::reverse(changed.values.begin() + std::ptrdiff_t{kept} * dimension, changed.values.end());
  THESPIS_CHECK(other.put(changed));
  THESPIS_TRY(const auto stamp, other.tested->load(file, stamp_at(rows_count)));
  if (stamp.next_slot != kept) return broken("the stamp came back changed");
  if (!other.tested->scans()) {
    index_query asked;
    asked.end_slot = kept;
    THESPIS_CHECK(other.compare_many(asked, queries));
    std::vector<ranked_slot> hits;
    asked.end_slot = no_slot;
    asked.k = rows_count;
    asked.vector = other.rows.row(0);
    THESPIS_CHECK(other.tested->search(asked, hits));
    for (const auto& hit : hits)
      if (hit.slot >= kept)
        return broken("slot " + std::to_string(hit.slot) +
                      " was saved, expected only those below " + std::to_string(kept));
  }
  THESPIS_CHECK(other.insert(kept, rows_count));
  return other.compare_many({}, queries);
}

result<void> saving_beside_inserting(const suite_context& context) {
  const auto file = context.folder / "beside.index";
  constexpr slot_t first_part = rows_count / 2;
  THESPIS_TRY(auto trial, index_trial::make(context, distance::euclid, dimension));
  THESPIS_CHECK(trial.put(clustered(dimension, rows_count, 47)));
  THESPIS_CHECK(trial.insert(0, first_part));
  result<void> inserted = ok();
  {
    std::atomic<bool> begun = false;
    const std::jthread writer([&] {
      for (slot_t at = first_part; at < rows_count && inserted; at += 8) {
        inserted = trial.insert(at, std::min(at + 8, rows_count));
        begun = true;
      }
      begun = true;
    });
    while (!begun) std::this_thread::yield();
    THESPIS_CHECK(trial.tested->save(file, stamp_at(first_part)));
  }
  THESPIS_CHECK(inserted);
  THESPIS_TRY(auto other, twin(context, trial));
  THESPIS_CHECK(other.tested->load(file, stamp_at(rows_count)));
  THESPIS_CHECK(other.insert(first_part, rows_count));
  THESPIS_CHECK(trial.compare_many({}, queries));
  return other.compare_many({}, queries);
}

/// Deleted vectors are not stored: after a restart their rows are zeros.
result<void> loaded_without_the_dead(const suite_context& context) {
  const auto file = context.folder / "dead.index";
  for (const auto metric : all_metrics) {
    THESPIS_TRY(auto trial, filled(context, metric));
    THESPIS_CHECK(trial.tested->save(file, stamp_at(rows_count)));
    for (const slot_t live_every : {2u, 5u}) {
      THESPIS_TRY(auto other, index_trial::make(context, metric, dimension));
      other.rows = trial.rows;
      slot_bitmap dead;
      for (slot_t slot = 0; slot < rows_count; ++slot) {
        if (slot % live_every == 1) {
          THESPIS_CHECK(other.vectors->put(slot, trial.rows.row(slot)));
        } else {
          dead.insert(slot);
        }
      }
      THESPIS_CHECK(other.vectors->extend(rows_count));
      THESPIS_CHECK(other.tested->load(file, stamp_at(rows_count), &dead));
      index_query asked;
      asked.dead = &dead;
      THESPIS_CHECK(other.compare_many(asked, queries));
      // What is left must be enough to be saved, loaded and searched once more.
      const auto second_file = context.folder / "dead_again.index";
      THESPIS_CHECK(other.tested->save(second_file, stamp_at(rows_count)));
      THESPIS_TRY(auto again, index_trial::make(context, metric, dimension));
      again.rows = trial.rows;
      again.vectors = other.vectors;
      THESPIS_TRY(again.tested,
                  context.plugins.create_index(context.plugin.name, again.vectors, index_params{}));
      THESPIS_CHECK(again.tested->load(second_file, stamp_at(rows_count)));
      THESPIS_CHECK(again.compare_many(asked, queries));
    }
  }
  return ok();
}

result<void> damaged_files(const suite_context& context) {
  const auto file = context.folder / "damaged.index";
  THESPIS_TRY(auto trial, filled(context, distance::cosine));
  THESPIS_CHECK(trial.tested->save(file, stamp_at(rows_count)));
  THESPIS_TRY(const auto whole, read_all(file));
  const auto refuses = [&](const std::string& bytes, const std::string& what) -> result<void> {
    THESPIS_CHECK(write_all(file, bytes));
    THESPIS_TRY(auto other, twin(context, trial));
    if (other.tested->load(file, stamp_at(rows_count))) return broken(what + " was loaded");
    return ok();
  };
  const auto step = std::max<std::size_t>(whole.size() / damages, 1);
  for (std::size_t at = 0; at < whole.size(); at += step) {
    THESPIS_CHECK(refuses(whole.substr(0, at), "a file cut at byte " + std::to_string(at)));
    auto flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
    THESPIS_CHECK(refuses(flipped, "a file with a flipped bit in byte " + std::to_string(at)));
  }
  return refuses(whole + '\0', "a file with a byte too many");
}

/// What a plugin wrote, changed and with right checksums, as a defect of its own could leave it.
result<void> rewrite(const std::filesystem::path& file, const index_file_header& header,
                     const std::string& payload) {
  THESPIS_TRY(const auto out, index_file_writer::open(file, header));
  THESPIS_CHECK(out->write(payload.data(), payload.size()));
  return out->finish();
}

result<void> senseless_payloads(const suite_context& context) {
  const auto file = context.folder / "senseless.index";
  THESPIS_TRY(auto trial, filled(context, distance::euclid));
  THESPIS_CHECK(trial.tested->save(file, stamp_at(rows_count)));
  std::string payload;
  index_file_header header;
  {
    THESPIS_TRY(const auto in, index_file_reader::open(file));
    header = in->header();
    payload.resize(in->payload_bytes());
    THESPIS_CHECK(in->read(payload.data(), payload.size()));
  }
  if (payload.empty()) return ok();  // nothing saved, nothing to damage
  const auto step = std::max<std::size_t>(payload.size() / damages, 1);
  for (std::size_t at = 0; at < payload.size(); at += step) {
    THESPIS_CHECK(rewrite(file, header, payload.substr(0, at)));
    THESPIS_TRY(auto cut, twin(context, trial));
    if (cut.tested->load(file, stamp_at(rows_count)))
      return broken("a payload cut at byte " + std::to_string(at) + " was loaded");
    auto flipped = payload;
    for (std::size_t i = at; i < std::min(at + 4, flipped.size()); ++i) flipped[i] = '\xFF';
    THESPIS_CHECK(rewrite(file, header, flipped));
    THESPIS_TRY(auto odd, twin(context, trial));
    if (!odd.tested->load(file, stamp_at(rows_count))) continue;
    // Loaded after all: it may find less, but it must answer, and say nothing that is wrong.
    index_query asked;
    asked.vector = trial.rows.row(0);
    std::vector<ranked_slot> hits;
    THESPIS_CHECK(odd.tested->search(asked, hits));
  }
  return ok();
}

}  // namespace

std::vector<suite_rule> index_file_rules() {
  return {
      {"a saved index answers the same when it is loaded", round_trip},
      {"an empty index can be saved, loaded and filled", empty_round_trip},
      {"a save leaves out what lies above its stamp", saved_up_to_a_slot},
      {"a loaded index stands on live vectors only", loaded_without_the_dead},
      {"saving runs beside inserting", saving_beside_inserting},
      {"a damaged file is refused", damaged_files},
      {"a payload that makes no sense is refused or harmless", senseless_payloads},
  };
}

}  // namespace thespis::plugins
