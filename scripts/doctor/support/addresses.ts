import { BlockList, isIP } from 'node:net';

const notPublic = new BlockList();
// IANA special-purpose registries: what no phone on the internet can send to.
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['0.0.0.0', 8],
] as const) {
  notPublic.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  notPublic.addSubnet(net, bits, 'ipv6');
}

/** Whether an address only means something inside of a house: private, link-local, loopback. A name is not judged. */
export function isPrivate(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && notPublic.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
