import { mount } from 'svelte';
import LockHost from './accounts/LockHost.svelte';
import App from './App.svelte';
import './app.css';
import { startI18n } from './i18n/index.svelte.ts';
import { startSession } from './lib/index.ts';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');

// Meanwhile the cookie says who we are; pages wait for it by themselves.
void startSession();
// The language first: a reader of Hindi never sees English flash by.
await startI18n();
mount(App, { target });
// Beside the page and not in it: it outlives what it covers.
const lock = document.createElement('div');
document.body.append(lock);
mount(LockHost, { target: lock, props: { root: lock } });
