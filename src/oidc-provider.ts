/**
 * `oidc-provider` without its start-up notice. The library prints a warning to the console on every Node release
 * before 22, which it nevertheless runs on; the gateway supports Node 20 and proves with its own tests that the flows
 * work there, and its standard output belongs to the structured log.
 * @see https://github.com/panva/node-oidc-provider
 */
import type * as Library from 'oidc-provider';

async function loadQuietly(): Promise<typeof Library> {
  const warn = console.warn;
  console.warn = () => undefined;
  try {
    return await import('oidc-provider');
  } finally {
    console.warn = warn;
  }
}

const library = await loadQuietly();

export const Provider = library.Provider;
export type Provider = Library.Provider;
export const errors = library.errors;
export const interactionPolicy = library.interactionPolicy;
export type {
  Adapter,
  AdapterPayload,
  ClientMetadata,
  Configuration,
  KoaContextWithOIDC,
} from 'oidc-provider';

/**
 * Takes the former account, with its grants, out of a provider's session before another account finishes an
 * interaction in the same browser. The library would otherwise show a form that only a script can submit.
 * @param interaction the interaction's details
 */
export async function leaveFormerAccount(
  provider: Provider,
  interaction: Awaited<ReturnType<Provider['interactionDetails']>>,
  accountId: string,
): Promise<void> {
  const { session: former } = interaction;
  if (!former?.accountId || former.accountId === accountId) return;
  const session = await provider.Session.findByUid(String(former.uid));
  if (session) {
    session.accountId = undefined;
    session.authorizations = undefined;
    await session.persist();
  }
  interaction.session = undefined;
  await interaction.persist();
}
