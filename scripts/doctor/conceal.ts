const secretName = /SECRET|KEY|TOKEN|PASSWORD|CREDENTIAL|_SID$/;

/** Takes every secret of the settings, and every password of an address, out of a text that somebody else wrote. */
export function concealing(env: NodeJS.ProcessEnv): (text: string) => string {
  const secrets = Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined || value === '') return [];
    if (secretName.test(name) && !name.includes('PUBLIC')) return value.split(',');
    return passwordsIn(value);
  });
  const long = [...new Set(secrets)].filter((secret) => secret.length >= 6).sort((a, b) => b.length - a.length);
  return (text) =>
    long
      .reduce((hidden, secret) => hidden.replaceAll(secret, '•••'), text)
      .replace(/(\w+:\/\/[^\s:/@]*):[^\s@/]+@/g, '$1:•••@');
}

function passwordsIn(value: string): string[] {
  const found = /^\w[\w+]*:\/\/[^\s:/@]*:([^\s@/]+)@/.exec(value)?.[1];
  if (found === undefined) return [];
  try {
    return [found, decodeURIComponent(found)];
  } catch {
    return [found];
  }
}
