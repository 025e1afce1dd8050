import { render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../../shared/state/chat.ts';
import ChatLine from './ChatLine.svelte';
import type { Line, Receipt } from './rules.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function show(more: Partial<ChatMessage>, line: Partial<Line> = {}, receipt: Receipt | null = null, search = '') {
  const message: ChatMessage = {
    id: id(1),
    seq: 1,
    at: Date.now(),
    author: id(2),
    text: 'Fever since Monday',
    ...more,
  };
  const full = { message, mine: true, first: true, last: true, newDay: false, newHere: false, ...line };
  render(ChatLine, {
    line: full,
    name: 'Dr. Rao',
    receipt,
    search,
    onedit: () => Promise.resolve(),
    ondelete: () => undefined,
  });
  return document.body.textContent;
}

describe('ChatLine', () => {
  it('shows a withdrawn message as such, with nothing to do about it', () => {
    expect(show({ text: '', deletedAt: 5 })).toContain('You took this message back');
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('says that a message was changed, and how far the others are, in words too', () => {
    const text = show({ editedAt: 5 }, {}, { kind: 'delivered' });
    expect(text).toContain('edited');
    expect(text).toContain('Delivered');
    expect(screen.getByRole('button', { name: 'More for this message' })).toBeTruthy();
  });

  it('gives no menu on what somebody else wrote, and names them', () => {
    expect(show({}, { mine: false })).toContain('Dr. Rao');
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('shows words as words, whatever they look like, and marks what was searched for', () => {
    show({ text: '<img src=x onerror=alert(1)> fever' }, { mine: false }, null, 'FEVER');
    expect(document.querySelector('img')).toBeNull();
    expect(document.querySelector('mark')?.textContent).toBe('fever');
  });

  it('draws the line where what is new begins', () => {
    show({}, { mine: false, newHere: true, newDay: true });
    expect(screen.getByTestId('chat-new').textContent).toContain('New');
    expect(document.body.textContent).toContain('Today');
  });
});
