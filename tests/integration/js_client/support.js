// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// What the tests of the JavaScript client share. THESPIS_URL names the server.

import assert from 'node:assert/strict';
import { QdrantClient } from '@qdrant/js-client-rest';

export const url = process.env.THESPIS_URL;
export const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e';
export const warnings = [];
console.warn = (...words) => warnings.push(words.join(' '));
export const client = new QdrantClient({ url });

export const points = [
  { id: 1, vector: [1, 0, 0, 0], payload: { name: 'one', tags: ['a', 'b'], deep: { on: true } } },
  { id: 2, vector: [0, 1, 0, 0], payload: { name: 'two' } },
  { id: 3, vector: [0, 0, 1, 0], payload: { name: 'three' } },
  { id: 4, vector: [0.9, 0.1, 0, 0], payload: { name: 'four' } },
  { id: uuid, vector: [0, 0, 0, 1], payload: { name: 'uuid' } },
];

/** The error that `promise` must fail with, checked for its status and the words it must name. */
export async function refused(promise, status, ...words) {
  const error = await promise.then(
    () => assert.fail('the request was accepted'),
    (reason) => reason,
  );
  assert.equal(error.status, status, String(error));
  const message = error.data.status.error;
  assert.equal(typeof message, 'string');
  for (const word of words) assert.ok(message.includes(word), `'${word}' is not in '${message}'`);
}

/** What a vector is once it is stored: float32. */
export const floats = (vector) => vector.map(Math.fround);

export const ids = (list) => list.map((point) => point.id);
