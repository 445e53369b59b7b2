// The commands of registry-image about signatures: their arguments and options.
import type { Command as Program } from 'commander';
import type { Define } from './cli-context.ts';
import { repeatedOption, withRegistryOptions } from './shared-options.ts';

/** Defines the commands. */
export function defineSigningCommands(define: Define): void {
  define(
    'verify',
    (command) =>
      withRegistryOptions(
        command
          .description(
            'verify the signatures of an image by keys and identities, given here or in the settings file',
          )
          .argument('<image>', 'host/path/name:tag or host/path/name@sha256:…')
          .addOption(repeatedOption('--key <file>', 'a public key (PEM)'))
          .addOption(repeatedOption('--certificate-identity <subject>', 'whose certificate counts'))
          .addOption(repeatedOption('--certificate-identity-regexp <re2>', 'matches all of such a subject'))
          .option('--certificate-oidc-issuer <url>', 'who vouches for these subjects')
          .option('--trusted-root <file>', 'names the authorities for certificates and times')
          .option(
            '--threshold <count>',
            'how many of the keys and identities must have signed it; by default 1',
          )
          .option('--min-age <duration>', 'how long ago it must have been signed, such as 7d')
          .addOption(
            repeatedOption(
              '--require-predicate <type>',
              'of which there must be an attestation: sbom, provenance',
            ),
          )
          .option('--builder-regexp <re2>', 'matches all of the builder that a provenance names')
          .option('--source-regexp <re2>', 'matches all of the source that a provenance names')
          .addOption(repeatedOption('--annotation <name=value>', 'must be signed with the image')),
      ),
    async () => (await import('./verify-command.ts')).runVerify,
  );
  define(
    'sign',
    (command) =>
      withIdentityOptions(
        command
          .description(
            'sign an image with a private key, or as an identity; COSIGN_PASSWORD is the password of the key',
          )
          .argument('<image>', 'host/path/name:tag or host/path/name@sha256:…')
          .option('--key <file>', 'the private key (PEM)')
          .option('--format <format>', 'bundle, legacy or both', 'bundle')
          .addOption(repeatedOption('--annotation <name=value>', 'is signed with the image'))
          .option('--recursive', 'sign everything that an index lists, too'),
      ),
    async () => (await import('./sign-command.ts')).runSign,
  );
  define(
    'attest',
    (command) =>
      withIdentityOptions(
        command
          .description('attest something of an image, such as its SBOM, with a private key or as an identity')
          .argument('<image>', 'host/path/name:tag or host/path/name@sha256:…')
          .option('--key <file>', 'the private key (PEM); COSIGN_PASSWORD is its password')
          .option('--type <type>', 'required: spdxjson, cyclonedx, slsaprovenance1, …, or a URI')
          .option('--predicate <file>', 'required: what is attested, as the type has it'),
      ),
    async () => (await import('./attest-command.ts')).runAttest,
  );
}

/** Adds the options of a command that can sign without a key. */
function withIdentityOptions(command: Program): Program {
  return withRegistryOptions(command)
    .option('--fulcio-url <url>', 'sign without a key: the Fulcio that certifies an identity')
    .option('--rekor-url <url>', 'the Rekor that logs the signature')
    .option('--timestamp-url <url>', 'the timestamp authority that says when it was made')
    .option('--identity-token <file>', 'the identity token; by default from the environment of the CI');
}
