// registry-image ls: the tags of a repository.
import { parseRepository, repositoryName } from '../oci/reference.ts';
import { listTags } from '../registry/tag-list.ts';
import { type CliCommand, type RegistryOptions, withRegistries } from './cli-context.ts';
import { counted, jsonAnswer, printable } from './table.ts';

/** Lists the tags in byte order, so that two answers can be compared. */
export const runLs: CliCommand<RegistryOptions> = async (run) => {
  const [name = ''] = run.args;
  const repository = parseRepository(name);
  return await withRegistries(run, async ({ registries }) => {
    const tags = (await listTags(await registries.reader(repository))).sort();
    const output = run.options.json
      ? jsonAnswer({ repository: repositoryName(repository), tags })
      : `${tags.map((tag) => `${printable(tag)}\n`).join('')}${counted(tags.length, 'tag')}\n`;
    return { output, code: 0 };
  });
};
