import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { hubVariables, readConfig } from '../../server/config.ts';
import { parseSfuConfig, sfuVariables } from '../../sfu/config.ts';
import { mediaWorkerPackages } from '../services/mediaWorker.ts';
import { ROOT } from '../support/paths.ts';
import { run } from '../support/run.ts';
import { generateSecrets } from '../support/secrets.ts';
import { envText } from './envFile.ts';
import { gatherGiven } from './gather.ts';
import { questions } from './questions.ts';
import { fileSections, serviceSecrets } from './settingsOf.ts';
import { turnserverConf } from './turnserver.ts';

const service = z.looseObject({
  image: z.string(),
  user: z.string(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()),
  restart: z.string(),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  networks: z.array(z.string()),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.looseObject({ disable: z.boolean().default(false), test: z.array(z.string()).optional() }),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
});
const compose = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.looseObject({ internal: z.boolean().default(false) })),
  volumes: z.record(z.string(), z.null()),
});

let text: string;
let services: [string, z.output<typeof service>][];
let networks: z.output<typeof compose>['networks'];
const named = (name: string): z.output<typeof service> => new Map(services).get(name)!;
const longRunning = () => services.filter(([, { restart }]) => restart !== 'no');

beforeAll(async () => {
  text = await readFile(path.join(ROOT, 'compose.yaml'), 'utf8');
  const file = compose.parse(parse(text, { merge: true }));
  services = Object.entries(file.services);
  networks = file.networks;
});

/** What Compose puts for `${NAME:-default}` and `${NAME:?message}`, the innermost first. */
function filled(value: string, env: NodeJS.Dict<string>): string {
  let before: string;
  let now = value;
  do {
    before = now;
    now = before.replace(/\$\{(\w+)(?::([-?])([^${}]*))?\}/, (_all, name: string, kind: string, rest: string) => {
      if (env[name]) return env[name].replaceAll('$', '$$$$');
      if (kind === '?') throw new Error(`${name}: ${rest}`);
      return rest ?? '';
    });
  } while (now !== before);
  return now.replaceAll('$$', '$');
}

