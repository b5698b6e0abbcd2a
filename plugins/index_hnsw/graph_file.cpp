// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/graph_file.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

namespace thespis::hnsw {
namespace {

static_assert(std::endian::native == std::endian::little,
              "saved graphs are little-endian and written as they lie in memory");

constexpr std::uint32_t magic = 0x57534E48u;  // "HNSW"
constexpr std::uint32_t format = 1;
constexpr std::size_t buffer_bytes = std::size_t{64} << 10;

struct header {
  std::uint32_t magic;
  std::uint32_t format;
  std::uint32_t m;
  std::uint32_t end_slot;  // bytes of the table of levels
  std::uint32_t count;
  std::uint32_t entry_slot;
  std::uint32_t entry_level;
  std::uint32_t reserved;
};

// Gathers small pieces, so that the host is called for large ones.
class buffered_writer {
 public:
  explicit buffered_writer(plugin::writer& out) : out_(out) { buffer_.reserve(buffer_bytes); }

  void write(const void* data, std::size_t bytes) {
    if (buffer_.size() + bytes > buffer_bytes) flush();
    if (bytes > buffer_bytes) return out_.write(data, bytes);
    const auto* first = static_cast<const std::byte*>(data);
    buffer_.insert(buffer_.end(), first, first + bytes);
  }
  void flush() {
    if (!buffer_.empty()) out_.write(buffer_.data(), buffer_.size());
    buffer_.clear();
  }

 private:
  plugin::writer& out_;
  std::vector<std::byte> buffer_;
};

class buffered_reader {
 public:
  explicit buffered_reader(plugin::reader& in) : in_(in) {}

  void read(void* data, std::size_t bytes) {
    auto* to = static_cast<std::byte*>(data);
    while (bytes != 0) {
      if (at_ == buffer_.size()) refill(bytes);
      const std::size_t part = std::min(bytes, buffer_.size() - at_);
      std::memcpy(to, buffer_.data() + at_, part);
      at_ += part;
      to += part;
      bytes -= part;
    }
  }
  [[nodiscard]] std::uint64_t left() const noexcept { return in_.left() + buffer_.size() - at_; }

 private:
  void refill(std::size_t wanted) {
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(in_.left(), buffer_bytes));
    buffer_.resize(bytes);
    at_ = 0;
    // With nothing left the host says that the stream ended.
    if (bytes == 0) {
      buffer_.resize(wanted);
      in_.read(buffer_.data(), wanted);
    } else {
      in_.read(buffer_.data(), bytes);
    }
  }

  plugin::reader& in_;
  std::vector<std::byte> buffer_;
  std::size_t at_ = 0;
};

[[noreturn]] void corrupt(const std::string& what) {
  throw plugin::failure(THESPIS_CORRUPTION, "saved graph: " + what);
}

// Levels + 1 of the nodes that are saved; a node that is published later is left out everywhere.
std::vector<std::uint8_t> levels_now(const graph& nodes, std::uint32_t end_slot) {
  std::vector<std::uint8_t> levels(std::min(end_slot, nodes.end_slot()), 0);
  for (std::uint32_t slot = 0; slot < levels.size(); ++slot)
    if (nodes.present(slot)) levels[slot] = static_cast<std::uint8_t>(nodes.level_of(slot) + 1);
  return levels;
}

entry_point highest(const std::vector<std::uint8_t>& levels) {
  entry_point best;
  for (std::uint32_t slot = 0; slot < levels.size(); ++slot) {
    if (levels[slot] == 0) continue;
    const std::uint32_t level = levels[slot] - 1u;
    if (best.slot == no_node || level > best.level) best = {slot, level};
  }
  return best;
}

}  // namespace

