// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The dialect's JavaScript client against a running server: THESPIS_URL names it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { QdrantClient } from '@qdrant/js-client-rest';
import { client, floats, ids, points, refused, url, uuid, warnings } from './support.js';

describe('collections', () => {
  after(() => client.deleteCollection('made'));

  test('a collection is made, listed, described and dropped', async () => {
    assert.deepEqual(await client.collectionExists('made'), { exists: false });
    const made = await client.createCollection('made', {
      vectors: { size: 4, distance: 'Dot' },
      hnsw_config: { m: 8, ef_construct: 64 },
    });
    assert.equal(made, true);
    assert.deepEqual(await client.collectionExists('made'), { exists: true });
    const { collections } = await client.getCollections();
    assert.ok(collections.some((collection) => collection.name === 'made'));
    const info = await client.getCollection('made');
    assert.equal(info.status, 'green');
    assert.equal(info.optimizer_status, 'ok');
    assert.equal(info.points_count, 0);
    assert.equal(info.config.params.vectors.size, 4);
    assert.equal(info.config.params.vectors.distance, 'Dot');
    assert.equal(info.config.hnsw_config.m, 8);
    assert.equal(info.config.hnsw_config.ef_construct, 64);
  });

  test('a collection is not made twice', async () => {
    const again = client.createCollection('made', { vectors: { size: 4, distance: 'Dot' } });
    await refused(again, 409, 'made');
  });

  test('impossible settings are refused', async () => {
    const make = (vectors, more) => client.createCollection('wrong', { vectors, ...more });
    await refused(make({ size: 0, distance: 'Dot' }), 400, 'size');
    await refused(make({ size: 65536, distance: 'Dot' }), 400, '65535');
    await refused(make({ size: 4, distance: 'Hamming' }), 400, 'Hamming');
    await refused(make({ size: 4, distance: 'Dot' }, { hnsw_config: { m: 1000 } }), 400, 'm');
    assert.deepEqual(await client.collectionExists('wrong'), { exists: false });
  });

  test('parameters change while the collection serves', async () => {
    after(() => client.deleteCollection('altered'));
    await client.createCollection('altered', { vectors: { size: 4, distance: 'Cosine' } });
    await client.upsert('altered', { wait: true, points });
    const changed = await client.updateCollection('altered', {
      vectors: { '': { hnsw_config: { m: 32 }, on_disk: true } },
      quantization_config: { scalar: { type: 'int8', always_ram: true } },
      strict_mode_config: { enabled: true, max_query_limit: 3 },
      metadata: { owner: 'you' },
    });
    assert.equal(changed, true);
    const { config } = await client.getCollection('altered');
    assert.equal(config.params.vectors.hnsw_config.m, 32);
    assert.deepEqual(config.metadata, { owner: 'you' });
    const near = (limit) => client.query('altered', { query: [1, 0, 0, 0], limit });
    assert.deepEqual(ids((await near(2)).points), [1, 4]);
    await refused(near(4), 403, 'limit', '4', '3');
  });

  test('codes are told as they were asked for', async () => {
    after(() => client.deleteCollection('coded'));
    const made = await client.createCollection('coded', {
      vectors: { size: 4, distance: 'Cosine', on_disk: false },
      quantization_config: { scalar: { type: 'int8', quantile: 0.99, always_ram: true } },
    });
    assert.equal(made, true);
    const { config } = await client.getCollection('coded');
    assert.deepEqual(config.quantization_config, {
      scalar: { type: 'int8', quantile: 0.99, always_ram: true },
    });
    await client.upsert('coded', { wait: true, points });
    for (const quantization of [{ ignore: true }, { rescore: true, oversampling: 2.4 }]) {
      const found = await client.query('coded', {
        query: [1, 0, 0, 0],
        limit: 2,
        params: { quantization, hnsw_ef: 64 },
      });
      assert.deepEqual(ids(found.points), [1, 4]);
    }
    const wrong = client.search('coded', {
      vector: [1, 0, 0, 0],
      limit: 1,
      params: { quantization: { oversampling: 0.5 } },
    });
    await refused(wrong, 400, 'oversampling');
    const product = client.createCollection('product', {
      vectors: { size: 4, distance: 'Dot' },
      quantization_config: { product: { compression: 'x16' } },
    });
    await refused(product, 400, 'product');
  });

  test('a missing collection is 404 wherever it is named', async () => {
    await refused(client.getCollection('absent'), 404, 'absent');
    await refused(client.query('absent', { query: [1, 2], limit: 1 }), 404, 'absent');
    await refused(client.upsert('absent', { points: [{ id: 1, vector: [1] }] }), 404, 'absent');
  });
});

