// registry-image inspect: an image as a tree of manifests, children and what is attached to them, with sizes.
import { repositoryName } from '../oci/reference.ts';
import { type InspectedImage, type InspectedNode, inspectImage } from '../promotion/inspect-image.ts';
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
function branches({ children, referrers }: InspectedNode, indent: string): string {
  const below = [
    ...children.map((node) => ({ node, isReferrer: false })),
    ...referrers.map((node) => ({ node, isReferrer: true })),
  ];
  return below
    .map(({ node, isReferrer }, position) => {
      const isLast = position === below.length - 1;
      const mark = isReferrer ? 'referrer ' : '';
      const line = `${indent}${isLast ? '└── ' : '├── '}${mark}${nodeLine(node)}\n`;
      return line + branches(node, `${indent}${isLast ? '    ' : '│   '}`);
    })
    .join('');
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
