// registry-image inspect: an image as a tree of manifests, children and what is attached to them, with sizes and signers.
import { repositoryName } from '../oci/reference.ts';
import { type InspectedImage, type InspectedNode, inspectImage } from '../promotion/inspect-image.ts';
import { signaturePredicate } from '../signing/image-statement.ts';
import type { StatedSignature } from '../signing/stated-signature.ts';
import { formatSize } from '../transfer/progress-format.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { parseRegistryImage } from './image-argument.ts';
import { counted, jsonAnswer, printable } from './table.ts';

interface Options extends RegistryOptions {
  /** False with --no-referrers. */
  readonly referrers: boolean;
}

/** Exits with 0 when the image can be read. */
export const runInspect: CliCommand<Options> = async (run) => {
  const { options } = run;
  const { repository, tag, digest } = parseRegistryImage(run.args[0] ?? '');
  return await withRegistries(run, async ({ registries }) => {
    const session = await registries.reader(repository);
    const image = await inspectImage(session, digest ?? tag ?? '', options.referrers);
    const place = { repository: repositoryName(repository), tag: tag ?? null, digest: image.root.digest };
    return { output: options.json ? jsonAnswer({ ...place, ...image }) : treeText(image), code: 0 };
  });
};

function treeText({ summary, root }: InspectedImage): string {
  const { images, referrers, size } = summary;
  const counts = `${counted(images, 'image')}, ${counted(referrers, 'referrer')}, ${formatSize(size)}`;
  return `${nodeLine(root)}\n${branches(root, '')}${counts}\n`;
}

/** The nodes below one, each on a line that begins with the branches that lead to it. */
function branches({ signatures, children, referrers }: InspectedNode, indent: string): string {
  const below = [
    ...signatures.map((signature) => ({ text: signatureLine(signature), node: undefined })),
    ...children.map((node) => ({ text: nodeLine(node), node })),
    ...referrers.map((node) => ({ text: `referrer ${nodeLine(node)}`, node })),
  ];
  return below
    .map(({ text, node }, position) => {
      const isLast = position === below.length - 1;
      const line = `${indent}${isLast ? '└── ' : '├── '}${text}\n`;
      return node ? line + branches(node, `${indent}${isLast ? '    ' : '│   '}`) : line;
    })
    .join('');
}

function signatureLine({ predicate_type: type, key, identity }: StatedSignature): string {
  const what = type === null || type === signaturePredicate ? 'signature' : `attestation ${type}`;
  const who =
    identity !== null
      ? `${identity.subject} (${identity.issuer})`
      : key !== null
        ? `key ${key}`
        : 'a signer that it does not name';
  return printable(`${what} by ${who}, not verified`);
}

function nodeLine(node: InspectedNode): string {
  const { kind, digest, size, platform, artifact_type: type, tag, config, layers } = node;
  const content = [...(config ? [config] : []), ...layers].reduce((sum, blob) => sum + blob.size, size);
  const parts = [
    kind,
    digest,
    ...(platform === null ? [] : [platform]),
    ...(type === null ? [] : [type]),
    ...(tag === null ? [] : [`tag ${tag}`]),
    formatSize(content),
    ...(config ? [counted(layers.length, 'layer')] : []),
  ];
  return printable(parts.join('  '));
}
