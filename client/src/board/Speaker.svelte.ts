import { scores, playSound, unlockSound } from '../ui/sound.ts';
import type { Call } from './announcer.ts';
import { pickVoice, sentence, spokenLanguages, type SpokenLanguage } from './speech.ts';

const chimeMs = Math.max(...scores.called.map((note) => note.at + note.length)) * 1000;
/** A voice that never says that it has ended must not silence the board for good. */
const longestMs = 15_000;
/** How long a call stands out where nothing is heard. */
const silentMs = 5_000;

/**
 * Says calls aloud: chime, then the sentence in each language this machine has a voice for. Knows what it cannot do, so that the board can
 * say so. Browsers give sound only after a touch: `unlock()` in its handler.
 */
export class Speaker {
  #locked = $state(true);
  #voices = $state.raw<Readonly<Record<SpokenLanguage, SpeechSynthesisVoice | null>>>({ en: null, hi: null });
  readonly #synth = 'speechSynthesis' in globalThis ? globalThis.speechSynthesis : null;
  #stop: (() => void) | null = null;
  #closed = false;

  constructor() {
    this.#synth?.addEventListener('voiceschanged', this.#learn);
    this.#learn();
  }

  /** No sound until somebody touches the screen. */
  get locked(): boolean {
    return this.#locked;
  }
  /** Languages that no voice was found for. */
  get missing(): readonly SpokenLanguage[] {
    return spokenLanguages.filter((language) => this.#voices[language] === null);
  }

  async unlock(): Promise<void> {
    this.#learn();
    this.#locked = !(await unlockSound());
  }

  /** Resolves when it has been said, at the latest after a while; never rejects. */
  async say(call: Call, silent: boolean): Promise<void> {
    if (silent || this.#locked) return await this.#wait(silentMs);
    // A machine that slept, or another loudspeaker, suspends the sound.
    await unlockSound();
    playSound('called');
    await this.#wait(chimeMs);
    for (const language of spokenLanguages) {
      const voice = this.#voices[language];
      if (voice && !this.#closed) await this.#speak(sentence(call, language), voice);
    }
  }

  close(): void {
    this.#closed = true;
    this.#synth?.removeEventListener('voiceschanged', this.#learn);
    this.#synth?.cancel();
    this.#stop?.();
  }

  #learn = (): void => {
    const voices = this.#synth?.getVoices() ?? [];
    this.#voices = { en: pickVoice(voices, 'en'), hi: pickVoice(voices, 'hi') };
  };

  #speak(text: string, voice: SpeechSynthesisVoice): Promise<void> {
    const synth = this.#synth;
    if (!synth) return Promise.resolve();
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.voice = voice;
    utterance.lang = voice.lang;
    utterance.rate = 0.9;
    return this.#until(longestMs, (done) => {
      utterance.onend = done;
      utterance.onerror = (event) => {
        if (event.error === 'not-allowed') this.#locked = true;
        done();
      };
      // What hung before would hold this one up.
      if (synth.speaking || synth.pending) synth.cancel();
      synth.speak(utterance);
      return () => (utterance.onend = utterance.onerror = null);
    });
  }

  #wait(ms: number): Promise<void> {
    return this.#until(ms, () => () => undefined);
  }

  /** Resolves by `done` (not at once), by time, or when closed. */
  #until(ms: number, begin: (done: () => void) => () => void): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#stop = null;
        end();
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#stop = done;
      const end = begin(done);
    });
  }
}
