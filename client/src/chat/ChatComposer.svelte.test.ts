import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import ChatComposer from './ChatComposer.svelte';

function open(text: string, off = false) {
  const onsend = vi.fn();
  render(ChatComposer, { text, off, onsend });
  return { onsend, area: screen.getByRole<HTMLTextAreaElement>('textbox') };
}

describe('ChatComposer', () => {
  it('sends on Enter and empties itself', async () => {
    const { onsend, area } = open('Fever since Monday');
    await fireEvent.keyDown(area, { key: 'Enter' });
    expect(onsend.mock.calls).toEqual([['Fever since Monday', []]]);
    expect(area.value).toBe('');
  });

  it('keeps Shift+Enter for a new line, and Enter for an input method that is composing Hindi', async () => {
    const { onsend, area } = open('बुख़ार');
    await fireEvent.keyDown(area, { key: 'Enter', shiftKey: true });
    await fireEvent.keyDown(area, { key: 'Enter', isComposing: true });
    expect(onsend).not.toHaveBeenCalled();
    expect(area.value).toBe('बुख़ार');
  });

  it('sends nothing that is empty, and nothing when it is off', async () => {
    const blank = open('   ');
    await fireEvent.keyDown(blank.area, { key: 'Enter' });
    expect(blank.onsend).not.toHaveBeenCalled();
    document.body.innerHTML = '';
    const { onsend, area } = open('hello', true);
    await fireEvent.keyDown(area, { key: 'Enter' });
    expect(onsend).not.toHaveBeenCalled();
    expect(area.disabled).toBe(true);
  });

  it('says how much room is left only near the limit', async () => {
    const { area } = open('x'.repeat(limits.chatTextChars - 5));
    expect(area.getAttribute('aria-describedby')).not.toBeNull();
    expect(document.body.textContent).toContain('5 characters left');
    await fireEvent.input(area, { target: { value: 'x' } });
    expect(area.getAttribute('aria-describedby')).toBeNull();
  });
});
