import { Code, CommandError, errorReply, toCommandError } from '../errors.ts';
import { validateCommand, type Command } from '../frames.ts';
import { Request, type Handler, type Services } from '../Request.ts';
import { adminCommands } from './admin.ts';
import { handshakeCommands } from './handshake.ts';
import { readCommands } from './read.ts';
import { writeCommands } from './write.ts';

const handlers = new Map<string, Handler>(
  Object.entries({ ...handshakeCommands, ...readCommands, ...writeCommands, ...adminCommands }),
);
const legacy = new Set(['hello', 'isMaster', 'ismaster']);

/** Runs one command and returns its reply document; never rejects. */
export async function execute(command: Command, services: Services, connectionId: number): Promise<Buffer> {
  try {
    validateCommand(command);
    const request = new Request(command);
    const handler = handlers.get(request.name);
    if (handler === undefined || (command.legacy && !legacy.has(request.name))) {
      throw new CommandError(Code.CommandNotFound, `no such command: '${request.name.slice(0, 64)}'`);
    }
    return await handler(request, services, connectionId);
  } catch (error) {
    return errorReply(toCommandError(error));
  }
}
