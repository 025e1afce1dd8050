import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  channelOf,
  isChannelName,
  isOperationName,
  methodOf,
  operationOf,
  operations,
  channels,
  pathOf,
  type OperationName,
} from '../../../shared/contract/index.ts';
import { routes } from '../../../shared/contract/routes.ts';
import { reply as replySchema, contractVersion, type Reply } from '../../../shared/contract/wire.ts';
import { errorStatus, isErrorCode } from '../../../shared/errors.ts';
import { mayUse, permissionSets, type Needs, type Role } from '../../../shared/permissions.ts';
import { RawWebSocket } from '../../support/rawSocket.ts';
import { until } from '../../support/until.ts';
import { expectedChannels, expectedOperations, expectedRoutes, people, type Person, type Things } from './expected.ts';
import { nothing, twoClinics, type TwoClinics } from './twoClinics.ts';

/** Every operation, channel and route × who asks × over which transport, on a real hub with two clinics. */
let stage: TwoClinics;
let none: Things;
/** What came back to whom from requests that had to be refused. */
const answered = new Map<Person | 'visitor', string[]>();
let asked = 0;

beforeAll(async () => {
  stage = await twoClinics();
  none = nothing(stage.things);
});
afterAll(async () => {
  process.stdout.write(`    access matrix: ${asked} requests\n`);
  await stage.close();
});

type Asker = Person | 'visitor';
const refusals: readonly string[] = ['UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND'];
const codeOf = (reply: Reply): string => (reply.ok ? 'OK' : reply.error.code);
/** A reply without what differs every time. */
const bare = (reply: Reply): unknown => (reply.ok ? reply : { ...reply.error, traceId: '' });
const note = (who: Asker, what: unknown): void =>
  void answered.set(who, [...(answered.get(who) ?? []), JSON.stringify(what)]);
const holderOf: Readonly<
  Record<Person, { roles: readonly Role[]; permissionSets: readonly (typeof permissionSets)[number][] }>
> = {
  ...{ patient: of('patient'), guardian: of('patient'), stranger: of('patient'), elsewhere: of('patient') },
  ...{ doctor: of('doctor'), colleague: of('doctor'), doctorB: of('doctor'), admin: of('admin'), adminB: of('admin') },
  reception: { roles: ['staff'], permissionSets: ['reception'] },
  nurse: { roles: ['staff'], permissionSets: ['nurse'] },
  billing: { roles: ['staff'], permissionSets: ['billing'] },
  staffB: { roles: ['staff'], permissionSets },
};
function of(role: Role) {
  return { roles: [role], permissionSets: [] };
}

/** What principle 2 says to somebody who may not: a role that may never, then what cannot be seen. */
function refusalOf(who: Asker, needs: Needs): string {
  if (who === 'visitor') return 'UNAUTHENTICATED';
  return mayUse(holderOf[who], needs) ? 'NOT_FOUND' : 'FORBIDDEN';
}
function needsOf(name: OperationName): Needs | null {
  const { roles, permission } = operationOf(name);
  return roles === 'public' ? null : { roles, permission };
}
const mayOf = (name: OperationName): readonly Asker[] => {
  const { may } = expectedOperations[name];
  const needs = needsOf(name);
  if (may === 'public') return ['visitor', ...people];
  return may === 'own' ? people.filter((who) => needs !== null && mayUse(holderOf[who], needs)) : may;
};

async function overHttp(who: Asker, name: OperationName, input: Record<string, unknown>): Promise<Reply> {
  asked += 1;
  const get = methodOf(operationOf(name)) === 'get';
  const query = new URLSearchParams(Object.entries(input).map(([key, value]) => [key, String(value)]));
  const response = await fetch(`${stage.hub.url}${pathOf(name)}${get ? `?${query.toString()}` : ''}`, {
    method: get ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(who === 'visitor' ? {} : { authorization: `Bearer ${stage.clients[who].signedIn.accessToken}` }),
    },
    ...(get ? {} : { body: JSON.stringify(input) }),
  });
  const reply = replySchema.parse(await response.json());
  if (!reply.ok && isErrorCode(reply.error.code)) expect(response.status).toBe(errorStatus[reply.error.code]);
  return reply;
}
async function overSocket(who: Person, name: OperationName, input: Record<string, unknown>): Promise<Reply> {
  asked += 1;
  return await stage.clients[who].op(name, input);
}

const names = Object.keys(operations).filter(isOperationName);
const overSockets = (name: OperationName): boolean => operationOf(name).transports?.includes('socket') !== false;