describe('compose.yaml', () => {
  it('[I2] runs everything without rights: a user of its own, nothing to write but what is meant, no way to more', () => {
    for (const [name, { user, read_only, cap_drop, security_opt, cap_add, volumes, ...rest }] of services) {
      expect([name, user]).toEqual([name, expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
      expect([name, read_only, cap_drop, security_opt]).toEqual([name, true, ['ALL'], ['no-new-privileges:true']]);
      expect([name, cap_add]).toEqual([name, name === 'proxy' ? ['NET_BIND_SERVICE'] : []]);
      expect(Object.keys(rest)).not.toEqual(expect.arrayContaining(['privileged']));
      expect(['network_mode', 'pid', 'ipc', 'devices'].filter((key) => key in rest)).toEqual([]);
      expect(volumes.filter((volume) => volume.includes('docker.sock'))).toEqual([]);
      // What comes from the repository is read, never written.
      expect(volumes.filter((volume) => volume.startsWith('./') && !volume.endsWith(':ro'))).toEqual([]);
    }
  });

  it('[I2] names versions, looks after health, and gives a stop its time', () => {
    for (const [name, { image }] of services)
      expect([name, image]).toEqual([name, expect.stringMatching(/:\d+\.\d+\.\d+(-\w+)?$/)]);
    for (const [name, { healthcheck, stop_grace_period }] of longRunning()) {
      expect([name, healthcheck.disable, (healthcheck.test ?? []).length > 0]).toEqual([name, false, true]);
      expect([name, stop_grace_period]).toEqual([name, expect.any(String)]);
    }
    // Drain, what follows it, and room to spare.
    expect(Number.parseInt(named('hub-1').stop_grace_period ?? '')).toBeGreaterThanOrEqual(15);
  });

  it('[I2] publishes the proxy, the media and TURN, and nothing else', () => {
    const published = Object.fromEntries(
      services.filter(([, { ports }]) => ports.length > 0).map(([name, { ports }]) => [name, ports]),
    );
    const media = '${NADI_RTC_PORTS:-40000-40001}:${NADI_RTC_PORTS:-40000-40001}';
    expect(published).toEqual({
      proxy: ['80:8080', '443:8443'],
      sfu: [`${media}/udp`, `${media}/tcp`],
      turn: ['3478:3478/udp', '3478:3478/tcp'],
    });
    for (const [name, { networks: at }] of services) {
      if (/mongo|redis/.test(name))
        expect([name, at.every((network) => networks[network]?.internal)]).toEqual([name, true]);
    }
    expect(named('sfu').networks).toEqual(['front']);
  });

  it('[I2] tells hub and media node only what they know, and the node nothing of the database', () => {
    const hub = Object.keys(named('hub-1').environment);
    expect(hub.filter((name) => !hubVariables.includes(name) && !name.startsWith('NADI_BACKUP_'))).toEqual([]);
    const node = Object.keys(named('sfu').environment);
    expect(node.filter((name) => !sfuVariables.includes(name))).toEqual([]);
    expect(node).not.toEqual(
      expect.arrayContaining(['NADI_KEY', 'NADI_SECRET', 'NADI_GRANT_PRIVATE_KEY', 'MONGODB_URI']),
    );
  });

  it('[I2] starts with what npm run setup writes, and refuses to without', () => {
    const given = {
      ...{ install: 'containers', clinicName: 'Asha’s Clinic', adminName: 'Asha', adminEmail: 'a@clinic.example' },
      ...{
        domain: 'clinic.example',
        announcedAddress: '203.0.113.7',
        workers: '3',
        turn: 'bundled',
        backupTarget: '/srv/backups',
      },
    };
    const fresh = { ...generateSecrets(), ...serviceSecrets() };
    const env = parseEnv(envText('', fileSections(gatherGiven(questions, given, {}), {}, fresh)));
    const of = (name: string, known: NodeJS.Dict<string>) =>
      Object.fromEntries(
        Object.entries(named(name).environment).map(([key, value]) => [
          key,
          value === null ? known[key] : filled(value, known),
        ]),
      );
    const config = readConfig({ ...of('hub-1', env), NADI_HOST: '0.0.0.0' });
    expect(config.mongo.uri).toMatch(/^mongodb:\/\/nadi:\w{64}@mongo-1,mongo-2,mongo-3\/nadi\?replicaSet=rs0$/);
    expect(config).toMatchObject({ mode: 'production', publicUrl: 'https://clinic.example' });
    const node = parseSfuConfig(of('sfu', env));
    expect(node).toMatchObject({
      workers: 3,
      publicUrl: 'https://clinic.example',
      turn: { secret: env['SFU_TURN_SECRET'] },
    });
    expect(filled(named('sfu').ports[0] ?? '', env)).toBe('40000-40002:40000-40002/udp');
    expect(of('hub-1', env)['NADI_BACKUP_TARGET']).toBe('/backups');
    expect(named('hub-1').volumes.map((volume) => filled(volume, env))).toContain('/srv/backups:/backups');
    expect(env['COMPOSE_PROFILES']).toBe('mongo,turn');
    for (const [name] of services)
      expect(Object.values(of(name, env)).filter((value) => value?.includes('${'))).toEqual([]);
    expect(() => of('hub-1', {})).toThrow('NADI_PUBLIC_URL: run npm run setup');
  });
});

describe('Dockerfile', () => {
  it('[I2] names versions, ends as a user without rights, and holds no secret', async () => {
    const dockerfile = await readFile(path.join(ROOT, 'Dockerfile'), 'utf8');
    const from = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => image);
    for (const image of from) expect(image).toMatch(/:\d+\.\d+/);
    const stages = dockerfile.split(/^FROM /m).slice(1);
    const shipped = stages.filter((stage) => /^\S+ AS (app|turn)\n/.test(stage));
    expect(shipped).toHaveLength(2);
    for (const stage of shipped) {
      expect(stage).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
      expect(stage).toMatch(/^HEALTHCHECK /m);
      expect(stage).not.toMatch(/^COPY \. /m);
    }
    expect(dockerfile).not.toMatch(/^ARG |SECRET=|PASSWORD=|NADI_KEY=/m);
    const ignored = (await readFile(path.join(ROOT, '.dockerignore'), 'utf8')).split('\n');
    expect(ignored).toEqual(
      expect.arrayContaining(['nadi.env*', 'turnserver.conf*', 'data', 'clinic', '.git', 'node_modules']),
    );
  });

  it('[I2] installs what a build of the media worker needs', async () => {
    const words = (await readFile(path.join(ROOT, 'Dockerfile'), 'utf8')).split(/\s+/);
    expect(mediaWorkerPackages.filter((name) => !words.includes(name))).toEqual([]);
  });
});

it('[D8] coturn in its container gets the settings that are proved', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'nadi-turn-sh-'));
  try {
    await writeFile(path.join(folder, 'turnserver'), '#!/bin/sh\ncat "$2"\n', { mode: 0o755 });
    const settings = {
      NADI_DOMAIN: 'clinic.example',
      SFU_TURN_SECRET: 'shared',
      SFU_ANNOUNCED_ADDRESS: '203.0.113.7,203.0.113.8',
    };
    const env = { ...settings, PATH: `${folder}:${process.env['PATH']}`, TURN_CONF: path.join(folder, 'conf') };
    const { stdout } = await run('sh', [path.join(ROOT, 'deploy/turn.sh')], { env });
    const peers = settings.SFU_ANNOUNCED_ADDRESS.split(',');
    expect(stdout).toBe(await turnserverConf({ realm: 'clinic.example', secret: 'shared', port: 3478, peers }));
  } finally {
    await rm(folder, { recursive: true });
  }
});
