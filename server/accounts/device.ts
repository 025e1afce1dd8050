import type { Device } from '../../shared/contract/access.ts';

/** First match counts: most browsers also name those they descend from. */
const browserMarks: readonly (readonly [RegExp, Device['browser']])[] = [
  [/\bEdg(A|iOS)?\//, 'Edge'],
  [/\b(OPR|OPT)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|Chromium|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const systemMarks: readonly (readonly [RegExp, Device['system']])[] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];
/** Marks stand near the start; what is longer is no browser's. */
const readChars = 400;

/** What a user agent says of itself, cut down to two words: enough to recognise one's own phone, nothing to track by. */
export function deviceOf(userAgent: string | undefined): Device {
  const said = (userAgent ?? '').slice(0, readChars);
  return {
    browser: browserMarks.find(([mark]) => mark.test(said))?.[1] ?? 'unknown',
    system: systemMarks.find(([mark]) => mark.test(said))?.[1] ?? 'unknown',
  };
}

export const unknownDevice: Device = { browser: 'unknown', system: 'unknown' };
