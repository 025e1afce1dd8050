/** The keys of a desk, as printed on its buttons and in the help. */
export const deskKeys = {
  callNext: 'N',
  start: 'S',
  recall: 'R',
  finish: 'F',
  skip: 'K',
  urgent: 'U',
} as const;
