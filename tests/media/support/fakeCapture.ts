import { writeFile } from 'node:fs/promises';

const WIDTH = 640;
const HEIGHT = 360;
const FRAMES = 30;
const BAR = 80;

/** Writes a WAV file with a steady tone: what a fake microphone hears. */
export async function writeTone(path: string, hertz: number): Promise<void> {
  const rate = 48_000;
  const samples = rate * 2; // whole periods for every whole number of hertz, so that it loops without a click
  const data = Buffer.alloc(44 + samples * 2);
  data.write('RIFF', 0);
  data.writeUInt32LE(36 + samples * 2, 4);
  data.write('WAVEfmt ', 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20); // PCM
  data.writeUInt16LE(1, 22); // one channel
  data.writeUInt32LE(rate, 24);
  data.writeUInt32LE(rate * 2, 28);
  data.writeUInt16LE(2, 32);
  data.writeUInt16LE(16, 34);
  data.write('data', 36);
  data.writeUInt32LE(samples * 2, 40);
  for (let at = 0; at < samples; at += 1) {
    data.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * hertz * at) / rate)), 44 + at * 2);
  }
  await writeFile(path, data);
}

/** Writes a Y4M film of one tint with a bright bar moving across: what a fake camera sees. Chroma as in BT.601. */
export async function writeFilm(path: string, chroma: { u: number; v: number }): Promise<void> {
  const header = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F15:1 Ip A1:1 C420jpeg\n`);
  const parts: Buffer[] = [header];
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const row = Buffer.alloc(WIDTH, 70);
    const left = Math.floor((frame * (WIDTH - BAR)) / FRAMES);
    row.fill(200, left, left + BAR);
    parts.push(Buffer.from('FRAME\n'));
    for (let line = 0; line < HEIGHT; line += 1) parts.push(row);
    parts.push(Buffer.alloc((WIDTH * HEIGHT) / 4, chroma.u), Buffer.alloc((WIDTH * HEIGHT) / 4, chroma.v));
  }
  await writeFile(path, Buffer.concat(parts));
}
