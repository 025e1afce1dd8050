import { z } from 'zod';
import { locale } from '../i18n/index.svelte.ts';
import { hub, RequestError } from '../lib/index.ts';

export type PushState =
  /** Not known yet. */
  | 'checking'
  /** This browser cannot, or the page is not served safely. */
  | 'unsupported'
  /** This installation sends none. */
  | 'unavailable'
  /** The person said no to the browser; only its settings can change that. */
  | 'denied'
  | 'off'
  | 'on';

const script = '/sw.js';
const opened = z.object({ type: z.literal('notification-opened'), path: z.string().regex(/^\/(?![/\\])/) });

/** Push messages of this browser: whether they can come, do come, and turning them on and off. */
export class PushSwitch {
  state = $state<PushState>('checking');
  busy = $state(false);
  error = $state.raw<RequestError | 'no-service' | null>(null);

  async check(): Promise<void> {
    if (!isSupported()) {
      this.state = 'unsupported';
      return;
    }
    if (Notification.permission === 'denied') this.state = 'denied';
    else this.state = (await subscription()) ? 'on' : 'off';
  }

  async enable(): Promise<void> {
    await this.#while(async () => {
      const { key } = await hub.request('notify.vapidKey', {});
      if (key === null) {
        this.state = 'unavailable';
        return;
      }
      const permission = await Notification.requestPermission();
      if (permission !== 'granted') {
        this.state = permission === 'denied' ? 'denied' : 'off';
        return;
      }
      const registration = await navigator.serviceWorker.register(script);
      await navigator.serviceWorker.ready;
      const made = await registration.pushManager
        .subscribe({ userVisibleOnly: true, applicationServerKey: key })
        .catch(() => null);
      if (!made) this.error = 'no-service';
      else if (await tell(made)) this.state = 'on';
    });
  }

  async disable(): Promise<void> {
    await this.#while(async () => {
      await forgetThisBrowser();
      this.state = 'off';
    });
  }

  async #while(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = null;
    try {
      await work();
    } catch (thrown) {
      this.error = RequestError.of(thrown);
    } finally {
      this.busy = false;
    }
  }
}

/** After a sign-in: a browser that gets push messages gets this account's from now on. Silent when it cannot. */
export async function keepSubscribed(): Promise<void> {
  if (!isSupported() || Notification.permission !== 'granted') return;
  const found = await subscription();
  if (found) await tell(found).catch(() => undefined);
}

/** Before a sign-out: what comes later is nothing for whoever uses this browser next. Silent when it cannot. */
export async function forgetThisBrowser(): Promise<void> {
  if (!isSupported()) return;
  const found = await subscription();
  if (!found) return;
  await hub
    .request('notify.unsubscribePush', { endpoint: found.endpoint }, { timeoutMs: 2_000 })
    .catch(() => undefined);
  await found.unsubscribe().catch(() => false);
}

/** Tells where a tapped notification leads, when this page was open already. Returns the way to stop. */
export function onNotificationOpened(go: (path: string) => void): () => void {
  if (!('serviceWorker' in navigator)) return () => undefined;
  const listen = (event: MessageEvent<unknown>): void => {
    const said = opened.safeParse(event.data);
    if (said.success) go(said.data.path);
  };
  navigator.serviceWorker.addEventListener('message', listen);
  return () => navigator.serviceWorker.removeEventListener('message', listen);
}

function isSupported(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
}

async function subscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration(script);
  return (await registration?.pushManager.getSubscription()) ?? null;
}

const shape = z.object({ endpoint: z.string(), keys: z.object({ p256dh: z.string(), auth: z.string() }) });

async function tell(made: PushSubscription): Promise<boolean> {
  const known = shape.safeParse(made.toJSON());
  if (!known.success) return false;
  const language = locale.current === 'hi' ? 'hi' : 'en';
  await hub.request('notify.subscribePush', { ...known.data, language });
  return true;
}