describe('points', () => {
  before(async () => {
    await client.createCollection('things', { vectors: { size: 4, distance: 'Cosine' } });
    const written = await client.upsert('things', { wait: true, points });
    assert.equal(written.status, 'completed');
    assert.equal(typeof written.operation_id, 'number');
  });
  after(() => client.deleteCollection('things'));

  test('points come back as they were given', async () => {
    const kept = await client.retrieve('things', {
      ids: [1, uuid, 99],
      with_payload: true,
      with_vector: true,
    });
    assert.equal(kept.length, 2);
    for (const point of kept) {
      const given = points.find((candidate) => candidate.id === point.id);
      assert.deepEqual(point.payload, given.payload);
      assert.deepEqual(floats(point.vector), floats(given.vector));
    }
  });

  test('payload and vector are left out on request', async () => {
    const [point] = await client.retrieve('things', { ids: [1], with_payload: false });
    assert.equal(point.payload ?? null, null);
    assert.equal(point.vector ?? null, null);
    const [chosen] = await client.retrieve('things', { ids: [1], with_payload: ['name'] });
    assert.deepEqual(chosen.payload, { name: 'one' });
  });

  test('the column form writes, and a point with a known id is replaced', async () => {
    const vectors = [[0, 0, 2, 2], [0, 0, 3, 3]];
    const batch = { ids: [10, 11], vectors, payloads: [{ n: 10 }, {}] };
    await client.upsert('things', { wait: true, batch });
    await client.upsert('things', {
      wait: true,
      points: [{ id: 10, vector: [0, 0, 5, 6], payload: { n: 'new' } }],
    });
    const [point] = await client.retrieve('things', { ids: [10], with_vector: true });
    assert.deepEqual(point.vector, [0, 0, 5, 6]);
    assert.deepEqual(point.payload, { n: 'new' });
    assert.equal((await client.count('things', { exact: true })).count, points.length + 2);
    const gone = await client.delete('things', { wait: true, points: [10, 11] });
    assert.equal(gone.status, 'completed');
    assert.deepEqual(await client.retrieve('things', { ids: [10, 11] }), []);
    assert.equal((await client.count('things', { exact: true })).count, points.length);
  });

  test('a write that is not waited for is acknowledged, and completes', async () => {
    const early = await client.upsert('things', {
      wait: false,
      points: [{ id: 12, vector: [1, 1, 1, 1] }],
    });
    assert.equal(early.status, 'acknowledged');
    const asked = `${url}/collections/things/operations/${early.operation_id}`;
    let state;
    do {
      const { result } = await (await fetch(asked)).json();
      assert.equal(result.operation_id, early.operation_id);
      state = result.status;
    } while (state === 'acknowledged');
    assert.equal(state, 'completed');
    assert.equal((await client.retrieve('things', { ids: [12] })).length, 1);
    await client.delete('things', { wait: true, points: [12] });
  });

  test('a write that is repeated with its key is done once', async () => {
    const keyed = new QdrantClient({ url, headers: { 'Idempotency-Key': 'once-13' } });
    const write = { wait: true, points: [{ id: 13, vector: [1, 1, 1, 1] }] };
    const first = await keyed.upsert('things', write);
    await client.delete('things', { wait: true, points: [13] });
    const again = await keyed.upsert('things', write);
    assert.deepEqual(again, first);
    assert.deepEqual(await client.retrieve('things', { ids: [13] }), []);
    const other = { wait: true, points: [{ id: 13, vector: [2, 1, 1, 1] }] };
    await refused(keyed.upsert('things', other), 422, 'once-13', 'different request');
  });

  test('scrolling visits every point once, in order', async () => {
    const seen = [];
    let offset;
    do {
      const page = await client.scroll('things', { limit: 2, offset, with_vector: false });
      assert.ok(page.points.length <= 2);
      seen.push(...ids(page.points));
      offset = page.next_page_offset;
    } while (offset !== null && offset !== undefined);
    assert.deepEqual(seen, [1, 2, 3, 4, uuid]);
    const rest = await client.scroll('things', { limit: 10, offset: 3 });
    assert.deepEqual(ids(rest.points), [3, 4, uuid]);
  });

  test('wrong points are refused whole', async () => {
    const upsert = (...wrong) => client.upsert('things', { wait: true, points: wrong });
    const good = { id: 50, vector: [1, 2, 3, 4] };
    await refused(upsert(good, { id: 51, vector: [1, 2, 3] }), 400, '3', '4');
    await refused(upsert(good, { id: -1, vector: [1, 2, 3, 4] }), 400, '-1');
    await refused(upsert(good, { id: 51, vector: { other: [1, 2, 3, 4] } }), 400, 'other');
    await refused(upsert(good, { id: 51, vector: 'text' }), 400);
    await refused(upsert(good, { id: 51, vector: [1, 2, 3, 1e39] }), 400);
    await refused(upsert(good, { id: 51 }), 400);
    assert.deepEqual(await client.retrieve('things', { ids: [50, 51] }), []);
  });
});

