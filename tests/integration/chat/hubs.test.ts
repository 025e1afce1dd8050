import { afterAll, beforeAll, test } from 'vitest';
import { receiptsState, typingState, unreadState } from '../../../shared/contract/chat.ts';
import { readiness } from '../../../shared/contract/routes.ts';
import { testHub, type TestHub } from '../../support/hub.ts';
import { startRedis, type RedisProcess } from '../../support/redisProcess.ts';
import { until } from '../../support/until.ts';
import { heard, snapshot, takePlace } from './support.ts';

/** So rarely looked into the database that whatever arrives in time came over the bus. */
const rarely = { NADI_TAIL_MS: '60000' };

let redis: RedisProcess;
let here: TestHub;
let there: TestHub;
beforeAll(async () => {
  redis = await startRedis();
  here = await testHub({ ...rarely, REDIS_URL: redis.url });
  there = await testHub({}, here);
  for (const hub of [here, there]) {
    await until('the bus', async () => readiness.parse(await (await fetch(`${hub.url}/readyz`)).json()).checks.bus.ok);
  }
});
afterAll(async () => {
  await there.close();
  await here.close();
  await redis.stop();
});

test('[E1 I2] over two hubs and the bus: messages, unread, receipts and typing, at once', async () => {
  const [patient, doctor] = [await here.as('patient'), await there.as('doctor')];
  const threadId = (await takePlace(here, patient)).entryId;
  const account = doctor.signedIn.account.id;
  await doctor.subscribe('unread', account);
  await snapshot(doctor, threadId);
  await doctor.subscribe('typing', threadId);
  await patient.subscribe('receipts', threadId);
  await patient.call('chat.typing', { threadId });
  await doctor.view('typing', threadId, typingState, (state) => state.people.length === 1, 'typing');
  const { seq } = await patient.call('chat.send', { threadId, text: 'hello' });
  await heard(doctor, threadId, (event) => event.seq === seq, 'the message');
  await doctor.view('typing', threadId, typingState, (state) => state.people.length === 0, 'typing to be over');
  await doctor.view('unread', account, unreadState, (state) => state.threads[threadId] === 1, 'one unread');
  await doctor.call('chat.read', { threadId, seq });
  await patient.view(
    'receipts',
    threadId,
    receiptsState,
    (state) => state.readers.some((one) => one.side === 'doctor' && one.readSeq === seq),
    'read',
  );
});
