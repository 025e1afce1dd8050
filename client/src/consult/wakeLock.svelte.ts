/** Keeps the screen on while `wanted` is true, where the browser can (Screen Wake Lock). Call while a component initialises. */
export function useWakeLock(wanted: () => boolean): void {
  $effect(() => {
    if (!wanted() || !('wakeLock' in navigator)) return;
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const ask = async (): Promise<void> => {
      if (document.visibilityState !== 'visible') return;
      // Refused on low battery; a screen that dims is no failure of the call.
      lock = await navigator.wakeLock.request('screen').catch(() => null);
      if (over) void lock?.release();
    };
    const again = () => void ask(); // the browser takes it back whenever the page is hidden
    void ask();
    document.addEventListener('visibilitychange', again);
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', again);
      void lock?.release();
    };
  });
}
