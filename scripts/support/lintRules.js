import path from 'node:path';

/** What each top folder may import of ours. Tests may import anything; files at the root (package.json) are nobody's. */
const ALLOWED = {
  shared: ['shared'],
  server: ['server', 'shared'],
  sfu: ['sfu', 'shared'],
  client: ['client', 'shared'],
  scripts: ['scripts', 'server', 'sfu', 'shared'],
};

/**
 * Import boundaries: `shared` imports nothing of ours, `client`, `server` and `sfu` never import each other, and a
 * `rules.ts` imports only `shared`. Tests beside the code may import from `tests/support`.
 * @type {import('eslint').Rule.RuleModule}
 */
const boundaries = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      folder: '{{from}} must not import from {{to}}.',
      rules: 'A rules.ts imports only from shared.',
    },
  },
  create(context) {
    const file = path.relative(context.cwd, context.filename).split(path.sep);
    const from = file[0] ?? '';
    const isTest = /\.test\.ts$/.test(context.filename);
    const isRules = path.basename(context.filename) === 'rules.ts';

    /** @param {import('estree').Node | null | undefined} source */
    function check(source) {
      if (source?.type !== 'Literal' || typeof source.value !== 'string' || !source.value.startsWith('.')) return;
      const target = path.resolve(path.dirname(context.filename), source.value);
      const [to = '', second] = path.relative(context.cwd, target).split(path.sep);
      const allowed = ALLOWED[/** @type {keyof typeof ALLOWED} */ (from)];
      if (!allowed || second === undefined || (isTest && to === 'tests' && second === 'support')) return;
      if (!allowed.includes(to)) context.report({ node: source, messageId: 'folder', data: { from, to } });
      else if (isRules && to !== 'shared') context.report({ node: source, messageId: 'rules' });
    }

    return {
      ImportDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
    };
  },
};

export const nadi = { rules: { boundaries } };
