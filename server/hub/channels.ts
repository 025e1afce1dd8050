import type { ChannelName } from '../../shared/contract/index.ts';
import type { Position, Subscribed } from '../../shared/contract/wire.ts';
import type { Access } from '../store/Access.ts';

/**
 * How one channel is served. `authorize` decides (and throws NOT_FOUND); `current` gives what a new subscriber starts
 * from. `join` is called in the same tick in which `current`'s state was taken, so that no event falls between.
 */
export interface ChannelSource {
  authorize(access: Access, key: string): Promise<void>;
  current(key: string, since: Position | undefined, join: () => void): Promise<Subscribed>;
}
export type ChannelSources = { readonly [N in ChannelName]: ChannelSource };
