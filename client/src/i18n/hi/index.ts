/** All files of this folder as one piece, so that the language is one download. A new language copies this file as it is. */
const files = import.meta.glob<Record<string, unknown>>('./*.json', { eager: true, import: 'default' });

export default Object.fromEntries(Object.entries(files).map(([path, strings]) => [path.slice(2, -5), strings]));
