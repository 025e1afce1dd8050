import { operationOf, type OperationName } from '../../../shared/contract/index.ts';
import { effectsRanOnce } from '../history/effects.ts';
import { acknowledgedIsThere, intentsAreThere, logIsWhole, nothingElseIsThere, orderIsKept } from '../history/log.ts';
import { notifiedOnce } from '../history/notices.ts';
import { queueRulesHeld } from '../history/steps.ts';
import { transfersFit } from '../history/transfers.ts';
import type { Attempt, Found, RecordedCommand } from '../history/types.ts';

export interface OpenCommand extends RecordedCommand {
  readonly attempts: Attempt[];
}

/** Writes down what clients sent and were told, and holds it against what is durable. */
export class Recorder {
  readonly commands: OpenCommand[] = [];
  /** Answers that no client should ever get, such as INTERNAL. */
  readonly unexpected: string[] = [];
  readonly #prefix: string;
  #clock = 0;

  /** @param prefix makes request ids of this run unlike those of an earlier one on the same data. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  tick(): number {
    return ++this.#clock;
  }

  command(accountId: string, name: OperationName, input: Record<string, unknown>, stream: string): OpenCommand {
    const requestId = `${this.#prefix}-${String(this.commands.length).padStart(6, '0')}`;
    const command: OpenCommand = { requestId, accountId, name, input, stream, attempts: [] };
    this.commands.push(command);
    return command;
  }

  /** Commands whose outcome their client does not know. */
  lost(): OpenCommand[] {
    return this.commands.filter(
      (one) => one.attempts.length > 0 && one.attempts.every((it) => it.outcome.kind === 'lost'),
    );
  }

  acknowledged(): number {
    return this.commands.filter((one) => one.attempts.some((it) => it.outcome.kind === 'ok')).length;
  }

  /** What is broken of the log and its acknowledgements. */
  violations(found: Found): string[] {
    return [
      ...this.unexpected,
      ...logIsWhole(found.events),
      ...acknowledgedIsThere(this.commands, found.events),
      ...nothingElseIsThere(this.commands, found.events),
      ...orderIsKept(this.commands, found.events),
      ...queueRulesHeld(found.events, this.commands),
      ...intentsAreThere(this.commands, found.audit, (name) => operationOf(name).audited === true),
    ];
  }

  /** The same, and what should have followed from it. */
  finalViolations(found: Found): string[] {
    return [...this.violations(found), ...effectsRanOnce(found), ...transfersFit(found), ...notifiedOnce(found.events)];
  }
}
