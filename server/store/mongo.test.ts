import { MongoNetworkError } from 'mongodb';
import { expect, test } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { isDatabaseFailure } from './mongo.ts';

const broken = (code: string): Error =>
  Object.assign(new Error('This socket has been ended by the other party'), { code });

test.each([
  new MongoNetworkError('closed'),
  broken('EPIPE'),
  new Error('look-up failed', { cause: broken('ECONNRESET') }),
])('[C8] %s is the database not answering', (error) => {
  expect(isDatabaseFailure(error)).toBe(true);
});

test.each([new TypeError('x is undefined'), broken('ENOENT'), new AppError('NOT_FOUND', 'no such'), 'EPIPE', null])(
  '[C8] %s is not',
  (error) => {
    expect(isDatabaseFailure(error)).toBe(false);
  },
);
