import { z } from 'zod';

/** Reads the first QR code in a picture; null when there is none. */
export type CodeReader = (picture: ImageBitmapSource) => Promise<string | null>;

const found = z.array(z.object({ rawValue: z.string() }));

interface Detector {
  detect(picture: ImageBitmapSource): Promise<unknown>;
}
type DetectorMaker = new (options: { formats: string[] }) => Detector;
const isMaker = (value: unknown): value is DetectorMaker => typeof value === 'function';

/** The browser's own reader of codes, where it has one; else null, and people type or use a scanner. */
export function codeReader(): CodeReader | null {
  const Maker: unknown = Reflect.get(globalThis, 'BarcodeDetector');
  if (!isMaker(Maker)) return null;
  const detector = new Maker({ formats: ['qr_code'] });
  return async (picture) => {
    const codes = found.safeParse(await detector.detect(picture).catch(() => []));
    return codes.success ? (codes.data[0]?.rawValue ?? null) : null;
  };
}

/** How often the camera's picture is looked at, ms. */
const lookEveryMs = 250;
/** The same code again within this time is the same hand still holding it there, ms. */
const sameWithinMs = 4_000;

/** Shows the back camera in `video` and tells every code seen; the returned function ends it. */
export function watchCamera(
  video: HTMLVideoElement,
  read: CodeReader,
  onfound: (text: string) => void,
  onrefused: () => void,
): () => void {
  let over = false;
  let stream: MediaStream | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = { text: '', at: 0 };

  async function look(): Promise<void> {
    if (over) return;
    const text = video.readyState >= 2 ? await read(video) : null;
    const now = performance.now();
    if (text !== null && (text !== last.text || now - last.at > sameWithinMs)) {
      last = { text, at: now };
      onfound(text);
    }
    timer = setTimeout(() => void look(), lookEveryMs);
  }
  async function begin(): Promise<void> {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      if (over) {
        end();
        return;
      }
      video.srcObject = stream;
      await video.play();
      await look();
    } catch {
      if (!over) onrefused();
    }
  }
  function end(): void {
    over = true;
    clearTimeout(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  }
  void begin();
  return end;
}
