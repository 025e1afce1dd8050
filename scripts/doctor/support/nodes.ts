import { sfuNodeInfo, type SfuNodeInfo } from '../../../shared/contract/sfu.ts';
import { messageOf } from '../../support/SetupError.ts';
import { hubConfig, type Context } from '../context.ts';

export interface AskedNode {
  readonly control: string;
  /** Null when it did not tell; `problem` says why. */
  readonly info: SfuNodeInfo | null;
  readonly problem: string | null;
}

const asked = new WeakMap<Context, Promise<AskedNode[]>>();

/** Every media node, asked once for all checks the way the hub asks it. */
export function nodesOf(context: Context): Promise<AskedNode[]> {
  const known = asked.get(context);
  if (known) return known;
  const { nodes, secret } = hubConfig(context).sfu;
  const looking = Promise.all(nodes.map((control) => ask(control, secret, context.options.answerMs)));
  asked.set(context, looking);
  return looking;
}

async function ask(control: string, secret: string, answerMs: number): Promise<AskedNode> {
  try {
    const response = await fetch(new URL('/control/node', control), {
      headers: { authorization: `Bearer ${secret}` },
      signal: AbortSignal.timeout(answerMs),
    });
    if (response.status === 401) return { control, info: null, problem: 'it does not accept our NADI_SFU_SECRET' };
    if (!response.ok) return { control, info: null, problem: `it answers ${response.status}` };
    return { control, info: sfuNodeInfo.parse(await response.json()), problem: null };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { control, info: null, problem: messageOf(cause).split('\n', 1)[0] ?? 'no answer' };
  }
}
