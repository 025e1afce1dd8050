import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import Harness from './Harness.svelte';

const button = (): HTMLElement => screen.getByRole('button', { name: /Start/ });

describe('Field', () => {
  it('wires label, hint and error to the control inside', async () => {
    const { rerender } = render(Harness, { onpress: () => {} });
    const input = screen.getByLabelText('Name');
    const described = (): string =>
      (input.getAttribute('aria-describedby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent?.trim())
        .join(' | ');
    expect(described()).toBe('As on the card');
    expect(input.getAttribute('aria-invalid')).toBeNull();
    await rerender({ error: 'Please write a name.' });
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(described()).toBe('As on the card | Please write a name.');
  });
});

describe('Button', () => {
  it('runs, shows its key, and follows bound controls', async () => {
    const onpress = vi.fn();
    render(Harness, { onpress });
    await fireEvent.input(screen.getByLabelText('Name'), { target: { value: 'Asha' } });
    await fireEvent.click(screen.getByRole('radio', { name: 'In person' }));
    expect(button().textContent).toContain('Start Asha in-person');
    expect(button().getAttribute('aria-keyshortcuts')).toBe('S');
    await fireEvent.click(button());
    expect(onpress).toHaveBeenCalledTimes(1);
  });

  it('that cannot work now keeps the focus, says why, and does nothing', async () => {
    const onpress = vi.fn();
    render(Harness, { onpress, disabledReason: 'You are offline.' });
    button().focus();
    expect(document.activeElement).toBe(button());
    await fireEvent.click(button());
    expect(onpress).not.toHaveBeenCalled();
    const why = button().getAttribute('aria-describedby') ?? '';
    expect(document.getElementById(why)?.textContent).toBe('You are offline.');
  });

  it('does not run twice while busy', async () => {
    const onpress = vi.fn();
    render(Harness, { onpress, loading: true });
    expect(button().getAttribute('aria-busy')).toBe('true');
    await fireEvent.click(button());
    expect(onpress).not.toHaveBeenCalled();
  });
});
