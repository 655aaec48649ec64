/** `${NAME}` and `${NAME:-default}` in the strings of a system.yaml. */

const VARIABLE = /\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?\}/g;

export interface Resolution {
  readonly text: string;
  /** Variables that are not set and have no default. */
  readonly missing: readonly string[];
  /** Variables whose default was taken. */
  readonly defaulted: readonly string[];
}

/**
 * Replaces the variables of one string. An empty variable counts as not set, as in a shell's `:-`.
 *
 * @param environment the process's environment, or a part of it
 */
export function resolveVariables(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): Resolution {
  const missing: string[] = [];
  const defaulted: string[] = [];
  const resolved = text.replace(VARIABLE, (_, name: string, otherwise: string | undefined) => {
    const value = environment[name];
    if (value) return value;
    (otherwise === undefined ? missing : defaulted).push(name);
    return otherwise ?? '';
  });
  return { text: resolved, missing, defaulted };
}
