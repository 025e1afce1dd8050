import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { RateLimits } from '../../../server/hub/rateLimits.ts';
import { reply as replySchema, type Reply } from '../../../shared/contract/wire.ts';
import { AppError } from '../../../shared/errors.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { TestClient } from '../../support/TestClient.ts';

afterEach(() => {
  vi.useRealTimers();
});

const refused = z.object({
  ok: z.literal(false),
  error: z.object({
    code: z.literal('RATE_LIMITED'),
    details: z.object({ retryAfterSeconds: z.int().min(1) }),
  }),
});
/** Only the limiters look at this clock; the hub kept the real one when it started. Sockets take it for a broken line: ask over HTTP. */
const inAMinute = (): void => {
  minutes += 1;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + minutes * 61_000 });
};
/** How often that was: what was counted in a later minute must lie behind the next one. */
let minutes = 0;

describe('a flood, with the limits of a real clinic', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({ NADI_RATE_FACTOR: '1' });
  });
  afterAll(() => hub.close());

  test('chat: 120 a minute per account, then RATE_LIMITED with a time; others go on; a minute later it is over', async () => {
    const [patient, stranger] = [await hub.as('patient'), await hub.as('patient2')];
    const nobody = '00000000-0000-4000-8000-000000000001';
    const send = (client: TestClient) => client.op('chat.send', { threadId: nobody, text: 'hello' });
    const codes = (await Promise.all(Array.from({ length: 130 }, () => send(patient)))).map((reply) =>
      reply.ok ? 'OK' : reply.error.code,
    );
    expect(codes.filter((code) => code === 'NOT_FOUND')).toHaveLength(120);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(10);
    refused.parse(await send(patient));
    const http = await patient.http('/api/v1/chat/send', { body: { threadId: nobody, text: 'hello' } });
    expect(http.status).toBe(429);
    expect(Number(http.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await send(stranger)).toMatchObject({ error: { code: 'NOT_FOUND' } });
    // Another kind of operation has its own measure.
    await patient.call('queue.history', {});
    inAMinute();
    const later = await patient.http('/api/v1/chat/send', { body: { threadId: nobody, text: 'hello' } });
    expect(later.status).toBe(404);
  });

  test('guessing a password: a few tries, then waits, and nobody else is locked out', async () => {
    const codes: string[] = [];
    for (let i = 0; i < 12; i++) {
      const refused = await TestClient.login(hub.url, 'doctor@demo.nadi', `guess ${i}`).catch(
        (error: unknown) => error,
      );
      codes.push(refused instanceof AppError ? refused.code : String(refused));
    }
    const wrong = codes.lastIndexOf('BAD_CREDENTIALS') + 1;
    expect(wrong).toBeGreaterThanOrEqual(3);
    expect(wrong).toBeLessThan(10);
    expect(codes).toEqual([
      ...Array.from({ length: wrong }, () => 'BAD_CREDENTIALS'),
      ...Array.from({ length: 12 - wrong }, () => 'RATE_LIMITED'),
    ]);
    (await hub.as('staff')).close();
    inAMinute();
    (await hub.as('doctor')).close();
  });

  test('nonsense counts against the address, whatever it is', async () => {
    const client = await hub.as('staff');
    const answers: Promise<unknown>[] = [];
    const say = (event: string, payload: unknown) =>
      answers.push(client.socket.timeout(30_000).emitWithAck(event, payload));
    // In waves: more than a connection may have waiting at once would be refused before it is looked at.
    for (let wave = 0; wave < 4; wave++) {
      for (let i = 0; i < 400; i++) {
        say('gossip', { i });
        say('op', { no: 'frame' });
        say('unsubscribe', { channel: 'queue', key: 'x' });
        say('op', { name: 'no.such', input: {} });
      }
      await Promise.all(answers);
    }
    const replies: Reply[] = (await Promise.all(answers)).map((raw) => replySchema.parse(raw));
    const limited = replies.filter((reply) => !reply.ok && reply.error.code === 'RATE_LIMITED');
    expect(limited.length).toBeGreaterThan(300);
    expect(replies.length - limited.length).toBeGreaterThan(5_000);
    refused.parse(limited[0]);
    inAMinute();
    expect((await client.http('/api/v1/account/me')).status).toBe(200);
  });
});

test('each limit by itself: full, refused with the time to wait, and free again a minute later', async () => {
  const limits = new RateLimits(0.01);
  for (let i = 0; i < 60; i++) await limits.address('1.2.3.4');
  await expect(limits.address('1.2.3.4')).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    details: { retryAfterSeconds: 60 },
  });
  await limits.address('1.2.3.5');
  await limits.signIn('1.2.3.4', 'a@b.c');
  await expect(limits.signIn('1.2.3.4', 'd@e.f')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  inAMinute();
  await limits.address('1.2.3.4');
  await limits.signIn('1.2.3.4', 'd@e.f');
});
