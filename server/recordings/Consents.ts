import type { KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { InputOf, OutputOf } from '../../shared/contract/index.ts';
import type { Consent } from '../../shared/contract/recordings.ts';
import { consentClaims, consentType } from '../../shared/contract/sfuRecording.ts';
import type { ConsultationAccess } from '../consult/peers.ts';
import { peerOf } from '../consult/peers.ts';
import type { Access } from '../store/Access.ts';
import type { Repos } from '../store/Repos.ts';
import { derivedId } from '../support/ids.ts';
import type { ConsentDoc } from './documents.ts';

/** A consultation is over by then; the node asks for nothing older. */
const tokenSeconds = 12 * 3600;

export interface ConsentDeps {
  readonly repos: Repos;
  readonly grantKey: KeyObject;
  readonly now: () => number;
}

/** Who agreed to be recorded, to which words, when, and when they took it back. */
export class Consents {
  readonly #deps: ConsentDeps;

  constructor(deps: ConsentDeps) {
    this.#deps = deps;
  }

  /** Stored first, then signed for the node: nobody is recorded on a consent that is not on record. */
  async give(
    access: Access,
    requestId: string,
    { entryId, version, language }: InputOf<'consent.give'>,
  ): Promise<OutputOf<'consent.give'>> {
    const found: ConsultationAccess = await access.consultation(entryId);
    const given: ConsentDoc = {
      _id: derivedId('consent', access.accountId, requestId),
      purpose: 'recording',
      entryId,
      patientId: found.patient._id,
      accountId: access.accountId,
      peer: peerOf(found),
      version,
      language,
      givenAt: this.#deps.now(),
      withdrawnAt: null,
    };
    await this.#deps.repos.consents.insert(given);
    const iat = Math.floor(given.givenAt / 1000);
    const claims = consentClaims.parse({
      room: entryId,
      peer: given.peer,
      jti: given._id,
      givenAt: given.givenAt,
      iat,
      exp: iat + tokenSeconds,
    });
    const token = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'EdDSA', typ: consentType })
      .sign(this.#deps.grantKey);
    return { token, consent: cardOf(given) };
  }

  async withdraw(access: Access, entryId: string): Promise<OutputOf<'consent.withdraw'>> {
    await access.consultation(entryId);
    const mine = { entryId, accountId: access.accountId, withdrawnAt: null };
    const count = await this.#deps.repos.consents.updateMany(mine, { $set: { withdrawnAt: this.#deps.now() } });
    return { withdrawn: count > 0 };
  }

  async mine(access: Access, entryId: string): Promise<OutputOf<'consent.mine'>> {
    await access.consultation(entryId);
    const mine = { entryId, accountId: access.accountId };
    const [latest] = await this.#deps.repos.consents.many(mine, { sort: { givenAt: -1 }, limit: 1 });
    return { consent: latest ? cardOf(latest) : null };
  }
}

function cardOf({ version, language, givenAt, withdrawnAt }: ConsentDoc): Consent {
  return { version, language, givenAt, withdrawnAt };
}
