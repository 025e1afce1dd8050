import { expect, it } from 'vitest';
import { turnServer } from './turn.ts';

it('[D8] credentials end after twelve hours and are the HMAC of their user name', () => {
  const urls = ['turn:clinic.example:3478?transport=udp'];
  // The expected value was made with: printf %s 1700043200:a1 | openssl dgst -sha1 -hmac north -binary | base64
  expect(turnServer({ urls, secret: 'north' }, 'a1', 1_700_000_000_500)).toEqual({
    urls,
    username: '1700043200:a1',
    credential: '/l8/+klmNowOPc3iWPHf2XQrHvE=',
  });
});