describe('writes of points', () => {
  const at = async (id) => (await client.retrieve('edits', { ids: [id], with_vector: true }))[0];
  const whole = (id, value, payload) => ({
    id, vector: { image: [value, 0], text: [value, 1, 2] }, payload,
  });

  before(() =>
    client.createCollection('edits', {
      vectors: { image: { size: 2, distance: 'Euclid' }, text: { size: 3, distance: 'Dot' } },
    }),
  );
  after(() => client.deleteCollection('edits'));

  test('vectors are updated and deleted by name', async () => {
    await client.upsert('edits', { wait: true, points: [whole(1, 1, { a: 1 }), whole(2, 2)] });
    const done = await client.updateVectors('edits', {
      wait: true, points: [{ id: 1, vector: { text: [5, 5, 5] } }],
    });
    assert.equal(done.status, 'completed');
    assert.equal(done.affected, 1);
    assert.deepEqual((await at(1)).vector, { image: [1, 0], text: [5, 5, 5] });
    await client.deleteVectors('edits', { wait: true, points: [1], vector: ['image'] });
    assert.deepEqual((await at(1)).vector, { text: [5, 5, 5] });
    assert.deepEqual((await at(1)).payload, { a: 1 });
    const near = await client.query('edits', { query: [1, 0], using: 'image', limit: 10 });
    assert.deepEqual(ids(near.points), [2]);
    await refused(
      client.updateVectors('edits', { points: [{ id: 9, vector: { text: [1, 1, 1] } }] }),
      404, "'edits'", 'point 9',
    );
    await refused(client.deleteVectors('edits', { points: [1], vector: ['x'] }), 400, "'x'");
  });

  test('payloads are set, overwritten, cut and cleared', async () => {
    await client.upsert('edits', { wait: true, points: [whole(1, 1, { a: 1 }), whole(2, 2)] });
    await client.setPayload('edits', { wait: true, payload: { b: { c: 2 } }, points: [1, 2] });
    assert.deepEqual((await at(1)).payload, { a: 1, b: { c: 2 } });
    await client.setPayload('edits', { wait: true, payload: { d: 3 }, points: [1], key: 'b' });
    assert.deepEqual((await at(1)).payload.b, { c: 2, d: 3 });
    await client.deletePayload('edits', { wait: true, keys: ['b.c', 'a'], points: [1] });
    assert.deepEqual((await at(1)).payload, { b: { d: 3 } });
    const only = { must: [{ key: 'b.c', match: { value: 2 } }] };
    const done = await client.overwritePayload('edits', {
      wait: true, payload: { new: true }, filter: only,
    });
    assert.equal(done.affected, 1);
    assert.deepEqual((await at(2)).payload, { new: true });
    await client.clearPayload('edits', { wait: true, points: [1, 2] });
    assert.deepEqual((await at(1)).payload, {});
    await refused(client.setPayload('edits', { payload: { a: 1 }, points: [77] }), 404, '77');
  });

  test('an upsert inserts only, updates only, or under a condition', async () => {
    await client.upsert('edits', { wait: true, points: [whole(1, 1, { v: 1 })] });
    const upsert = (more) => client.upsert('edits', { wait: true, ...more });
    await upsert({ points: [whole(1, 7), whole(5, 5)], update_mode: 'insert_only' });
    assert.deepEqual((await at(1)).vector.image, [1, 0]);
    await upsert({ points: [whole(1, 8), whole(6, 6)], update_mode: 'update_only' });
    assert.deepEqual((await at(1)).vector.image, [8, 0]);
    assert.equal(await at(6), undefined);
    const update_filter = { must: [{ key: 'v', match: { value: 1 } }] };
    const done = await upsert({ points: [whole(1, 9), whole(7, 7)], update_filter });
    assert.equal(done.affected, 1);
    assert.deepEqual((await at(1)).vector.image, [8, 0]);
    assert.deepEqual((await at(7)).vector.image, [7, 0]);
  });

  test('a batch is done in order, and as a whole', async () => {
    await client.upsert('edits', { wait: true, points: [whole(1, 1), whole(2, 2)] });
    const operations = [
      { upsert: { points: [whole(3, 3, { x: 1, y: 2 })] } },
      { set_payload: { payload: { b: 2 }, points: [1, 3] } },
      { delete_payload: { keys: ['x'], points: [3] } },
      { update_vectors: { points: [{ id: 3, vector: { image: [9, 9] } }] } },
      { delete_vectors: { points: [1], vector: ['text'] } },
      { delete: { points: [2] } },
    ];
    const results = await client.batchUpdate('edits', { wait: true, operations });
    assert.deepEqual(results.map((one) => one.status), operations.map(() => 'completed'));
    assert.deepEqual((await at(3)).payload, { y: 2, b: 2 });
    assert.deepEqual((await at(3)).vector.image, [9, 9]);
    assert.deepEqual((await at(1)).vector, { image: [1, 0] });
    assert.equal(await at(2), undefined);
    const bad = [{ delete: { points: [3] } }, { clear_payload: { points: [3] } }];
    await refused(
      client.batchUpdate('edits', { operations: bad }), 404, 'operations[1]', 'point 3',
    );
    assert.notEqual(await at(3), undefined);
  });
});