void save_graph(const graph& nodes, plugin::writer& out) {
  // Taken first: an entry point is published before it becomes one.
  entry_point entry = nodes.entry();
  const auto levels = levels_now(nodes, out.end_slot());
  const auto saved = [&](std::uint32_t slot) { return slot < levels.size() && levels[slot] != 0; };
  if (!saved(entry.slot)) entry = highest(levels);
  const auto count = levels.size() - static_cast<std::size_t>(
                                         std::count(levels.begin(), levels.end(), std::uint8_t{0}));

  buffered_writer file(out);
  const header head{magic,
                    format,
                    nodes.m(),
                    static_cast<std::uint32_t>(levels.size()),
                    static_cast<std::uint32_t>(count),
                    entry.slot,
                    entry.level,
                    0};
  file.write(&head, sizeof(head));
  file.write(levels.data(), levels.size());
  std::vector<std::uint32_t> kept;
  for (std::uint32_t slot = 0; slot < levels.size(); ++slot) {
    for (std::uint32_t layer = 0; layer < levels[slot]; ++layer) {
      const link_list list = nodes.links(slot, layer);
      kept.clear();
      for (std::uint32_t i = 0; i < list.capacity(); ++i) {
        const link_word word = list.load(i);
        if (word == 0) break;
        if (saved(slot_of(word))) kept.push_back(slot_of(word));
      }
      const auto links = static_cast<std::uint16_t>(kept.size());
      file.write(&links, sizeof(links));
      file.write(kept.data(), kept.size() * sizeof(std::uint32_t));
    }
  }
  file.flush();
}

namespace {

header read_header(const graph& nodes, buffered_reader& file, std::uint32_t slots_end) {
  header head{};
  file.read(&head, sizeof(head));
  if (head.magic != magic) corrupt("wrong magic number");
  if (head.format != format) corrupt("unknown format " + std::to_string(head.format));
  if (head.m != nodes.m())
    corrupt("m is " + std::to_string(head.m) + ", expected " + std::to_string(nodes.m()));
  if (head.end_slot > slots_end || head.end_slot > slots_max || head.end_slot > file.left())
    corrupt("more slots than there are rows or bytes");
  if (head.count > head.end_slot) corrupt("more nodes than slots");
  return head;
}

void check_levels(const header& head, const std::vector<std::uint8_t>& levels) {
  std::uint32_t count = 0;
  for (const std::uint8_t level : levels) {
    if (level > level_max + 1) corrupt("level " + std::to_string(level - 1));
    if (level != 0) ++count;
  }
  if (count != head.count) corrupt("count of nodes is wrong");
  if (count == 0) return;
  if (head.entry_slot >= levels.size() || levels[head.entry_slot] != head.entry_level + 1)
    corrupt("entry point is not a node of its level");
}

}  // namespace

std::vector<std::uint8_t> load_lists(graph& nodes, plugin::reader& in, entry_point& entry) {
  buffered_reader file(in);
  const header head = read_header(nodes, file, in.end_slot());
  std::vector<std::uint8_t> levels(head.end_slot);
  file.read(levels.data(), levels.size());
  check_levels(head, levels);
  // A node needs at least the count of each of its lists: so a table of levels that asks for more
  // lists than the stream can hold is refused before anything is allocated for it.
  std::uint64_t lists = 0;
  for (const std::uint8_t level : levels) lists += level;
  if (lists * sizeof(std::uint16_t) > file.left()) corrupt("more lists than bytes");

  for (std::uint32_t slot = 0; slot < levels.size(); ++slot)
    if (levels[slot] != 0) nodes.add(slot, levels[slot] - 1u);
  std::vector<std::uint32_t> links(std::size_t{2} * nodes.m());
  for (std::uint32_t slot = 0; slot < levels.size(); ++slot) {
    for (std::uint32_t layer = 0; layer < levels[slot]; ++layer) {
      link_list list = nodes.links(slot, layer);
      std::uint16_t count = 0;
      file.read(&count, sizeof(count));
      if (count > list.capacity()) corrupt("too many links at slot " + std::to_string(slot));
      file.read(links.data(), count * sizeof(std::uint32_t));
      for (std::uint32_t i = 0; i < count; ++i) {
        if (links[i] >= levels.size() || levels[links[i]] <= layer || links[i] == slot)
          corrupt("a link of slot " + std::to_string(slot) + " leads nowhere");
        list.store(i, links[i] + 1);
      }
    }
  }
  if (file.left() != 0) corrupt("bytes after the last list");
  if (head.count != 0) entry = {head.entry_slot, head.entry_level};
  return levels;
}

}  // namespace thespis::hnsw
