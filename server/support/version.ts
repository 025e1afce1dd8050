import manifest from '../../package.json' with { type: 'json' };

/** The release this process was built from. */
export const version: string = manifest.version;