describe('search', () => {
  before(async () => {
    await client.createCollection('near', { vectors: { size: 4, distance: 'Cosine' } });
    await client.upsert('near', { wait: true, points });
  });
  after(() => client.deleteCollection('near'));

  test('the nearest points come first, with scores and payloads', async () => {
    const query = [1, 0, 0, 0];
    const answer = await client.query('near', { query, limit: 2, with_payload: true });
    assert.deepEqual(ids(answer.points), [1, 4]);
    assert.ok(Math.abs(answer.points[0].score - 1) < 1e-5);
    assert.deepEqual(answer.points[0].payload, points[0].payload);
    assert.equal(answer.points[0].vector ?? null, null);
    assert.equal(typeof answer.points[0].version, 'number');
  });

  test('a stored point as the query is left out of its answer', async () => {
    const answer = await client.query('near', { query: 1, limit: 1, with_vector: true });
    assert.deepEqual(ids(answer.points), [4]);
    assert.deepEqual(floats(answer.points[0].vector), floats([0.9, 0.1, 0, 0]));
    const byUuid = await client.query('near', { query: uuid, limit: 10 });
    assert.ok(!ids(byUuid.points).includes(uuid));
    await refused(client.query('near', { query: 12345, limit: 1 }), 404, '12345');
  });

  test('offset, threshold and exact search', async () => {
    const query = [1, 0, 0, 0];
    const second = await client.query('near', { query, limit: 1, offset: 1 });
    assert.deepEqual(ids(second.points), [4]);
    const close = await client.query('near', { query, limit: 10, score_threshold: 0.9 });
    assert.deepEqual(ids(close.points), [1, 4]);
    const exact = await client.query('near', { query, limit: 2, params: { exact: true } });
    assert.deepEqual(ids(exact.points), [1, 4]);
    const wide = await client.query('near', { query, limit: 2, params: { hnsw_ef: 256 } });
    assert.deepEqual(ids(wide.points), [1, 4]);
  });

  test('a batch answers in its order', async () => {
    const answers = await client.queryBatch('near', {
      searches: points.slice(0, 3).map((point) => ({ query: point.vector, limit: 1 })),
    });
    assert.deepEqual(answers.map((answer) => ids(answer.points)), [[1], [2], [3]]);
  });

  test('wrong searches are refused', async () => {
    await refused(client.query('near', { query: [1, 2], limit: 1 }), 400, '2', '4');
    await refused(client.query('near', { query: [1, 0, 0, 0], limit: 0 }), 400, 'limit');
    await refused(client.query('near', { query: [1, 0, 0, 0], limit: 10001 }), 400, '10000');
    await refused(client.query('near', { query: [1, 0, 0, 0], using: 'other' }), 400, 'other');
  });

  test('a write is seen by the next search', async () => {
    for (let number = 100; number < 150; ++number) {
      const vector = [Math.cos(number), Math.sin(number), number / 100, -1];
      await client.upsert('near', { wait: true, points: [{ id: number, vector }] });
      const answer = await client.query('near', { query: vector, limit: 1 });
      assert.deepEqual(ids(answer.points), [number]);
      await client.delete('near', { wait: true, points: [number] });
      const after = await client.query('near', { query: vector, limit: 1 });
      assert.notDeepEqual(ids(after.points), [number]);
    }
  });
});

