import type { Check } from '../check.ts';
import { backup } from './backup.ts';
import { cameras } from './cameras.ts';
import { certificate } from './certificate.ts';
import { clock } from './clock.ts';
import { database } from './database.ts';
import { dataFolder } from './dataFolder.ts';
import { disk } from './disk.ts';
import { durability } from './durability.ts';
import { files } from './files.ts';
import { hub } from './hub.ts';
import { jobs } from './jobs.ts';
import { keys } from './keys.ts';
import { log } from './log.ts';
import { mail } from './mail.ts';
import { mediaNodes } from './mediaNodes.ts';
import { mediaPorts } from './mediaPorts.ts';
import { mediaWorker } from './mediaWorker.ts';
import { messaging } from './messaging.ts';
import { migrations } from './migrations.ts';
import { node } from './node.ts';
import { ports } from './ports.ts';
import { proxy } from './proxy.ts';
import { redis } from './redis.ts';
import { resources } from './resources.ts';
import { settings } from './settings.ts';
import { timeZones } from './timeZones.ts';
import { turn } from './turn.ts';

/** All of them, in the order in which one would look: the machine, what is stored, what people reach, what goes out. */
export const checks: readonly Check[] = [
  ...[node, settings, files, dataFolder, disk, resources, clock, timeZones],
  ...[database, durability, migrations, keys, backup, redis],
  ...[ports, hub, proxy, certificate, cameras],
  ...[mediaWorker, mediaNodes, mediaPorts, turn],
  ...[mail, messaging, jobs, log],
];
