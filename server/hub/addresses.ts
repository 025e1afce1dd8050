import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

/** Whether the `hop`-th host before us (0: the one that is connected) may say for whom it asks. */
export type Trust = (address: string, hop: number) => boolean;

/**
 * `NADI_TRUSTED_PROXIES`: how many proxies stand before the hub (`1`), or their addresses and networks
 * (`10.0.5.2, 172.20.0.0/16, loopback`).
 */
export const trustedProxies = z.string().transform((text, context): Trust => {
  if (/^\d$/.test(text.trim())) return (_address, hop) => hop < Number(text);
  const list = new BlockList();
  for (const item of text.split(',').map((one) => one.trim())) {
    if (item === '') continue;
    if (item === 'loopback') addLoopback(list);
    else if (!add(list, item)) {
      context.addIssue({ code: 'custom', message: 'must be a number of proxies, or addresses and networks' });
      return z.NEVER;
    }
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
});

export const trustNobody: Trust = () => false;
export const trustThisMachine: Trust = (address) => loopback.check(address, familyOf(address));

const loopback = new BlockList();
addLoopback(loopback);

/**
 * Who a connection is really from: its other end, or, as far as proxies may be believed, what they say. Read from the end
 * backwards, since everything before the first host that is not ours may be made up.
 */
export function clientAddress(remote: string | undefined, headers: IncomingHttpHeaders, trusts: Trust): string {
  const header = headers['x-forwarded-for'];
  const said = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((one) => one.trim());
  let address = plain(remote ?? 'unknown');
  for (let hop = 0; trusts(address, hop); hop++) {
    const before = plain(said.pop() ?? '');
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
}

/** What is counted as one: an address, of IPv6 the network of 64 bits, which is what one customer gets at least. */
export function networkOf(address: string): string {
  const known = plain(address);
  if (isIP(known) !== 6) return known;
  const [head = '', tail] = known.split('%', 1)[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: gap }, () => '0'), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** IPv4 as itself when it came through an IPv6 socket. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

function addLoopback(list: BlockList): void {
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addAddress('::1', 'ipv6');
}

function add(list: BlockList, item: string): boolean {
  const [address = '', bits, more] = item.split('/');
  const family = familyOf(address);
  if (isIP(address) === 0 || more !== undefined) return false;
  if (bits === undefined) {
    list.addAddress(address, family);
    return true;
  }
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (family === 'ipv4' ? 32 : 128)) return false;
  list.addSubnet(address, Number(bits), family);
  return true;
}
