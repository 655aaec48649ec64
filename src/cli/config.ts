import { describeConfig, readConfig, VARIABLES } from '../config.ts';

/** `silta config [--check]`: the table of settings, or the verdict on the present environment. */
export function showConfig(options: { readonly check?: boolean }): void {
  if (!options.check) {
    process.stdout.write(`${describeConfig()}\n`);
    return;
  }
  const config = readConfig(process.env);
  for (const [name, entry] of Object.entries(VARIABLES)) {
    const value = config[name as keyof typeof VARIABLES];
    const shown = value === undefined ? '(not set)' : 'secret' in entry ? '(secret)' : String(value);
    process.stdout.write(`${name}=${shown}\n`);
  }
}
