import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spooledRecordings, type SpooledRecording } from '../../shared/contract/sfuRecording.ts';
import { until } from '../support/until.ts';
import { person, serveCallPage, type CallPage, type Person } from './support/callBrowser.ts';
import { startMediaNode, type MediaNode } from './support/mediaNode.ts';
import { correlate, decode, Voice, voiceRate, type Match } from './support/voice.ts';

type Side = 'doctor' | 'patient';
const sides = ['doctor', 'patient'] as const;
const other = { doctor: 'patient', patient: 'doctor' } as const;
/** Compared in stretches so long: long enough for a sharp peak, short enough to tell where. */
const stretchMs = 500;
const reachMs = 150;

/** Both speakers as they spoke against both files as a browser decodes them. */
describe('[D6] what was said is in the file, at its time, and nothing of the other', { timeout: 120_000 }, () => {
  const room = randomUUID();
  const started: AsyncDisposable[] = [];
  const peer = { doctor: 'doctor-1', patient: 'patient-1' };
  let node: MediaNode;
  let voices: Record<Side, Voice>;
  let pages: Record<Side, CallPage>;
  /** When somebody said nothing that could be heard, wall time, ms. */
  const quiet: Record<Side, [number, number][]> = { doctor: [], patient: [] };

  beforeAll(async () => {
    started.push((node = await startMediaNode()));
    const site = await serveCallPage();
    started.push(site);
    const people = await Promise.all([
      person(site.url, 440, { u: 100, v: 190 }),
      person(site.url, 700, { u: 1, v: 1 }),
    ]);
    started.push(...people);
    const from = Date.now();
    voices = { doctor: new Voice(1, from), patient: new Voice(2, from) };
    const open = async (who: Person, side: Side): Promise<CallPage> =>
      await who.open({
        prepare: (page) => voices[side].speakIn(page),
        freshTicket: async () => ({ url: node.url, grant: await grantOf(side) }),
      });
    const [doctor, patient] = await Promise.all([open(people[0], 'doctor'), open(people[1], 'patient')]);
    pages = { doctor, patient };
  });
  afterAll(async () => {
    for (const part of started.reverse()) await part[Symbol.asyncDispose]();
  });

  const grantOf = (side: Side): Promise<string> =>
    node.grant({
      room,
      peer: peer[side],
      role: side,
      may: { publish: true, subscribe: true, record: side === 'doctor' },
    });
  const join = async (side: Side): Promise<void> => {
    const address = [node.url, await grantOf(side)] as const;
    await pages[side].page.evaluate(([to, grant]) => window.call.join(to, grant, { camera: false }), address);
  };
  const consent = async (side: Side): Promise<void> => {
    const token = await node.consent(room, peer[side]);
    await pages[side].page.evaluate((shown) => window.call.room.consent(shown), token);
  };
  const recorder = (): Promise<string> => pages.doctor.page.evaluate(() => window.call.room.recording.state);
  const running = (): Promise<unknown> =>
    until('the recorder runs', async () => (await recorder()) === 'on', { timeoutMs: 30_000 });
  const spoken = async (ms: number): Promise<void> => {
    const from = Date.now();
    await until('they have spoken for a while', () => Date.now() - from >= ms);
  };
  const silentWhile = async (who: readonly Side[], work: () => Promise<void>): Promise<void> => {
    const from = Date.now();
    await work();
    for (const side of who) quiet[side].push([from - 200, Date.now() + 1_000]);
  };
  const bothHeard = (): Promise<unknown> =>
    until(
      'both hear each other',
      async () =>
        (await Promise.all(sides.map((side) => pages[side].page.evaluate(() => window.call.loudest())))).every(
          (hertz) => hertz > 0,
        ),
      { timeoutMs: 30_000 },
    );

  test('over mutes, a reload and a killed worker', async () => {
    await Promise.all(sides.map(join));
    await bothHeard();
    await Promise.all(sides.map(consent));
    await pages.doctor.page.evaluate(() => window.call.room.startRecording());
    await running();
    await spoken(3_000);
    for (const side of sides) {
      await silentWhile([side], async () => {
        await pages[side].page.evaluate(() => window.call.room.setMicrophone(false));
        await spoken(700);
        await pages[side].page.evaluate(() => window.call.room.setMicrophone(true));
      });
      await spoken(2_000);
    }
    await silentWhile(['patient'], async () => {
      await pages.patient.page.reload();
      await pages.patient.page.waitForFunction(() => 'call' in window);
      await join('patient');
      await bothHeard();
    });
    await spoken(2_500);
    await silentWhile(sides, async () => {
      const [worker] = await node.workers();
      process.kill(worker?.pid ?? Number.NaN, 'SIGKILL');
      await until('the worker is another', async () => {
        const [now] = await node.workers();
        return now?.alive === true && now.pid !== worker?.pid;
      });
      await bothHeard();
      await running();
    });
    await spoken(3_000);
    await pages.doctor.page.evaluate(() => window.call.room.stopRecording());
    const cards = await until('both files are complete', async () => {
      const { recordings } = spooledRecordings.parse((await node.control('/control/recordings')).body);
      return recordings.length === 2 && recordings.every((one) => one.complete) && recordings;
    });
    expect(cards.every((one) => !one.interrupted && one.startedAt === cards[0]?.startedAt)).toBe(true);

    const heard = await Promise.all(
      sides.map(async (side) => {
        const card = cards.find((one) => one.peer === peer[side]);
        if (!card) throw new Error(`no file of the ${side}`);
        return { side, card, file: await decode(pages[side].page, await contentOf(card)) };
      }),
    );
    for (const { side, card, file } of heard) {
      expect(Math.abs((file.length / voiceRate) * 1000 - card.lengthMs)).toBeLessThan(50);
      const own = stretches(card, side).map((at) => find(voices[side], file, card, at));
      const others = stretches(card, side).map((at) => find(voices[other[side]], file, card, at));
      expect(own.length).toBeGreaterThan(10);
      // A busy machine may lose one or the other on its way to the node, as a network does.
      const found = own.filter((one) => one.peak >= 0.8);
      expect(found.length).toBeGreaterThanOrEqual(own.length * 0.9);
      expect(Math.max(...found.map((one) => Math.abs(one.lagMs)))).toBeLessThanOrEqual(60);
      expect(Math.max(...others.map((one) => one.peak))).toBeLessThanOrEqual(0.2);
    }
  });

  async function contentOf(card: SpooledRecording): Promise<Buffer> {
    const headers = { authorization: `Bearer ${node.secret}` };
    const response = await fetch(new URL(`/control/recordings/${card.id}`, node.url), { headers });
    return Buffer.from(await response.arrayBuffer());
  }

  /** Wall times of the stretches in which this side could be heard throughout. */
  function stretches(card: SpooledRecording, side: Side): number[] {
    const count = Math.floor((card.lengthMs - reachMs) / stretchMs);
    const all = Array.from({ length: count }, (_, index) => card.startedAt + reachMs + index * stretchMs);
    return all.filter((at) => !quiet[side].some(([from, to]) => at + stretchMs > from && at < to));
  }

  function find(voice: Voice, file: Float32Array, card: SpooledRecording, at: number): Match {
    const said = voice.said(at, (stretchMs / 1000) * voiceRate);
    const position = Math.round(((at - card.startedAt) / 1000) * voiceRate);
    return correlate(said, file, position, (reachMs / 1000) * voiceRate);
  }
});
