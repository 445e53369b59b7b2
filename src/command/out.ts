// The out command: pushes an image under the tags that its params select.
import { openAccess } from '../access/access.ts';
import { sourceRepositories } from '../access/repositories.ts';
import { UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Digest } from '../oci/digest.ts';
import type { Pattern } from '../policy/pattern.ts';
import { publishedVersion } from '../policy/published-version.ts';
import { immutableTagRule, immutableTags, type OnConflict } from '../policy/tag-decision.ts';
import { requireVersion } from '../policy/tag-version.ts';
import { checkRequestedTags, type RequestedTags, timestampSuffix } from '../policy/tags-to-push.ts';
import { openTransferLog } from '../process/command-log.ts';
import { reportContent } from '../process/content-report.ts';
import type { Command } from '../process/surroundings.ts';
import { cleanUp } from '../put/put-cleanup.ts';
import { prepareImage } from '../put/put-image.ts';
import { openPutSigner } from '../put/signed-image.ts';
import { openSourceReader } from '../put/source-reader.ts';
import { publishedUnchanged } from '../put/unchanged-image.ts';
import { repositoryTarget } from '../registry/repository-target.ts';
import { decodeOutRequest, type OutRequest } from '../request/request.ts';
import { secretsOfSign } from '../request/secrets.ts';
import { openGate } from '../signing/gate.ts';
import { copyTagged } from '../transfer/copy-tagged.ts';
import { watchContent } from '../transfer/watched-content.ts';
import { openContentTrust } from './content-trust.ts';
import { directoryArgument, requireDirectory } from './directory-argument.ts';
import { outResponse } from './response.ts';
import { reviewedTags } from './review-aliases.ts';
import { readAdditionalTags, readVersionFile } from './tag-files.ts';

