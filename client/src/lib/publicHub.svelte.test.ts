import { HubProtocol } from '../../../tests/support/HubProtocol.ts'; // first: it provides the WebSocket
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../../../tests/support/until.ts';
import { Hub } from './hub.svelte.ts';

const boardId = '00000000-0000-4000-8000-000000000001';
const state = { clinicName: 'Clinic', zone: 'UTC', desks: [] };
let server: HubProtocol;
let hub: Hub;

beforeEach(async () => {
  server = new HubProtocol();
  hub = new Hub({ visitor: true, token: () => Promise.resolve('') }, await server.start());
});
afterEach(async () => {
  hub.close();
  await server.io.close();
});

it('a visitor sends no token, sees a board, and finds back to it after the connection broke', async () => {
  let asked = 0;
  server.onSubscribe = (ack) => ack({ ok: true, data: { kind: 'view', rev: [0, 0, (asked += 1)], state } });
  hub.open();
  const board = hub.view('board', boardId);
  const release = board.acquire();
  await until('the board', () => board.status === 'live');
  expect(board.state).toEqual(state);
  server.io.disconnectSockets(true);
  await until('the board again', () => asked === 2 && board.status === 'live');
  // What the protocol's stand-in writes down of `null`.
  expect(new Set(server.tokens)).toEqual(new Set(['null']));
  release();
});

it('a link that is over is denied, not tried again', async () => {
  server.onSubscribe = (ack) => ack({ ok: false, error: { code: 'LINK_EXPIRED', message: 'over', traceId: 't' } });
  hub.open();
  const place = hub.view('linkedPlace', 'A'.repeat(43));
  const release = place.acquire();
  await until('the refusal', () => place.status === 'denied');
  expect(place.error?.code).toBe('LINK_EXPIRED');
  release();
});