describe('aliases', () => {
  before(async () => {
    for (const name of ['spring', 'autumn']) {
      await client.createCollection(name, { vectors: { size: 2, distance: 'Euclid' } });
      await client.upsert(name, {
        wait: true,
        points: [{ id: 1, vector: [1, 1], payload: { season: name } }],
      });
    }
  });
  after(async () => {
    await client.deleteCollection('spring');
    await client.deleteCollection('autumn');
  });

  const create = (alias_name, collection_name) => ({
    create_alias: { alias_name, collection_name },
  });
  const remove = (alias_name) => ({ delete_alias: { alias_name } });
  const rename = (old_alias_name, new_alias_name) => ({
    rename_alias: { old_alias_name, new_alias_name },
  });
  const season = async (name) => {
    const { points: hits } = await client.query(name, { query: [1, 1], with_payload: true });
    return hits[0].payload.season;
  };

  test('an alias is made, switched, renamed and removed', async () => {
    const first = [create('now', 'spring')];
    assert.equal(await client.updateCollectionAliases({ actions: first }), true);
    assert.equal(await season('now'), 'spring');
    assert.deepEqual(await client.collectionExists('now'), { exists: true });
    assert.equal((await client.getCollection('now')).points_count, 1);
    const actions = [remove('now'), create('now', 'autumn'), create('then', 'spring')];
    assert.equal(await client.updateCollectionAliases({ actions }), true);
    assert.equal(await season('now'), 'autumn');
    assert.deepEqual(await client.getAliases(), {
      aliases: [
        { alias_name: 'now', collection_name: 'autumn' },
        { alias_name: 'then', collection_name: 'spring' },
      ],
    });
    assert.deepEqual(await client.getCollectionAliases('spring'), {
      aliases: [{ alias_name: 'then', collection_name: 'spring' }],
    });
    assert.equal(await client.updateCollectionAliases({ actions: [rename('then', 'past')] }), true);
    assert.equal(await season('past'), 'spring');
    await refused(client.getCollection('then'), 404, 'then');
    const both = [remove('now'), remove('past')];
    assert.equal(await client.updateCollectionAliases({ actions: both }), true);
    assert.deepEqual(await client.getAliases(), { aliases: [] });
  });

  test('an alias that cannot be is refused, and nothing of its request happens', async () => {
    const attempt = (...actions) => client.updateCollectionAliases({ actions });
    await refused(attempt(create('a', 'spring'), create('autumn', 'spring')), 409, 'autumn');
    await refused(attempt(create('a', 'spring'), create('b', 'winter')), 404, 'winter');
    await refused(attempt(create('a', 'spring'), rename('none', 'b')), 404, 'none');
    await refused(attempt(create('a', 'spring'), create('b/c', 'spring')), 400, 'b/c');
    assert.deepEqual(await client.getAliases(), { aliases: [] });
    await attempt(create('a', 'spring'));
    const params = { vectors: { size: 2, distance: 'Dot' } };
    await refused(client.createCollection('a', params), 409, 'alias');
    assert.equal(await client.deleteCollection('a'), false);
    assert.equal(await season('a'), 'spring');
    await client.deleteCollection('spring');
    assert.deepEqual(await client.getAliases(), { aliases: [] });
  });
});

describe('named vectors', () => {
  before(() =>
    client.createCollection('named', {
      vectors: { image: { size: 3, distance: 'Euclid' }, text: { size: 2, distance: 'Manhattan' } },
    }));
  after(() => client.deleteCollection('named'));

  test('each name is searched by itself', async () => {
    await client.upsert('named', {
      wait: true,
      points: [
        { id: 1, vector: { image: [0, 0, 0], text: [9, 9] } },
        { id: 2, vector: { image: [5, 5, 5], text: [0, 0] } },
      ],
    });
    const image = await client.query('named', { query: [1, 0, 0], using: 'image', limit: 2 });
    assert.deepEqual(ids(image.points), [1, 2]);
    assert.ok(Math.abs(image.points[0].score - 1) < 1e-5);
    const text = await client.query('named', { query: [1, 1], using: 'text', limit: 2 });
    assert.deepEqual(ids(text.points), [2, 1]);
    assert.ok(Math.abs(text.points[0].score - 2) < 1e-5);
    const [point] = await client.retrieve('named', { ids: [1], with_vector: true });
    assert.deepEqual(point.vector, { image: [0, 0, 0], text: [9, 9] });
  });
});

test('the client finds the server compatible', async () => {
  const version = await client.versionInfo();
  assert.equal(typeof version.title, 'string');
  assert.deepEqual(warnings, []);
});
