/** A failed set-up step, told as a cause (what is wrong) and a remedy (what the reader can do about it). */
export class SetupError extends Error {
  readonly remedy: string;

  constructor(cause: string, remedy: string) {
    super(cause);
    this.name = 'SetupError';
    this.remedy = remedy;
  }
}

/** The text of anything thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
