// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// All kinds of vectors, and what goes beyond the dialect, with its JavaScript client.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { client, ids, points, refused, url } from './support.js';

describe('all kinds of vectors', () => {
  before(() =>
    client.createCollection('kinds', {
      vectors: {
        plain: { size: 3, distance: 'Euclid' },
        half: { size: 3, distance: 'Dot', datatype: 'float16' },
        bytes: { size: 3, distance: 'Euclid', datatype: 'uint8' },
        words: { size: 2, distance: 'Dot', multivector_config: { comparator: 'max_sim' } },
      },
      sparse_vectors: { terms: {}, rare: { modifier: 'idf' } },
    }));
  after(() => client.deleteCollection('kinds'));

  const [full, some] = [
    {
      plain: [1, 0, 0],
      half: [0.5, 0.25, 0],
      bytes: [255, 0, 7],
      words: [[1, 0], [0, 1]],
      terms: { indices: [3, 70000], values: [1.5, 2] },
      rare: { indices: [3], values: [1] },
    },
    { plain: [0, 1, 0], words: [[0.5, 0.5]], terms: { indices: [3], values: [1] } },
  ];

  test('each comes back as it was given, and some may be missing', async () => {
    await client.upsert('kinds', {
      wait: true,
      points: [{ id: 1, vector: full }, { id: 2, vector: some }],
    });
    const stored = await client.retrieve('kinds', { ids: [1, 2], with_vector: true });
    assert.deepEqual(stored.map((point) => point.vector), [full, some]);
    const { config } = await client.getCollection('kinds');
    assert.equal(config.params.vectors.half.datatype, 'float16');
    assert.equal(config.params.vectors.bytes.datatype, 'uint8');
    assert.equal(config.params.vectors.words.multivector_config.comparator, 'max_sim');
    assert.equal(config.params.sparse_vectors.rare.modifier, 'idf');
  });

  test('each is searched in its own way', async () => {
    const hits = async (using, query) =>
      (await client.query('kinds', { using, query, limit: 5 })).points.map(({ id, score }) => [
        id,
        score,
      ]);
    assert.deepEqual(await hits('half', [2, 4, 0]), [[1, 2]]);
    assert.deepEqual(await hits('bytes', [255, 0, 4]), [[1, 3]]);
    assert.deepEqual(await hits('words', [[1, 0], [0, 1]]), [[1, 2], [2, 1]]);
    assert.deepEqual(await hits('terms', { indices: [3, 70000], values: [1, 1] }), [
      [1, 3.5],
      [2, 1],
    ]);
    assert.deepEqual(ids((await client.query('kinds', {
      using: 'rare',
      query: { indices: [3], values: [1] },
    })).points), [1]);
  });

  test('what does not fit its kind is refused', async () => {
    const put = (vector) => client.upsert('kinds', { wait: true, points: [{ id: 9, vector }] });
    await refused(put({ bytes: [256, 0, 0] }), 400, 'bytes', '256');
    await refused(put({ plain: [[1, 0, 0]] }), 400, 'plain');
    await refused(put({ terms: { indices: [1, 1], values: [1, 2] } }), 400, 'terms', '1');
    await refused(put({ terms: { indices: [1], values: [1, 2] } }), 400, 'terms');
    await refused(put({ words: [[1, 0], [1]] }), 400, 'words');
    assert.equal((await client.count('kinds', { exact: true })).count, 2);
  });

  test('a vector is added to a collection that serves, and dropped', async () => {
    await client.createVectorName('kinds', 'sound', { dense: { size: 2, distance: 'Euclid' } });
    const sound = (id, vector) =>
      client.updateVectors('kinds', { wait: true, points: [{ id, vector: { sound: vector } }] });
    await sound(2, [3, 4]);
    const near = () => client.query('kinds', { using: 'sound', query: [0, 0], with_vector: true });
    const { points: found } = await near();
    assert.deepEqual(found.map(({ id, score }) => [id, score]), [[2, 5]]);
    assert.deepEqual(found[0].vector.sound, [3, 4]);
    await client.deleteVectorName('kinds', 'sound');
    await refused(near(), 400, 'sound');
    const [left] = await client.retrieve('kinds', { ids: [2], with_vector: true });
    assert.deepEqual(left.vector, some);
    await client.createVectorName('kinds', 'sound', { sparse: {} });
    const again = { sound: { indices: [1], values: [2] } };
    await client.updateVectors('kinds', { wait: true, points: [{ id: 1, vector: again }] });
    const [point] = await client.retrieve('kinds', { ids: [1], with_vector: true });
    assert.deepEqual(point.vector, { ...full, ...again });
    await client.deleteVectorName('kinds', 'sound');
  });
});

describe('beyond the dialect', () => {
  const names = ['ours', 'renamed', 'copied'];
  after(() => Promise.all(names.map((name) => client.deleteCollection(name))));

  /** What the client sees of a change that it has no call for. */
  async function post(path, body) {
    const answer = await fetch(`${url}/collections/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { result, status } = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(status));
    return result;
  }

  test('a collection is renamed, copied and emptied', async () => {
    await client.createCollection('ours', { vectors: { size: 4, distance: 'Dot' } });
    await client.upsert('ours', { wait: true, points });
    await post('ours/rename', { name: 'renamed' });
    await refused(client.getCollection('ours'), 404, 'ours');
    await post('renamed/copy', { name: 'copied' });
    await post('renamed/truncate');
    assert.equal((await client.count('renamed', { exact: true })).count, 0);
    const { points: near } = await client.query('copied', { query: [1, 0, 0, 0], limit: 2 });
    assert.deepEqual(ids(near), [1, 4]);
    await client.upsert('renamed', { wait: true, points: points.slice(0, 1) });
    assert.equal((await client.count('renamed', { exact: true })).count, 1);
    assert.equal((await client.count('copied', { exact: true })).count, points.length);
  });

  test('a write depends on the version of its point, and tells how many it changed', async () => {
    const [{ version }] = (await client.query('copied', { query: [1, 0, 0, 0], limit: 1 })).points;
    const write = (if_version) =>
      client.upsert('copied', { wait: true, points: [{ ...points[0], if_version }] });
    assert.equal((await write(version)).affected, 1);
    await refused(write(version), 409, String(version));
  });
});
