import sharp from 'sharp';

// One picture at a time and nothing kept: memory is worth more than speed here.
sharp.cache(false);
sharp.concurrency(1);

/** More pixels than this are a bomb, not a photo. */
const mostPixels = 50_000_000;
const side = 320;

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly thumbnail: Buffer;
}

/** Upright size and a small WebP without anything the camera wrote; null when it cannot be decoded. */
export async function pictureOf(content: Buffer): Promise<Picture | null> {
  const options = { limitInputPixels: mostPixels, failOn: 'error', pages: 1 } as const;
  try {
    const { autoOrient } = await sharp(content, options).metadata();
    const thumbnail = await sharp(content, options)
      .autoOrient()
      .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 75 })
      .timeout({ seconds: 10 })
      .toBuffer();
    return { width: autoOrient.width, height: autoOrient.height, thumbnail };
  } catch {
    return null;
  }
}
