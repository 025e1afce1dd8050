/** The keys of a desk, as printed on its buttons and in the help. */
export const deskKeys = {
  callNext: 'N',
  call: 'C',
  start: 'S',
  recall: 'R',
  finish: 'F',
  skip: 'K',
  hold: 'H',
  requeue: 'M',
  urgent: 'U',
  transfer: 'T',
  undo: 'Z',
  pause: 'B',
  cancel: 'Delete',
} as const;
