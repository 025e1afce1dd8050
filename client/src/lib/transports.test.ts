import { WebSocket as BuiltInWebSocket, XHR } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { transportsOf } from './transports.ts';

const page = (content: string | null): Document => {
  document.head.innerHTML = content === null ? '' : `<meta name="nadi-transports" content="${content}" />`;
  return document;
};

afterEach(() => void page(null));

describe('transports', () => {
  it('are WebSocket alone unless the page offers more', () => {
    expect(transportsOf(page(null))).toEqual([BuiltInWebSocket]);
    expect(transportsOf(page('websocket'))).toEqual([BuiltInWebSocket]);
    expect(transportsOf(page('websocket polling'))).toEqual([BuiltInWebSocket, XHR]);
  });
});
