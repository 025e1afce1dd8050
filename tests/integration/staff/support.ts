import { z } from 'zod';
import { demoPassword } from '../../../server/seed/people.ts';
import { parseOutput, pathOf, type CallOf, type OperationName, type OutputOf } from '../../../shared/contract/index.ts';
import { reply } from '../../../shared/contract/wire.ts';
import type { TestHub } from '../../support/hub.ts';
import { TestClient, toError } from '../../support/TestClient.ts';
import { until } from '../../support/until.ts';

const uploaded = z.object({ id: z.string() });
export const proof = demoPassword;
export const password = 'a long enough password';

/** One operation over HTTP without a sign-in. */
export async function publicly<N extends OperationName>(hub: TestHub, name: N, input: CallOf<N>): Promise<OutputOf<N>> {
  const response = await fetch(`${hub.url}${pathOf(name)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  const answer = reply.parse(await response.json());
  if (!answer.ok) throw toError(answer);
  return parseOutput(name, answer.data);
}

/** The word in the newest mail to an address that leads to a page. */
export async function wordFor(hub: TestHub, to: string, page = 'welcome'): Promise<string> {
  const mails = hub.database.db.collection('shownMessages');
  const mail = await until(`a mail to ${to}`, () =>
    mails.findOne({ to, text: { $regex: `/${page}#` } }, { sort: { at: -1 } }),
  );
  const [, word = ''] = new RegExp(`/${page}#(\\S+)`).exec(String(mail['text'])) ?? [];
  return word;
}

/** Comes in by the link of the mail, signs in and connects. */
export async function comeIn(
  hub: TestHub,
  email: string,
  patient?: CallOf<'auth.acceptInvitation'>['patient'],
): Promise<TestClient> {
  const word = await wordFor(hub, email);
  await publicly(hub, 'auth.acceptInvitation', { word, newPassword: password, ...(patient ? { patient } : {}) });
  return await TestClient.signedIn(hub.url, email, password);
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'OK',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown'),
  );
}

export const profile = {
  ...{ specialty: 'Dermatology', qualification: 'MBBS, MD', registrationNumber: 'KMC 90210', council: 'KA' },
  ...{ registrationYear: 2009, experienceYears: 12, feePaise: 60_000, education: 'Bengaluru', affiliation: null },
  ...{ languages: ['en', 'kn'], bio: null },
} satisfies CallOf<'application.save'>['profile'];

/** Uploads a small PDF. Returns its id. */
export async function uploadPaper(client: TestClient, name = 'registration.pdf'): Promise<string> {
  const response = await client.http('/api/v1/files', {
    method: 'POST',
    headers: { 'content-type': 'application/pdf', 'x-file-name': name },
    raw: Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n'),
  });
  const answer = reply.parse(await response.json());
  if (!answer.ok) throw toError(answer);
  return uploaded.parse(answer.data).id;
}
