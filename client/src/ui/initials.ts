const titles = /^(dr|mr|mrs|ms|prof|shri|smt|डॉ|डॉक्टर|श्री|श्रीमती)\.?$/iu;
const letters = new Intl.Segmenter('hi', { granularity: 'grapheme' });

/** First letters of the first and the last name, titles left out: `Dr Asha Verma` → `AV`, `मीना शर्मा` → `मीश`. Whole graphemes, so vowel signs stay. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/\s+/u)
    .filter((word) => !titles.test(word));
  const [first, last] = [words[0], words.length > 1 ? words.at(-1) : undefined];
  const letter = (word: string | undefined): string => [...letters.segment(word ?? '')][0]?.segment ?? '';
  return (letter(first) + letter(last)).toLocaleUpperCase();
}
