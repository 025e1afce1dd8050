import { z } from 'zod';
import { limits } from '../limits.ts';
import { attachment, fileType } from '../state/chat.ts';

/**
 * Files are sent as the plain body of a request, not as a form: `content-type` says what it is (and must be true), `x-file-name` its
 * name in percent-encoded UTF-8, `idempotency-key` makes a repeat give the first one's answer.
 */
export const uploadHeaders = z.object({
  'content-type': fileType,
  'x-file-name': z
    .string()
    .min(1)
    .max(limits.fileNameChars * 12),
});

const identified = { name: 'id', in: 'path', required: true } as const;
export const fileRoutes = {
  upload: {
    method: 'post',
    path: '/api/v1/files',
    summary: `Upload a file to attach: ${fileType.options.join(', ')}; at most ${limits.fileBytes / 1024 / 1024} MB. It is the sender's alone until a message names it, and gone after a day when none does.`,
    output: z.object({ ok: z.literal(true), data: attachment }),
    signedIn: true,
    body: fileType.options,
  },
  file: {
    method: 'get',
    path: '/api/v1/files/{id}',
    summary: 'A file, to those in the thread it was posted to. Takes one range.',
    output: z.string(),
    signedIn: true,
    parameters: [identified],
  },
  thumbnail: {
    method: 'get',
    path: '/api/v1/files/{id}/thumbnail',
    summary: 'A small picture of a picture (WebP, at most 320 pixels wide and high), without what the camera noted.',
    output: z.string(),
    signedIn: true,
    parameters: [identified],
  },
} as const;
