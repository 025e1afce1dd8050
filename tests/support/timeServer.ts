import { createSocket } from 'node:dgram';

/** An SNTP server (RFC 4330) whose clock is off by so many ms. */
export async function startTimeServer(offMs = 0): Promise<{ address: string; close(): Promise<void> }> {
  const socket = createSocket('udp4');
  socket.on('message', (request, from) => {
    if (request.length < 48) return;
    const reply = Buffer.alloc(48);
    // Version 4, server; stratum 2.
    reply[0] = 0x24;
    reply[1] = 2;
    request.copy(reply, 24, 40, 48);
    for (const at of [32, 40]) {
      const seconds = (Date.now() + offMs) / 1000 + 2_208_988_800;
      reply.writeUInt32BE(Math.floor(seconds), at);
      reply.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), at + 4);
    }
    socket.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
