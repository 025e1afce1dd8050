import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GrantClaims } from '../../shared/contract/sfu.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { person, serveCallPage, type CallPage, type PageOptions, type Person } from './support/callBrowser.ts';
import { startMediaNode, type MediaNode } from './support/mediaNode.ts';
import { tcpRelay, udpRelay, type Relay } from './support/relays.ts';

const slow = { timeoutMs: 60_000, everyMs: 200 };
const doctorTone = 440;
const patientTone = 700;

/** Two real browsers, each with a picture and a tone of its own, in one room on a real worker. */
describe('a call between two browsers', { timeout: 180_000 }, () => {
  let node: MediaNode;
  /** In the order of their start; stopped backwards. */
  const started: AsyncDisposable[] = [];
  let doctor: Person;
  let patient: Person;
  let signalRelay: Relay;
  let mediaRelay: Relay;
  let room: string;
  let pages: CallPage[] = [];

  beforeAll(async () => {
    const rtcPort = await freePort();
    started.push((node = await startMediaNode({}, { rtcPort })));
    started.push((signalRelay = await tcpRelay(Number(new URL(node.url).port))));
    started.push((mediaRelay = await udpRelay(rtcPort)));
    const site = await serveCallPage();
    started.push(site);
    // Chroma of a reddish and a bluish picture.
    [doctor, patient] = await Promise.all([
      person(site.url, doctorTone, { u: 100, v: 190 }),
      person(site.url, patientTone, { u: 190, v: 100 }),
    ]);
    started.push(doctor, patient);
  });
  afterAll(async () => {
    for (const part of started.reverse()) await part[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    room = randomUUID();
    pages = [];
  });
  afterEach(async () => {
    signalRelay.block(false);
    mediaRelay.block(false);
    await node.control(`/control/rooms/${room}/close`, { reason: 'ended' });
    for (const { page } of pages) await page.context().close();
  });

  const grantOf = (who: Partial<GrantClaims>): Promise<string> => node.grant({ room, ...who });
  const asDoctor = { peer: 'doctor-1', role: 'doctor' } as const;
  const asPatient = { peer: 'patient-1', role: 'patient' } as const;

  async function open(who: Person, claims: Partial<GrantClaims>, options: PageOptions = {}, url = node.url) {
    const opened = await who.open({ freshTicket: async () => ({ url, grant: await grantOf(claims) }), ...options });
    pages.push(opened);
    return opened;
  }

  async function join({ page }: CallPage, claims: Partial<GrantClaims>, url = node.url): Promise<void> {
    await page.evaluate(([to, grant]) => window.call.join(to, grant), [url, await grantOf(claims)] as const);
    expect(await stateOf({ page })).toBe('live');
  }

  /** Both in the room, seeing and hearing each other. The doctor's way may lead through the relays. */
  async function call(options: PageOptions = {}, doctorUrl = node.url): Promise<[CallPage, CallPage]> {
    const [a, b] = await Promise.all([open(doctor, asDoctor, options, doctorUrl), open(patient, asPatient)]);
    await Promise.all([join(a, asDoctor, doctorUrl), join(b, asPatient)]);
    await Promise.all([seesMovingPicture(a), seesMovingPicture(b)]);
    return [a, b];
  }

  it('carries moving pictures and sound both ways', async () => {
    const [a, b] = await call();
    // Each sees the other's colour, not their own, and hears the other's tone.
    expect((await colours(a)).blue).toBeGreaterThan((await colours(a)).red + 30);
    expect((await colours(b)).red).toBeGreaterThan((await colours(b)).blue + 30);
    await hears(a, patientTone);
    await hears(b, doctorTone);
    await grows('sound energy at both', async () =>
      Math.min(await inbound(a, 'microphone', 'audioEnergy'), await inbound(b, 'microphone', 'audioEnergy')),
    );
    await until('simulcast layers are sent', async () => ((await statsOf(a))?.outbound.camera?.layers ?? 0) >= 2, slow);
    expect(a.ticketsAsked() + b.ticketsAsked()).toBe(0);
    await until('a hint of the quality', () => a.page.evaluate(() => window.call.room.quality !== 'unknown'), slow);
  });

  it('mutes and unmutes, switches the camera off and on, and the other side is told', async () => {
    const [a, b] = await call();
    await hears(b, doctorTone);
    await a.page.evaluate(() => window.call.room.setMicrophone(false));
    await until('the patient is told of the mute', async () => (await remoteOf(b))?.microphone?.paused === true, slow);
    await until('silence', async () => (await b.page.evaluate(() => window.call.loudest())) === 0, slow);
    const energy = await inbound(b, 'microphone', 'audioEnergy');
    await grows('frames while muted', () => inbound(b, 'camera', 'framesDecoded'));
    expect(await inbound(b, 'microphone', 'audioEnergy')).toBeCloseTo(energy, 3);
    await a.page.evaluate(() => window.call.room.setMicrophone(true));
    await hears(b, doctorTone);

    await a.page.evaluate(() => window.call.room.setCamera(false));
    expect((await localOf(a)).camera).toEqual({ wanted: false, on: false, starting: false, problem: undefined });
    await until('the patient is told of the camera', async () => (await remoteOf(b))?.camera?.paused === true, slow);
    const frames = await settled(() => inbound(b, 'camera', 'framesDecoded'));
    await grows('sound goes on', () => inbound(b, 'microphone', 'audioEnergy'));
    expect(await inbound(b, 'camera', 'framesDecoded')).toBe(frames);
    await a.page.evaluate(() => window.call.room.setCamera(true));
    await seesMovingPicture(b);
  });

  it('takes the same seat after a reload', async () => {
    const [a, b] = await call();
    const before = await remoteOf(a);
    await b.page.reload();
    await b.page.waitForFunction(() => 'call' in window);
    await join(b, asPatient);
    await Promise.all([seesMovingPicture(a), seesMovingPicture(b)]);
    await hears(a, patientTone);
    const after = await remoteOf(a);
    expect(after?.id).toBe(before?.id);
    expect(after?.camera?.producer).not.toBe(before?.camera?.producer);
    expect((await node.room(room))?.peers.map(({ peer }) => peer).sort()).toEqual(['doctor-1', 'patient-1']);
  });

  it('tells the older of two pages that it was replaced, and that one stays quiet', async () => {
    const [a, b] = await call();
    const second = await open(patient, asPatient);
    await join(second, asPatient);
    await until('the first page is replaced', async () => (await stateOf(b)) === 'replaced', slow);
    await seesMovingPicture(second);
    await seesMovingPicture(a);
    expect(await stateOf(b)).toBe('replaced');
    expect((await localOf(b)).camera.on).toBe(false);
    expect(b.ticketsAsked()).toBe(0);
  });

  it('survives a lost signalling connection with a new socket for the same seat', async () => {
    const [a, b] = await call({}, `http://localhost:${signalRelay.port}`);
    const before = await remoteOf(b);
    signalRelay.block(true);
    await until('the doctor is reconnecting', async () => (await stateOf(a)) === 'reconnecting', slow);
    await until('the patient sees it', async () => (await remoteOf(b))?.state === 'reconnecting', slow);
    // Media does not need signalling.
    await grows('frames meanwhile', () => inbound(b, 'camera', 'framesDecoded'));
    signalRelay.block(false);
    await until('the doctor is live again', async () => (await stateOf(a)) === 'live', slow);
    await until('the patient sees it', async () => (await remoteOf(b))?.state === 'connected', slow);
    expect(await remoteOf(b)).toEqual(before);
    expect(a.ticketsAsked()).toBe(0);
    // The new socket steers: a mute arrives.
    await a.page.evaluate(() => window.call.room.setMicrophone(false));
    await until('the mute arrives', async () => (await remoteOf(b))?.microphone?.paused === true, slow);
  });

  it('restarts ICE when the media path is interrupted', async () => {
    const [a, b] = await call({ mediaPort: mediaRelay.port });
    const before = await remoteOf(b);
    mediaRelay.block(true);
    await until('the doctor is reconnecting', async () => (await stateOf(a)) === 'reconnecting', slow);
    mediaRelay.block(false);
    await until('the doctor is live again', async () => (await stateOf(a)) === 'live', slow);
    await Promise.all([seesMovingPicture(a), seesMovingPicture(b)]);
    expect((await remoteOf(b))?.camera?.producer).toBe(before?.camera?.producer);
    expect(a.ticketsAsked()).toBe(0);
  });

  it('takes new transports when ICE restarts do not help', async () => {
    const [a, b] = await call({ mediaPort: mediaRelay.port });
    const before = await remoteOf(b);
    mediaRelay.block(true);
    await until(
      'the doctor publishes anew',
      async () => {
        const producers = (await remoteOf(b))?.camera?.producer;
        return producers !== before?.camera?.producer;
      },
      slow,
    );
    mediaRelay.block(false);
    await until('the doctor is live again', async () => (await stateOf(a)) === 'live', slow);
    await Promise.all([seesMovingPicture(a), seesMovingPicture(b)]);
    expect(a.ticketsAsked()).toBe(0);
  });

  it('joins anew with a fresh grant when the media worker dies', async () => {
    const [a, b] = await call();
    const [worker] = await node.workers();
    process.kill(worker?.pid ?? Number.NaN, 'SIGKILL');
    await until('both have asked for a fresh grant', () => a.ticketsAsked() > 0 && b.ticketsAsked() > 0, slow);
    await until('both are live', async () => (await stateOf(a)) === 'live' && (await stateOf(b)) === 'live', slow);
    await Promise.all([seesMovingPicture(a), seesMovingPicture(b)]);
    await hears(b, doctorTone);
  });

  it('ends for both when the doctor ends it, and is not repaired', async () => {
    const [a, b] = await call();
    expect(await b.page.evaluate(() => window.call.room.end().catch((error: unknown) => String(error)))).toContain(
      'FORBIDDEN',
    );
    expect(await stateOf(b)).toBe('live');
    await a.page.evaluate(() => window.call.room.end());
    await until('it ended for the patient', async () => (await stateOf(b)) === 'ended', slow);
    expect(await stateOf(a)).toBe('ended');
    expect([(await localOf(a)).camera.on, (await localOf(b)).camera.on]).toEqual([false, false]);
    expect(a.ticketsAsked() + b.ticketsAsked()).toBe(0);
    expect(await node.room(room)).toBeUndefined();
  });

  it('joins without devices that are refused and says why', async () => {
    const a = await open(doctor, asDoctor);
    await a.page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = ({ audio }: MediaStreamConstraints = {}) =>
        Promise.reject(new DOMException('refused by the test', audio ? 'NotAllowedError' : 'NotReadableError'));
    });
    const b = await open(patient, asPatient);
    await Promise.all([join(a, asDoctor), join(b, asPatient)]);
    const { microphone, camera } = await localOf(a);
    expect([microphone.problem, camera.problem]).toEqual(['permission-denied', 'in-use']);
    await seesMovingPicture(a);
  });
});

