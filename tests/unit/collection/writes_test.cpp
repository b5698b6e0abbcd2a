// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <atomic>
#include <thread>

#include "core/fingerprint.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_node.hpp"

using namespace thespis;
using tests::scratch_folder;
using tests::test_node;

namespace {

collection_spec flat_spec() {
  collection_spec spec;
  spec.vectors.push_back({"", 2, distance::euclid, element_type::float32, "flat", std::nullopt});
  return spec;
}

point at(std::uint64_t id, float x) { return {point_id(id), {{"", {x, 0}}}, payload{}}; }

write_context keyed(const std::string& key, const std::string& body = "body", bool wait = true) {
  fingerprint_maker maker;
  maker.add(body);
  return {wait, std::make_shared<const idempotency>(idempotency{key, maker.made()})};
}

/// A node with a collection "docs".
struct writes {
  explicit writes(const std::filesystem::path& folder) : node(folder) {
    const auto known = node.find("docs");
    if (!known && known.error().code == errc::not_found) REQUIRE(node.create("docs", flat_spec()));
  }

  result<write_reply> upsert(std::vector<point> points, const write_context& context) {
    return node.ask<write_reply>(node.serving("docs")->writer, upsert_request{std::move(points)},
                                 context);
  }
  result<write_reply> remove(std::vector<point_id> ids, const write_context& context) {
    return node.ask<write_reply>(node.serving("docs")->writer, delete_request{std::move(ids)},
                                 context);
  }
  result<operation_state> operation(lsn_t id) {
    return node.ask<operation_state>(node.serving("docs")->writer, actors::operation_atom::value,
                                     id);
  }
  std::uint64_t count() {
    return *node.ask<std::uint64_t>(node.serving("docs")->reader, actors::count_atom::value);
  }
  /// Asks until the write is completed.
  bool completes(lsn_t id) {
    for (int tries = 0; tries < 1000; ++tries) {
      const auto state = operation(id);
      if (!state) return false;
      CHECK(state->id == id);
      if (state->status == operation_status::completed) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  test_node node;
};

}  // namespace

TEST_CASE("a write that is repeated with its key is answered as the first and done once") {
  const scratch_folder folder;
  write_reply first;
  write_reply removal;
  {
    writes docs(folder.path());
    const auto written = docs.upsert({at(1, 1), at(2, 2)}, keyed("put"));
    REQUIRE(written);
    first = *written;
    CHECK(first.affected == 2);
    // What the repeat would do if it were done is undone in between.
    const auto removed = docs.remove({point_id(1)}, keyed("remove"));
    REQUIRE(removed);
    removal = *removed;
    const auto repeated = docs.upsert({at(1, 1), at(2, 2)}, keyed("put"));
    REQUIRE(repeated);
    CHECK(repeated->lsn == first.lsn);
    CHECK(repeated->affected == 2);
    CHECK(docs.count() == 1);
  }
  writes docs(folder.path());
  const auto repeated = docs.upsert({at(1, 1), at(2, 2)}, keyed("put"));
  REQUIRE(repeated);
  CHECK(repeated->lsn == first.lsn);
  const auto again = docs.remove({point_id(1)}, keyed("remove"));
  REQUIRE(again);
  CHECK(again->lsn == removal.lsn);
  CHECK(again->affected == 1);
  CHECK(docs.count() == 1);
}

TEST_CASE("a key of another request is refused, and one of a refused request may be used again") {
  const scratch_folder folder;
  writes docs(folder.path());
  REQUIRE(docs.upsert({at(1, 1)}, keyed("key")));
  const auto reused = docs.upsert({at(2, 2)}, keyed("key", "other body"));
  REQUIRE_FALSE(reused);
  CHECK(reused.error().code == errc::key_reused);
  CHECK(docs.count() == 1);
  auto bad = at(3, 3);
  bad.vectors[0].values.push_back(4);
  REQUIRE_FALSE(docs.upsert({bad}, keyed("second")));
  REQUIRE(docs.upsert({at(3, 3)}, keyed("second", "right body")));
  CHECK(docs.count() == 2);
}

TEST_CASE("a write that changes nothing is answered with an operation if it has a key") {
  const scratch_folder folder;
  writes docs(folder.path());
  CHECK(docs.remove({point_id(9)}, {})->lsn == 0);
  const auto nothing = docs.remove({point_id(9)}, keyed("key"));
  REQUIRE(nothing);
  CHECK(nothing->lsn > 0);
  CHECK(nothing->affected == 0);
  CHECK(docs.completes(nothing->lsn));
  REQUIRE(docs.upsert({at(9, 9)}, {}));
  const auto repeated = docs.remove({point_id(9)}, keyed("key"));
  REQUIRE(repeated);
  CHECK(repeated->lsn == nothing->lsn);
  CHECK(docs.count() == 1);
}

TEST_CASE("of many who send the same write at once, it is done for one") {
  const scratch_folder folder;
  writes docs(folder.path());
  const auto writer = docs.node.serving("docs")->writer;
  for (int round = 0; round < 20; ++round) {
    const auto context = keyed("round " + std::to_string(round));
    std::vector<result<write_reply>> replies(8, error(errc::internal, "none"));
    std::vector<std::thread> senders;
    for (auto& reply : replies)
      senders.emplace_back(
          [&] { reply = docs.node.ask<write_reply>(writer, upsert_request{{at(1, 1)}}, context); });
    for (auto& sender : senders) sender.join();
    const auto kept = docs.upsert({at(1, 1)}, context);
    REQUIRE(kept);
    int answered = 0;
    for (const auto& reply : replies) {
      if (reply) {
        ++answered;
        CHECK(reply->lsn == kept->lsn);
      } else {
        CHECK(reply.error().code == errc::conflict);
      }
    }
    CHECK(answered >= 1);
    const auto found = docs.node.search("docs", [] {
      search_request wanted;
      wanted.target = dense_vector({1, 0});
      wanted.limit = 1;
      return wanted;
    }());
    REQUIRE(found);
    CHECK(found->hits[0].version == kept->lsn);
  }
}

TEST_CASE("a write that is not waited for completes by itself") {
  const scratch_folder folder;
  writes docs(folder.path());
  lsn_t last = 0;
  for (std::uint64_t id = 0; id < 300; ++id) {
    const auto written = docs.upsert({at(id, 1)}, {false, nullptr});
    REQUIRE(written);
    CHECK(written->affected == 1);
    CHECK(written->lsn > last);
    last = written->lsn;
  }
  CHECK(docs.completes(last));
  CHECK(docs.count() == 300);
  const auto unknown = docs.operation(last + 1000);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == errc::not_found);
  CHECK(unknown.error().message ==
        "collection 'docs': no operation " + std::to_string(last + 1000));
  // What another collection wrote is no operation of this one.
  REQUIRE(docs.node.create("other", flat_spec()));
  const auto elsewhere = docs.node.upsert("other", {at(1, 1)});
  REQUIRE(elsewhere);
  CHECK(docs.operation(elsewhere->lsn).error().code == errc::not_found);
}

TEST_CASE("a repeat that waits is answered when the first write is durable") {
  const scratch_folder folder;
  writes docs(folder.path());
  const auto first = docs.upsert({at(1, 1)}, keyed("key", "body", false));
  REQUIRE(first);
  const auto repeated = docs.upsert({at(1, 1)}, keyed("key"));
  REQUIRE(repeated);
  CHECK(repeated->lsn == first->lsn);
  CHECK(docs.operation(first->lsn)->status == operation_status::completed);
  CHECK(docs.count() == 1);
}

TEST_CASE("collections are made and dropped once per key, across a restart") {
  const scratch_folder folder;
  {
    writes docs(folder.path());
    auto& node = docs.node;
    const auto& catalog = node.node().catalog();
    const auto make = [&](const write_context& context) {
      return node.ask<collection_meta>(catalog, actors::create_atom::value, std::string("made"),
                                       flat_spec(), context);
    };
    const auto drop = [&](const char* name, const write_context& context) {
      return node.ask<bool>(catalog, actors::drop_atom::value, std::string(name), context);
    };
    const auto made = make(keyed("make"));
    REQUIRE(made);
    CHECK(make(keyed("make"))->id == made->id);
    CHECK(make(keyed("make again")).error().code == errc::already_exists);
    CHECK(*drop("absent", keyed("drop absent")) == false);
    CHECK(*drop("made", keyed("drop")) == true);
    CHECK(make(keyed("make")));  // it was made, and is gone
    CHECK_FALSE(node.find("made"));
    REQUIRE(make(keyed("make anew")));
    CHECK(*drop("made", keyed("drop")) == true);
    CHECK(node.find("made"));
  }
  writes docs(folder.path());
  CHECK(docs.node.serving("made"));
  CHECK(*docs.node.ask<bool>(docs.node.node().catalog(), actors::drop_atom::value,
                             std::string("made"), keyed("drop")) == true);
  CHECK(*docs.node.ask<bool>(docs.node.node().catalog(), actors::drop_atom::value,
                             std::string("absent"), keyed("drop absent")) == false);
  CHECK(docs.node.serving("made"));
}

TEST_CASE("a batch that is repeated is answered for each of its operations") {
  const scratch_folder folder;
  batch_request batch;
  batch.operations.emplace_back(upsert_request{{at(1, 1), at(2, 2)}});
  batch.operations.emplace_back(delete_request{{{point_id(1)}}});
  batch.operations.emplace_back(delete_request{{{point_id(7)}}});
  const std::vector<std::uint64_t> each = {2, 1, 0};
  lsn_t first = 0;
  for (int starts = 0; starts < 2; ++starts) {
    writes docs(folder.path());
    for (int times = 0; times < 2; ++times) {
      const auto reply =
          docs.node.ask<write_reply>(docs.node.serving("docs")->writer, batch, keyed("batch"));
      REQUIRE(reply);
      CHECK(reply->each == each);
      if (first == 0) first = reply->lsn;
      CHECK(reply->lsn == first);
    }
    CHECK(docs.count() == 1);
  }
}

TEST_CASE("writes that are held while a collection is emptied keep their keys") {
  const scratch_folder folder;
  writes docs(folder.path());
  const auto& catalog = docs.node.node().catalog();
  for (int round = 0; round < 20; ++round) {
    const auto context = keyed("round " + std::to_string(round));
    result<bool> emptied = error(errc::internal, "none");
    std::thread other([&] {
      emptied = docs.node.ask<bool>(catalog, actors::truncate_atom::value, std::string("docs"),
                                    keyed("empty " + std::to_string(round)));
    });
    const auto first = docs.upsert({at(1, 1)}, context);
    other.join();
    REQUIRE(first);
    REQUIRE(emptied);
    const auto repeated = docs.upsert({at(1, 1)}, context);
    REQUIRE(repeated);
    CHECK(repeated->lsn == first->lsn);
  }
}

TEST_CASE("a change of a whole collection that changes nothing keeps its key") {
  const scratch_folder folder;
  writes docs(folder.path());
  const auto& catalog = docs.node.node().catalog();
  const auto rename = [&](const char* from, const char* to, const write_context& context) {
    return docs.node.ask<bool>(catalog, actors::rename_atom::value, std::string(from),
                               std::string(to), context);
  };
  const auto drop = [&](const write_context& context) {
    return docs.node.ask<bool>(catalog, actors::drop_atom::value, std::string("live"), context);
  };
  CHECK(*rename("docs", "docs", keyed("same")));
  const std::vector<alias_action> actions = {{alias_action::kind::create, "live", "docs"}};
  REQUIRE(docs.node.ask<bool>(catalog, actors::alias_atom::value, actions, keyed("alias")));
  CHECK(*drop(keyed("drop")) == false);  // an alias is not dropped
  const std::vector<alias_action> back = {{alias_action::kind::remove, "live", ""}};
  REQUIRE(docs.node.ask<bool>(catalog, actors::alias_atom::value, back, write_context{}));
  REQUIRE(docs.node.create("live", flat_spec()));
  CHECK(*drop(keyed("drop")) == false);
  CHECK(docs.node.find("live"));
  REQUIRE(rename("docs", "moved", {}));
  CHECK(*rename("docs", "docs", keyed("same")));
  CHECK(*docs.node.ask<bool>(catalog, actors::alias_atom::value, actions, keyed("alias")));
}

TEST_CASE("the first answer to a write outlives its collection") {
  const scratch_folder folder;
  writes docs(folder.path());
  const auto context = keyed("key");
  const auto first = docs.upsert({at(1, 1)}, context);
  REQUIRE(first);
  REQUIRE(docs.node.drop("docs"));
  const auto& catalog = docs.node.node().catalog();
  const auto recalled =
      docs.node.ask<write_reply>(catalog, actors::recall_atom::value, *context.once);
  REQUIRE(recalled);
  CHECK(recalled->lsn == first->lsn);
  CHECK(recalled->affected == 1);
  const auto unused =
      docs.node.ask<write_reply>(catalog, actors::recall_atom::value, *keyed("unused").once);
  REQUIRE_FALSE(unused);
  CHECK(unused.error().code == errc::not_found);
}
