// The vector cases that are not met, by name, each with its reason. Nothing is skipped in another way.

const oneLayerForAll =
  'upstream takes the compression of all layers from the first one: it pushes plain layers as gzip and zstd as gzip';
const surplus = 'upstream pushes such a tarball without the layers for which the config has no diff id';

/** topic → name of the case → why it is waived. */
export const waived: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  synth: {
    'zstd layer': oneLayerForAll,
    'zstd and gzip': oneLayerForAll,
    'gzip then plain': oneLayerForAll,
    'more plain layers than diff ids': surplus,
    'plain layers but no diff ids': surplus,
  },
};
