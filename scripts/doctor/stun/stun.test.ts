import { describe, expect, test } from 'vitest';
import { attribute, decode, encodeRequest, integrityHolds, longTermKey, readError, readXorAddress } from './message.ts';

/** RFC 5769, 2.1: sample request. */
const sample = Buffer.from(
  '000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36' +
    '000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf',
  'hex',
);
/** RFC 5769, 2.2 and 2.3: sample IPv4 and IPv6 responses. */
const answer4 = Buffer.from(
  '0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90c3' +
    '8c7489f92af9ba53f06be7d780280004c07d4c96',
  'hex',
);
const answer6 = Buffer.from(
  '010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9' +
    '00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c',
  'hex',
);
const password = Buffer.from('VOkJxbRl1RmTxUk/WvJxBt');

describe('[I2] STUN as the standard’s own examples', () => {
  test('a request is read, and its integrity holds with the right password only', () => {
    const message = decode(sample)!;
    expect(message).toMatchObject({ method: 1, kind: 'request' });
    expect(message.attributes.get(attribute.username)?.toString()).toBe('evtj:h6vY');
    expect(integrityHolds(message, password)).toBe(true);
    expect(integrityHolds(message, Buffer.from('another'))).toBe(false);
  });

  test('addresses of both families', () => {
    const [four, six] = [decode(answer4)!, decode(answer6)!];
    expect(integrityHolds(four, password)).toBe(true);
    expect(readXorAddress(four.attributes.get(attribute.xorMappedAddress), four.transaction)).toEqual({
      ip: '192.0.2.1',
      port: 32853,
    });
    expect(readXorAddress(six.attributes.get(attribute.xorMappedAddress), six.transaction)).toEqual({
      ip: '2001:db8:1234:5678:11:2233:4455:6677',
      port: 32853,
    });
  });

  test('what we write is read back, padded, signed and with the fingerprint of the standard', () => {
    const key = longTermKey('user', 'realm', 'pass');
    expect(key.toString('hex')).toBe('8493fbc53ba582fb4c044c456bdc40eb');
    const wire = encodeRequest({ method: 3, attributes: [[attribute.username, Buffer.from('odd')]], key });
    const message = decode(wire)!;
    expect(message).toMatchObject({ method: 3, kind: 'request' });
    expect(integrityHolds(message, key)).toBe(true);
    // The sample without its own integrity and fingerprint, written by us: the same bytes.
    const [software, priority, controlled, username] = [0x8022, 0x0024, 0x8029, 0x0006].map(
      (type) => [type, decode(sample)!.attributes.get(type)!] as const,
    );
    const ours = encodeRequest(
      { method: 1, attributes: [software!, priority!, controlled!, username!], key: password },
      sample.subarray(8, 20),
    );
    // The standard pads with spaces where we write zeros, so that the sums differ.
    expect(ours.length).toBe(sample.length);
    expect(ours.subarray(0, 60)).toEqual(sample.subarray(0, 60));
  });

  test('an error’s number and words', () => {
    const head = Buffer.from('0113001c2112a442000000000000000000000000', 'hex');
    const value = Buffer.from('0009001000000401556e617574686f72697a6564', 'hex');
    const padded = Buffer.concat([head, value, Buffer.alloc(28 - value.length)]);
    expect(readError(decode(padded)!)).toEqual({ code: 401, reason: 'Unauthorized' });
  });

  test('anything else is no message', () => {
    for (const bytes of [Buffer.alloc(0), sample.subarray(0, 19), sample.subarray(0, -1), Buffer.alloc(40, 0xff)])
      expect(decode(bytes)).toBeNull();
  });
});
