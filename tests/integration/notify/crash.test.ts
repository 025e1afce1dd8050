import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { hubEnvironment } from '../../support/hub.ts';
import { bundleHub, startHubProcess, type HubProcess } from '../../support/hubProcess.ts';
import { announce, only } from '../../support/providers/people.ts';
import { LocalProvider } from '../../support/providers/httpServer.ts';
import { TestClient } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

/** Twilio has no idempotency key: the hardest case for “never twice”. */
const twilio = new LocalProvider(() => ({ status: 201, body: JSON.stringify({ sid: 'SM1' }) }));
let database: TestDatabase;
let hub: HubProcess | undefined;
let env: Readonly<Record<string, string>>;
let bundle: string;

beforeAll(async () => {
  const twilioUrl = await twilio.start();
  [database, bundle] = await Promise.all([testDatabase(), bundleHub()]);
  ({ env } = hubEnvironment(database, {
    TWILIO_ACCOUNT_SID: 'AC123',
    TWILIO_AUTH_TOKEN: 'twilio-auth-token',
    TWILIO_FROM: '+15005550006',
    TWILIO_API_URL: twilioUrl,
    NADI_SEND_TIMEOUT_MS: '20000',
  }));
});
afterAll(async () => {
  await hub?.close();
  await twilio.close();
  await database.drop();
});

test('[E4] a hub that is killed while it sends: what was waiting goes out once, what was under way is shown, not repeated', async () => {
  hub = await startHubProcess(env, bundle);
  const [admin, patient] = await Promise.all([TestClient.as(hub.url, 'admin'), TestClient.as(hub.url, 'patient')]);
  const accountId = patient.signedIn.account.id;
  await patient.call('notify.setPreferences', { channels: only('announcement', 'sms') });
  await database.db
    .collection('notifySettings')
    .updateOne({ _id: accountId as never }, { $set: { phone: { number: '+919845011001', verifiedAt: 1 } } });

  // One message hangs at the provider; a second one waits for the night to end, and is made due while no hub runs.
  twilio.usual = () => 'hang';
  const first = await announce(admin, ['patient'], 'Under way');
  await until('the first to be at the provider', () => twilio.received.length === 1);
  await patient.call('notify.setPreferences', { quiet: { from: 0, to: 0, zone: 'Asia/Kolkata' } });
  const second = await announce(admin, ['patient'], 'Waiting');
  const deliveries = database.db.collection('deliveries');
  const of = (announcementId: string) => ({ accountId, 'message.announcementId': announcementId });
  await until('the second to wait', () => deliveries.findOne({ ...of(second.announcementId), state: 'pending' }));
  admin.close();
  patient.close();
  await hub.kill();

  // Its lease has run out, as it would by itself after less than a minute.
  await deliveries.updateMany({ state: { $in: ['pending', 'sending'] } }, { $set: { due: Date.now() - 1 } });
  twilio.usual = () => ({ status: 201, body: JSON.stringify({ sid: 'SM2' }) });
  const others = await Promise.all([startHubProcess(env, bundle), startHubProcess(env, bundle)]);
  hub = others[0];
  try {
    await until('the second to be sent', () => deliveries.findOne({ ...of(second.announcementId), state: 'sent' }), {
      timeoutMs: 30_000,
    });
    await until('the first to be known as unknown', () =>
      deliveries.findOne({ ...of(first.announcementId), state: 'unknown', reason: 'process-ended' }),
    );
    expect(twilio.received).toHaveLength(2);
    const again = await TestClient.as(others[1].url, 'admin');
    const { deliveries: shown } = await again.call('notify.deadLetters', {});
    // Others may have been under way beside it when the process was killed.
    expect(shown.filter((one) => one.channel === 'sms')).toMatchObject([
      { channel: 'sms', state: 'unknown', reason: 'process-ended' },
    ]);
    again.close();
  } finally {
    await others[1].close();
  }
});
