import { z } from 'zod';

const credential = z.object({ code: z.string().regex(/^\d{6}$/) });

/** The code of the SMS that is on its way, where the browser reads it (WebOTP); null where it does not, or its owner says no. */
export async function readSmsCode(signal: AbortSignal): Promise<string | null> {
  if (!('OTPCredential' in window)) return null;
  try {
    // Not yet among the types: https://wicg.github.io/web-otp/
    const asked: CredentialRequestOptions & { otp: { transport: string[] } } = { otp: { transport: ['sms'] }, signal };
    return credential.parse(await navigator.credentials.get(asked)).code;
  } catch {
    return null;
  }
}
