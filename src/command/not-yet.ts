// What upstream does and this resource does not do yet. Asking for it is an error: nothing is ignored in silence.
import { UserError } from '../errors.ts';
import type { ContentTrust, Source } from './source.ts';

/** A key whose value, when it is not empty, asks for a feature that is missing. */
interface Gap {
  readonly key: string;
  readonly value: (source: Source) => string | boolean | ContentTrust | undefined;
  readonly feature: string;
  readonly hint: string;
}

const acr = {
  feature: 'signing in to Azure Container Registry with a managed identity',
  hint: "until then set username and password to those of a service principal or of the registry's token",
};

/** The keys of `source` that ask all commands for it. */
const ofSource: readonly Gap[] = [
  { key: 'azure_acr', value: (source) => source.azureAcr, ...acr },
  { key: 'azure_client_id', value: (source) => source.azureClientId, ...acr },
  { key: 'azure_tenant_id', value: (source) => source.azureTenantId, ...acr },
  { key: 'azure_environment', value: (source) => source.azureEnvironment, ...acr },
  {
    key: 'google_auth',
    value: (source) => source.googleAuth,
    feature: 'signing in with the default credentials of Google Cloud',
    hint: 'until then set username to _json_key and password to the key of a service account',
  },
];

/** The keys of `source` that only a put acts on; a check and a get have nothing to sign. */
const ofPutSource: readonly Gap[] = [
  {
    key: 'content_trust',
    value: (source) => source.contentTrust,
    feature: 'signing images',
    hint: 'remove content_trust to publish without a signature',
  },
];

/** Fails with a UserError when a `source` asks for what no command does yet. */
export function rejectUnsupportedSource(source: Source): void {
  rejectGaps(ofSource, source);
}

/** Fails with a UserError when a put's `source` asks for what `out` does not do yet. */
export function rejectUnsupportedPut(source: Source): void {
  rejectGaps(ofPutSource, source);
}

function rejectGaps(gaps: readonly Gap[], source: Source): void {
  for (const { key, value, feature, hint } of gaps) {
    if (value(source)) {
      throw new UserError(`source.${key} is set, but ${feature} is not supported yet`, { hint });
    }
  }
}
