import type { Request, Response } from 'express';
import { deviceOf } from '../accounts/device.ts';
import type { CookieJar } from '../hub/context.ts';

const maxAgeMs = 30 * 24 * 3600_000;
/** As long as browsers keep one at most. */
const deviceMaxAgeMs = 400 * 24 * 3600_000;

/**
 * The cookies of a sign-in: HttpOnly, same site. Over https their names make browsers take them only as secure and of this very host (no
 * neighbour under the same domain can set or read one), at the price of being sent to every path; without, to the sign-in operations only.
 */
export function cookieJar(request: Request, response: Response, secure: boolean): CookieJar {
  const [name, deviceName] = [nameOf('nadi_refresh', secure), nameOf('nadi_device', secure)];
  const options = { httpOnly: true, sameSite: 'strict', secure, path: secure ? '/' : '/api/v1/auth' } as const;
  return {
    refreshToken: readCookie(request.headers.cookie, name),
    deviceToken: readCookie(request.headers.cookie, deviceName),
    device: deviceOf(request.headers['user-agent']),
    setRefreshToken: (token) => {
      if (token === null) response.clearCookie(name, options);
      else response.cookie(name, token, { ...options, maxAge: maxAgeMs });
    },
    setDeviceToken: (token) => void response.cookie(deviceName, token, { ...options, maxAge: deviceMaxAgeMs }),
  };
}

function nameOf(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}

function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [key, value] = part.trim().split('=');
    if (key === name && value !== undefined && value.length <= 512) return value;
  }
  return undefined;
}
