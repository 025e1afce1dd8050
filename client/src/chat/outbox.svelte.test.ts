import { describe, expect, it } from 'vitest';
import { Outbox, type OutboxPorts } from './outbox.svelte.ts';
import type { Kept } from './outboxStore.ts';

class Disk {
  readonly all = new Map<string, string>();
  get length(): number {
    return this.all.size;
  }
  key = (index: number): string | null => [...this.all.keys()][index] ?? null;
  getItem = (key: string): string | null => this.all.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.all.set(key, value);
  removeItem = (key: string): void => void this.all.delete(key);
}
const thread = '00000000-0000-4000-8000-000000000001';
const me = 'account-1';

/** A hub that keeps what it is sent once per id, as the real one does, and a line to it that may be down or lose replies. */
function world() {
  const disk = new Disk();
  const posted: string[] = [];
  const seen = new Map<string, string>();
  const line = { up: true, losesReplies: false, refuses: '' };
  let ids = 0;
  const ports: OutboxPorts = {
    send: async ({ id, text }: Kept) => {
      await Promise.resolve();
      if (!line.up) throw new Error('unanswered');
      if (line.refuses === text) throw new Error('NOT_FOUND');
      if (!seen.has(id)) {
        posted.push(text);
        seen.set(id, `m${posted.length}`);
      }
      if (line.losesReplies) throw new Error('unanswered');
      return { messageId: seen.get(id) ?? '', seq: posted.length };
    },
    failure: (thrown) => {
      const word = thrown instanceof Error ? thrown.message : '';
      return { code: word, unanswered: word === 'unanswered' };
    },
    newId: () => `request-${disk.all.size}-${ids++}`,
    now: () => ids,
    storage: disk,
  };
  /** A page that is opened anew on the same browser. */
  const page = (account = me): Outbox => {
    const outbox = new Outbox(ports);
    outbox.open(account);
    return outbox;
  };
  return { disk, posted, line, page };
}
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

describe('[E1] the outbox', () => {
  it('written without a connection, the page loaded again, sent exactly once and in order', async () => {
    const { line, posted, page, disk } = world();
    line.up = false;
    const before = page();
    before.add(thread, 'one', []);
    before.add(thread, 'two', []);
    await settle();
    expect(before.of(thread).map((one) => one.state)).toEqual(['waiting', 'waiting']);
    const after = page();
    expect(after.of(thread).map((one) => one.text)).toEqual(['one', 'two']);
    line.up = true;
    after.flush();
    after.flush();
    await settle();
    expect(posted).toEqual(['one', 'two']);
    expect(disk.all.size).toBe(0);
    expect(page().of(thread)).toEqual([]);
  });

  it('the reply lost and the page loaded again: the same id, so still once; two pages at a time as well', async () => {
    const { line, posted, page } = world();
    line.losesReplies = true;
    page().add(thread, 'hello', []);
    await settle();
    expect(posted).toEqual(['hello']);
    line.losesReplies = false;
    const [one, two] = [page(), page()];
    one.flush();
    two.flush();
    await settle();
    expect(posted).toEqual(['hello']);
  });

  it('one that is refused stands aside, can be tried again or discarded, and holds nothing up', async () => {
    const { line, posted, page, disk } = world();
    line.refuses = 'bad';
    const outbox = page();
    for (const text of ['bad', 'good']) outbox.add(thread, text, []);
    await settle();
    expect(posted).toEqual(['good']);
    const bad = outbox.of(thread).find((one) => one.text === 'bad');
    expect(bad).toMatchObject({ state: 'failed', code: 'NOT_FOUND' });
    outbox.retry(bad?.id ?? '');
    await settle();
    expect(outbox.of(thread).find((one) => one.text === 'bad')?.state).toBe('failed');
    outbox.discard(bad?.id ?? '');
    expect(disk.all.size).toBe(0);
  });

  it('is of one account: another sees nothing of it, and a sign-out leaves nothing; a session that ran out does', async () => {
    const { line, page, disk } = world();
    line.up = false;
    const mine = page();
    mine.add(thread, 'private', []);
    await settle();
    expect(page('account-2').of(thread)).toEqual([]);
    mine.close(false);
    expect(mine.of(thread)).toEqual([]);
    expect(page().of(thread)).toHaveLength(1);
    mine.open(me);
    mine.close(true);
    expect(disk.all.size).toBe(0);
  });

  it('throws away what it did not write itself', () => {
    const { disk, page } = world();
    for (const value of ['null', '{', '{"id":"x","threadId":"y"}'])
      disk.setItem(`nadi.outbox.${me}.${value.length}`, value);
    expect(page().of(thread)).toEqual([]);
    expect(disk.all.size).toBe(0);
  });
});
