import type { Request, Response } from 'express';
import { deviceOf } from '../accounts/device.ts';
import type { CookieJar } from '../hub/context.ts';

const name = 'nadi_refresh';
const path = '/api/v1/auth';
const maxAgeMs = 30 * 24 * 3600_000;

/** The refresh cookie: HttpOnly, same site, sent to the sign-in operations only. */
export function cookieJar(request: Request, response: Response, secure: boolean): CookieJar {
  const options = { httpOnly: true, sameSite: 'strict', secure, path } as const;
  return {
    refreshToken: readCookie(request.headers.cookie),
    device: deviceOf(request.headers['user-agent']),
    setRefreshToken: (token) => {
      if (token === null) response.clearCookie(name, options);
      else response.cookie(name, token, { ...options, maxAge: maxAgeMs });
    },
  };
}

function readCookie(header: string | undefined): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [key, value] = part.trim().split('=');
    if (key === name && value !== undefined && value.length <= 512) return value;
  }
  return undefined;
}
