import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Config } from '../config.ts';

/**
 * Headers of every answer. Scripts and styles from ourselves only and never inline; sockets also to the media nodes.
 * @param mediaNodes public addresses of all media nodes; null while one of them is not known yet.
 */
export function securityHeaders(config: Config, mediaNodes: () => readonly string[] | null): RequestHandler[] {
  const secure = config.publicUrl?.startsWith('https:') ?? false;
  const helmeted = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'"],
        mediaSrc: ["'self'", 'blob:', 'mediastream:'],
        connectSrc: [() => `'self' ${connections(mediaNodes(), secure)}`.trim()],
        manifestSrc: ["'self'"],
        workerSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  return [
    helmeted,
    (_request, response, next) => {
      response.setHeader('permissions-policy', permissions);
      next();
    },
  ];
}

/** What the pages use, for themselves alone; the rest nobody may ask the device for. */
const permissions = [
  ...[
    'camera',
    'microphone',
    'display-capture',
    'autoplay',
    'fullscreen',
    'screen-wake-lock',
    'picture-in-picture',
  ].map((name) => `${name}=(self)`),
  ...['geolocation', 'payment', 'usb', 'serial', 'hid', 'bluetooth', 'midi'].map((name) => `${name}=()`),
].join(', ');

/** Where pages may connect to beside us. Until every media node has said where it is, anywhere: a call must not fail for that. */
function connections(nodes: readonly string[] | null, secure: boolean): string {
  if (nodes === null) return secure ? 'https: wss:' : 'http: https: ws: wss:';
  const sources = nodes.flatMap((node) => {
    const { origin } = new URL(node);
    return [origin, origin.replace(/^http/, 'ws')];
  });
  return [...new Set(sources)].join(' ');
}
