import { Crowd } from './Crowd.ts';
import type { Greeting } from './LightClient.ts';
import { insertLoad } from './load.ts';
import { serve } from './rpc.ts';
import { usage } from './usage.ts';

/** The clients of a bench, in a process of their own: named crowds, told what to do by the bench. */
const crowds = new Map<string, Crowd>();
const of = ({ crowd }: { crowd: string }): Crowd => {
  const known = crowds.get(crowd);
  if (known) return known;
  const made = new Crowd();
  crowds.set(crowd, made);
  return made;
};

serve({
  usage,
  gather: (input: { crowd: string; url: string; greetings: Greeting[]; atOnce: number }) =>
    of(input).gather(input.url, input.greetings, input.atOnce),
  heard: (input: { crowd: string; events: number }) => of(input).heard(input.events),
  tally: (input: { crowd: string }) => of(input).tally(),
  forget: (input: { crowd: string }) => of(input).forget(),
  reading: (input: { crowd: string; on: boolean }) => of(input).reading(input.on),
  storm: (input: { crowd: string }) => of(input).storm(() => process.send?.({ cut: input.crowd })),
  insert: insertLoad,
  chat: (input: { crowd: string; perSecond: number | null; seconds: number }) =>
    of(input).chat(input.perSecond, input.seconds),
  leave: (input: { crowd: string }) => {
    of(input).leave();
    crowds.delete(input.crowd);
  },
});