const stateOf = ({ page }: Pick<CallPage, 'page'>) => page.evaluate(() => window.call.state());
const statsOf = ({ page }: CallPage) => page.evaluate(() => window.call.stats());
const remoteOf = ({ page }: CallPage) => page.evaluate(() => window.call.remote());
const localOf = ({ page }: CallPage) => page.evaluate(() => window.call.local());

/** One counter of what a page receives from the other. */
async function inbound(
  at: CallPage,
  source: 'microphone' | 'camera',
  counter: 'framesDecoded' | 'audioEnergy',
): Promise<number> {
  const found = Object.values((await statsOf(at))?.inbound ?? {}).find((entry) => entry.source === source);
  return found?.[counter] ?? 0;
}

async function grows(what: string, value: () => Promise<number>): Promise<void> {
  const before = await value();
  await until(`${what}: more than ${before}`, async () => (await value()) > before, slow);
}

/** A counter that has stopped: the value it keeps over ten looks. */
async function settled(value: () => Promise<number>): Promise<number> {
  let last = Number.NaN;
  let same = 0;
  await until(
    'a counter stands still',
    async () => {
      const now = await value();
      same = now === last ? same + 1 : 0;
      last = now;
      return same >= 10;
    },
    slow,
  );
  return last;
}

/** Frames are decoded and the picture's content changes. */
async function seesMovingPicture(at: CallPage): Promise<void> {
  await until('a picture arrives', async () => (await inbound(at, 'camera', 'framesDecoded')) > 0, slow);
  await grows('decoded frames', () => inbound(at, 'camera', 'framesDecoded'));
  const seen = new Set<string>();
  await until(
    'three different pictures',
    async () => {
      const picture = await at.page.evaluate(() => window.call.picture());
      if (picture !== undefined) seen.add(picture.print);
      return seen.size >= 3;
    },
    slow,
  );
}

async function colours(at: CallPage): Promise<{ red: number; blue: number }> {
  return until('a picture', () => at.page.evaluate(() => window.call.picture()), slow);
}

/** The loudest tone is the other's, within what the analyser can tell. */
async function hears(at: CallPage, hertz: number): Promise<void> {
  await until(
    `a tone of ${hertz} Hz`,
    async () => Math.abs((await at.page.evaluate(() => window.call.loudest())) - hertz) < 15,
    slow,
  );
}
