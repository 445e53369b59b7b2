// Which kind of image a put publishes, and the annotations of one that lies in the build.
import { annotatedSource } from '../content/annotated-source.ts';
import type { OutParams } from '../request/params.ts';
import type { PutImage } from '../request/put-image.ts';
import { openAssembled } from './assembled-image.ts';
import { prepareFile } from './file-image.ts';
import type { PreparedImage, PutSurroundings } from './opened-image.ts';
import { openPromoted } from './promoted-image.ts';

/** Checks everything about the image that needs no request. Throws a UserError for what is no image. */
export async function prepareImage(
  image: PutImage,
  params: Pick<OutParams, 'annotations' | 'referrers' | 'onlyIfChanged'>,
  surroundings: PutSurroundings,
): Promise<PreparedImage> {
  switch (image.kind) {
    case 'image':
      return annotated(await prepareFile(image.glob, surroundings, params.onlyIfChanged), params.annotations);
    case 'from':
      return await openPromoted(image, params.referrers, surroundings);
    case 'manifests':
      return await openAssembled(image, params.annotations, surroundings);
  }
}

function annotated(image: PreparedImage, annotations: OutParams['annotations']): PreparedImage {
  return Object.keys(annotations).length === 0
    ? image
    : {
        ...image,
        async open(origin) {
          const opened = await image.open(origin);
          return { ...opened, source: annotatedSource(opened.source, annotations) };
        },
      };
}
