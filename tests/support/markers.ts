import type { Db } from 'mongodb';

/** A text in the forms in which it could lie somewhere: plain in UTF-8 and UTF-16, hex, base64 wherever it begins, escaped in JSON. */
export function formsOf(text: string): ReadonlyMap<string, Buffer> {
  const forms = new Map<string, Buffer>();
  const utf8 = Buffer.from(text, 'utf8');
  const utf16 = Buffer.from(text, 'utf16le');
  forms.set('utf8', utf8);
  forms.set('utf16le', utf16);
  forms.set('utf16be', Buffer.from(utf16).swap16());
  forms.set('hex', Buffer.from(utf8.toString('hex')));
  forms.set('HEX', Buffer.from(utf8.toString('hex').toUpperCase()));
  for (const [name, alphabet] of [
    ['base64', 'base64'],
    ['base64url', 'base64url'],
  ] as const) {
    for (const before of [0, 1, 2]) {
      // What stands before it moves the alignment; the characters at the edges depend on the neighbours.
      const encoded = Buffer.concat([Buffer.alloc(before), utf8])
        .toString(alphabet)
        .replace(/=+$/, '');
      const core = encoded.slice(before === 0 ? 0 : before + 1, -2);
      forms.set(`${name}+${before}`, Buffer.from(core));
    }
  }
  const escaped = text.replace(/[^\x20-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
  if (escaped !== text) forms.set('json', Buffer.from(escaped));
  return forms;
}

/** Which of the texts lie in these bytes, and in which form: `name: form`. */
export function findIn(bytes: Buffer, texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).flatMap(([name, text]) =>
    [...formsOf(text)].filter(([, form]) => bytes.includes(form)).map(([form]) => `${name}: ${form}`),
  );
}

/** Every document of every collection, files' chunks included, as the bytes that are stored. */
export async function rawCollections(db: Db): Promise<ReadonlyMap<string, Buffer>> {
  const all = new Map<string, Buffer>();
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    const docs = await db.collection(name).find({}, { raw: true }).toArray();
    all.set(name, Buffer.concat(docs.filter((doc): doc is typeof doc & Buffer => Buffer.isBuffer(doc))));
  }
  return all;
}
