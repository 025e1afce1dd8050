import { WebSocket as BuiltInWebSocket, XHR } from 'socket.io-client';

/**
 * How to reach the hub: by WebSocket, and where the page says that the hub offers it, by long-polling when that fails (some
 * old proxies let no WebSocket through; it needs a balancer with sticky sessions, see docs/decisions/0005).
 */
export function transportsOf(page: Document): (typeof BuiltInWebSocket | typeof XHR)[] {
  const offered = page.querySelector('meta[name=nadi-transports]')?.getAttribute('content') ?? '';
  return offered.split(' ').includes('polling') ? [BuiltInWebSocket, XHR] : [BuiltInWebSocket];
}