// Thousands of requests: on a busy machine that takes a while.
describe('[A4 A7] who may do what', { timeout: 300_000 }, () => {
  test('the tables name every operation, channel and route, and their inputs fit', () => {
    expect(Object.keys(expectedOperations).sort()).toEqual([...names].sort());
    expect(Object.keys(expectedChannels).sort()).toEqual(Object.keys(channels).sort());
    expect(Object.keys(expectedRoutes).sort()).toEqual(Object.keys(routes).sort());
    for (const name of names) {
      const fits = operationOf(name).input.safeParse(expectedOperations[name].input(stage.things)).success;
      expect([name, fits]).toEqual([name, true]);
      // Nobody is in the table whom the contract's roles keep out, and whoever is public is so there too.
      const needs = needsOf(name);
      expect([name, expectedOperations[name].may === 'public']).toEqual([name, needs === null]);
      for (const who of mayOf(name)) {
        if (who !== 'visitor' && needs) expect([name, who, mayUse(holderOf[who], needs)]).toEqual([name, who, true]);
      }
    }
  });

  test('everybody else is refused every operation, over both transports, as if it did not exist', async () => {
    const wrong: unknown[] = [];
    const judge = (what: unknown[], found: unknown, expected: unknown): void => {
      if (!isDeepStrictEqual(found, expected)) wrong.push([...what, found, expected]);
    };
    for (const name of names) {
      const needs = needsOf(name);
      if (needs === null) continue;
      const may = mayOf(name);
      const { input, sees = [], known = [] } = expectedOperations[name];
      const ghost: Things = { ...none, ...Object.fromEntries(known.map((one) => [one, stage.things[one]])) };
      const refuse = async (who: Asker): Promise<void> => {
        const code = sees.some((one) => one === who) ? 'FORBIDDEN' : refusalOf(who, needs);
        const http = await overHttp(who, name, input(stage.things));
        note(who, http);
        judge([name, who, 'HTTP'], codeOf(http), code);
        judge([name, who, 'details'], http.ok ? null : http.error.details, undefined);
        if (who === 'visitor' || !overSockets(name)) return;
        const real = await overSocket(who, name, input(stage.things));
        note(who, real);
        judge([name, who, 'socket'], codeOf(real), code);
        // What is somebody else's is answered exactly like what does not exist.
        if (code === 'NOT_FOUND') judge([name, who], bare(real), bare(await overSocket(who, name, input(ghost))));
      };
      await Promise.all((['visitor', ...people] as const).filter((who) => !may.includes(who)).map(refuse));
    }
    expect(wrong).toEqual([]);
  });

  test('everybody else is refused every channel', async () => {
    for (const [channel, keys] of Object.entries(expectedChannels)) {
      if (!isChannelName(channel)) continue;
      const { roles, permission } = channelOf(channel);
      for (const { may, key } of keys) {
        if (may === 'public' || roles === 'public') continue;
        const refuse = async (who: Person): Promise<void> => {
          const code = refusalOf(who, { roles, permission });
          for (const since of [undefined, { epoch: 1, seq: 1 }]) {
            asked += 2;
            const real = await stage.clients[who].subscribeReply(channel, key(stage.things), since);
            note(who, real);
            expect([channel, who, codeOf(real)]).toEqual([channel, who, code]);
            expect(bare(real)).toEqual(bare(await stage.clients[who].subscribeReply(channel, key(none), since)));
          }
        };
        await Promise.all(people.filter((one) => !may.includes(one)).map(refuse));
      }
    }
  });

  test('a visitor’s socket gets public operations and channels, and nothing else', async () => {
    const socket = await RawWebSocket.open(stage.hub.url);
    socket.text(`40${JSON.stringify({ token: null, contract: contractVersion })}`);
    await until('the connection', () => socket.received.includes('40{"sid"'));
    let sent = 0;
    const ask = async (event: string, payload: unknown): Promise<string> => {
      asked += 1;
      const id = ++sent;
      socket.text(`42${id}${JSON.stringify([event, payload])}`);
      const answer = new RegExp(`^43${id}(\\[.*)$`, 'm');
      const found = await until('an answer', () => answer.exec(socket.received)?.[1]);
      return codeOf(z.tuple([replySchema]).parse(JSON.parse(found))[0]);
    };
    for (const name of names.filter(overSockets)) {
      if (needsOf(name) === null) continue;
      expect([name, await ask('op', { name, input: expectedOperations[name].input(stage.things) })]).toEqual([
        name,
        'UNAUTHENTICATED',
      ]);
    }
    for (const [channel, keys] of Object.entries(expectedChannels)) {
      for (const { may, key } of keys) {
        const code = await ask('subscribe', { channel, key: key(stage.things) });
        expect([channel, code]).toEqual([channel, may === 'public' ? 'OK' : 'FORBIDDEN']);
        if (may !== 'public') continue;
        // The key is the secret: a forged one opens nothing.
        expect([channel, await ask('subscribe', { channel, key: key(none) })]).toEqual([channel, 'NOT_FOUND']);
      }
    }
    const { secrets } = stage;
    for (const text of Object.values({ ...secrets, ids: [] }).flat()) expect(socket.received).not.toContain(text);
    socket.close();
  });

  test('everybody else is refused every route', async () => {
    for (const [name, { may, path, roles }] of Object.entries(expectedRoutes)) {
      for (const who of ['visitor', ...people] as const) {
        asked += 1;
        const method = name === 'upload' || name.endsWith('Hook') ? 'POST' : 'GET';
        const response = await fetch(`${stage.hub.url}${path(stage.things)}`, {
          method,
          headers: who === 'visitor' ? {} : { authorization: `Bearer ${stage.clients[who].signedIn.accessToken}` },
        });
        const body = await response.text();
        const code = /"code":"([A-Z_]+)"/.exec(body)?.[1] ?? 'OK';
        const allowed =
          may === 'public' || (may === 'own' && who !== 'visitor') || (Array.isArray(may) && may.includes(who));
        if (allowed) {
          expect([name, who, refusals.includes(code) && response.status !== 503]).toEqual([name, who, false]);
          continue;
        }
        note(who, body);
        const wrongRole = who !== 'visitor' && roles !== undefined && !mayUse(holderOf[who], { roles });
        const expected =
          may === 'nobody'
            ? 'NOT_FOUND'
            : who === 'visitor'
              ? 'UNAUTHENTICATED'
              : wrongRole
                ? 'FORBIDDEN'
                : 'NOT_FOUND';
        expect([name, who, code]).toEqual([name, who, expected]);
      }
    }
  });

  test('those who may are let in, and nothing of it reaches the others', async () => {
    // Whoever may listens, so that there is something to leak.
    for (const [channel, keys] of Object.entries(expectedChannels)) {
      for (const { may, key } of keys) {
        const listen = async (who: Person): Promise<void> => {
          asked += 1;
          const reply = await stage.clients[who].subscribeReply(channel, key(stage.things));
          expect([channel, who, codeOf(reply)]).toEqual([channel, who, 'OK']);
        };
        await Promise.all((may === 'public' ? people : may).map(listen));
      }
    }
    const kept: unknown[] = [];
    for (const name of Object.keys(expectedOperations).filter(isOperationName)) {
      if (name === 'auth.logout' || name === 'auth.revokeOthers') continue;
      const { may, input, once } = expectedOperations[name];
      if (may === 'public') continue;
      const [first] = mayOf(name);
      const ask = async (who: Asker): Promise<void> => {
        const socket = overSockets(name);
        const given = input(stage.things);
        const reply =
          who !== 'visitor' && socket ? await overSocket(who, name, given) : await overHttp(who, name, given);
        const code = codeOf(reply);
        if (refusals.includes(code) && !(once && who !== first)) kept.push([name, who, code]);
      };
      // Of one's own each has another; what is one and the same is asked for in turn.
      if (may === 'own') await Promise.all(mayOf(name).map(ask));
      else for (const who of mayOf(name)) await ask(who);
    }
    expect(kept).toEqual([]);
    // Signing out ends one's own sign-ins, and nobody else's.
    const { elsewhere, patient } = stage.clients;
    await elsewhere.call('auth.revokeOthers', {});
    expect(codeOf(await overHttp('elsewhere', 'auth.logout', { everywhere: true }))).toBe('OK');
    await until('the socket to be cut', () => !elsewhere.socket.connected);
    expect(codeOf(await overHttp('elsewhere', 'account.me', {}))).toBe('UNAUTHENTICATED');
    expect((await patient.http(pathOf('account.me'))).status).toBe(200);

    const { patient: names_, reason, visitChat, waitingChat, teamChat, triage, ids } = stage.secrets;
    const all = [...names_, ...reason, ...visitChat, ...waitingChat, ...teamChat, ...triage, ...ids];
    const hidden: Partial<Record<Asker, readonly string[]>> = {
      ...{ visitor: all, elsewhere: all, doctorB: all, staffB: all, adminB: all },
      stranger: all,
      colleague: [...reason, ...visitChat, ...waitingChat, ...triage],
      ...{ reception: [...visitChat, ...triage], nurse: visitChat, admin: visitChat },
      billing: [...visitChat, ...waitingChat, ...triage],
      ...{ patient: teamChat, guardian: teamChat },
    };
    const leaks = Object.entries(hidden).flatMap(([who, texts]) => {
      const bytes = [
        ...(answered.get(isAsker(who) ? who : 'visitor') ?? []),
        ...(isPerson(who) ? stage.clients[who].raw : []),
      ].join('\n');
      return texts.filter((text) => bytes.includes(text)).map((text) => `${who}: ${text}`);
    });
    expect(leaks).toEqual([]);
    // The same eyes see it where it is to be seen.
    expect(stage.clients.doctor.raw.join()).toContain(visitChat[0]);
    expect(stage.clients.nurse.raw.join()).toContain(triage[0]);
    expect(stage.clients.reception.raw.join()).toContain(waitingChat[0]);
  });
});

function isPerson(who: string): who is Person {
  return people.some((one) => one === who);
}
function isAsker(who: string): who is Asker {
  return who === 'visitor' || isPerson(who);
}
