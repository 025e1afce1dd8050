import path from 'node:path';
import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { nadi } from './lintRules.js';

const linter = new Linter({ cwd: path.resolve('/house') });

function problems(file: string, code: string): string[] {
  const config = [{ files: ['**/*.ts'], plugins: { nadi }, rules: { 'nadi/boundaries': 'error' as const } }];
  return linter.verify(code, config, path.resolve('/house', file)).map((problem) => problem.message);
}

describe('import boundaries', () => {
  it.each([
    ['shared/state/queue.ts', "import '../errors.ts'"],
    ['server/queue/service.ts', "import '../../shared/errors.ts'"],
    ['server/queue/service.ts', "import 'socket.io-client'"],
    ['server/queue/rules.ts', "export * from '../../shared/state/queue.ts'"],
    ['server/queue/service.test.ts', "import '../../tests/support/until.ts'"],
    ['server/support/version.ts', "import '../../package.json'"],
    ['tests/media/call.test.ts', "import '../../client/src/consult/room/Room.ts'"],
  ])('%s may say %s', (file, code) => {
    expect(problems(file, code)).toEqual([]);
  });

  it.each([
    ['shared/errors.ts', "import '../server/app.ts'", 'shared must not import from server.'],
    ['client/src/app.ts', "const a = await import('../../server/app.ts')", 'client must not import from server.'],
    ['sfu/Room.ts', "export { a } from '../server/a.ts'", 'sfu must not import from server.'],
    ['server/app.ts', "export * from '../sfu/main.ts'", 'server must not import from sfu.'],
    ['server/queue/service.ts', "import '../../tests/support/until.ts'", 'server must not import from tests.'],
    ['server/queue/rules.ts', "import './model.ts'", 'A rules.ts imports only from shared.'],
  ])('%s may not say %s', (file, code, message) => {
    expect(problems(file, code)).toEqual([message]);
  });
});