/** Pushes the image that the glob matches. Returns the first tag that points at it, and the pushed digest. */
export const runOut: Command = async (surroundings) => {
  const directory = directoryArgument(surroundings);
  const request = decodeOutRequest(await surroundings.readInput());
  const { immutableTags: setting, onConflict, onlyIfChanged, cleanup, sign } = request.params;
  secretsOfSign(sign).forEach(surroundings.addSecret);
  const { signal } = surroundings;
  const { log, progress } = openTransferLog(surroundings, request);
  await requireDirectory(directory);
  const access = openAccess(request.source, 'out', surroundings, log);
  // A put has no mirrors: an image that is pushed to a mirror is not in the registry.
  const logIn = sourceRepositories({ ...request.source, registryMirrors: [] }, access);
  checkAllowed(request.source.repository, request.params.allowRepositories);
  const requested = await readRequestedTags(request, directory, { log, now: surroundings.clock.now() });
  checkRequestedTags(requested);
  const immutable = immutableTags(setting);
  const signer = await openPutSigner(sign, {
    ...surroundings,
    directory,
    log,
    services: () => access.service(),
  });
  const trust = openContentTrust(request.source, access, surroundings, log);
  const { verify } = request.source;
  const { clock } = surroundings;
  const gate = verify && (await openGate(verify, 'source.verify', { clock, log, signal }));
  const reader = openSourceReader(request.source, access, surroundings, log);
  const image = await prepareImage(request.params.image, request.params, {
    directory,
    compression: request.params.compression,
    progress,
    log,
    signal,
    reader: reader.read,
    verify: gate && ((from, digest) => gate.settle(() => gate.verify(from, digest, from.repository))),
  });
  try {
    const { origin } = await logIn();
    const opened = await image.open(origin);
    const session = await origin.session('push,pull', opened.from?.repository);
    const reviewed = await reviewedTags(requested, session, log);
    const { asked, aliases, all: tags, unique } = reviewed;
    const rule = immutableTagRule(immutable(asked, aliases), onConflict);
    const [first = ''] = tags;
    const unchanged = onlyIfChanged
      ? await publishedUnchanged(session, first, opened, {
          log,
          signal,
          isTrusted: async (digest) =>
            (await (signer ? signer.hasSigned(session, digest) : gate?.accepts(session, digest))) ?? true,
        })
      : undefined;
    const { verified } = opened;
    let signed: string | undefined;
    let output: string;
    if (unchanged) {
      log.info(`nothing pushed: tag ${first} has the same image, ${unchanged}`);
      signed = await signer?.signPublished(session, unchanged);
      output = outResponse(origin.name, publishedVersion([first], unchanged, []), unchanged, {
        verified,
        signed,
      });
    } else {
      log.info(`pushing tag(s) ${tags.join(', ')}`);
      const on = reportContent(log);
      const target = repositoryTarget(session, on);
      const copying = { limiter: origin.limiter, signal, on };
      const { root, conflicts } = await push(() =>
        copyTagged(watchContent(opened.source, progress), target, unique, {
          ...copying,
          rule,
          review: (seen, isLast) => reviewed.review(rule, seen, isLast),
          isRetag: opened.from !== undefined,
          async beforeTags(root, to, bytes) {
            await opened.bringAttachments?.(to, copying);
            signed = await signer?.sign(session, to, root, bytes);
          },
        }),
      );
      for (const { tag, digest } of conflicts) {
        log.warn(`immutable tag ${tag}: ${conflictMessage(onConflict, digest, root.digest)}`);
      }
      const skipped = onConflict === 'skip' ? conflicts : [];
      const moving = (tag: string) => !reviewed.staying().includes(tag);
      log.info(skipped.length === unique.filter(moving).length ? 'nothing pushed: all tags stay' : 'pushed');
      const stayed = skipped.map(({ tag }) => tag);
      await trust?.sign(
        session,
        root,
        unique.filter((tag) => moving(tag) && !stayed.includes(tag)),
      );
      const version = publishedVersion(tags.filter(moving), root.digest, skipped);
      output = outResponse(origin.name, version, root.digest, { skipped, verified, signed });
    }
    if (cleanup) {
      const place = cleanup.in === 'source' ? opened.from?.deleter : () => origin.session('delete,push,pull');
      const deleter = place ? await place() : session;
      await cleanUp(deleter, cleanup, unique, { now: surroundings.clock.now(), log });
    }
    return { output, code: 0 };
  } finally {
    progress.close();
    await image.close();
    await reader.close();
    await access.close();
  }
};

/** Fails before any log-in when `allow_repositories` does not allow the destination. */
function checkAllowed(repository: string, allowed: readonly Pattern[]): void {
  if (allowed.length > 0 && !allowed.some((pattern) => pattern.matches(repository))) {
    throw new UserError(`params.allow_repositories does not allow ${repository}`, {
      hint: 'none of its patterns is found in the name; nothing was sent',
    });
  }
}

function conflictMessage(onConflict: OnConflict, current: Digest, pushed: Digest): string {
  return onConflict === 'skip'
    ? `skipped, it stays on ${current}; the image is ${pushed}`
    : `moved from ${current} to ${pushed}`;
}

async function readRequestedTags(
  { source, params }: OutRequest,
  directory: string,
  { log, now }: { readonly log: Log; readonly now: number },
): Promise<RequestedTags> {
  const { tag, variant } = source;
  const { bumpAliases, tags, tagPrefix } = params;
  const versionKey = params.version === '' ? 'params.version_file' : 'params.version';
  const version =
    params.version === ''
      ? await readVersionFile(directory, params.versionFile)
      : requireVersion(params.version);
  const additionalTags = await readAdditionalTags(directory, params.additionalTags, log);
  const suffix = params.uniqueSuffix ? timestampSuffix(now) : '';
  return { tag, version, versionKey, variant, bumpAliases, tags, additionalTags, tagPrefix, suffix };
}

/** The image that the glob finds. Without a glob the directory itself may be one, as in upstream. */
async function push<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    throw new UserError('pushing image failed', { cause });
  }
}
