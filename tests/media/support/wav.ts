import { writeFile } from 'node:fs/promises';

/** Writes a WAV file of one channel, 16 bits. @param samples from −32,768 to 32,767; fractions are rounded. */
export async function writeWav(path: string, rate: number, samples: readonly number[]): Promise<void> {
  const bytes = samples.length * 2;
  const file = Buffer.alloc(44 + bytes);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + bytes, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(bytes, 40);
  samples.forEach((sample, index) => file.writeInt16LE(Math.round(sample), 44 + index * 2));
  await writeFile(path, file);
}
