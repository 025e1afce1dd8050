import { heardVoice, loudness } from './rules.ts';

/** How loud a microphone is, several times a second, and whether a voice was heard. Call while a component initialises. */
export function useLevel(stream: () => MediaStream | null) {
  let level = $state(0);
  let heard = $state(0);

  $effect(() => {
    const source = stream();
    if (!source || typeof AudioContext === 'undefined') return;
    const audio = new AudioContext();
    const analyser = audio.createAnalyser();
    analyser.fftSize = 1024;
    audio.createMediaStreamSource(source).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    // Suspended until the page was touched; the microphone was, by its button.
    void audio.resume().catch(() => undefined);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      level = loudness(samples);
      heard = heard === 1 ? 1 : heardVoice(heard, level);
    }, 80);
    return () => {
      clearInterval(timer);
      void audio.close();
      level = 0;
    };
  });

  return {
    /** 0…1 */
    get level() {
      return level;
    },
    get heard() {
      return heard === 1;
    },
  };
}
