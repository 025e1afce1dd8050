import { writeFile } from 'node:fs/promises';
import { writeWav } from './wav.ts';

const WIDTH = 640;
const HEIGHT = 360;
const FRAMES = 30;
const BAR = 80;

/** Writes a WAV file with a steady tone: what a fake microphone hears. */
export async function writeTone(path: string, hertz: number): Promise<void> {
  const rate = 48_000;
  const samples = rate * 2; // whole periods for every whole number of hertz, so that it loops without a click
  const wave = (at: number): number => 12_000 * Math.sin((2 * Math.PI * hertz * at) / rate);
  await writeWav(
    path,
    rate,
    Array.from({ length: samples }, (_, at) => wave(at)),
  );
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
