// The vector cases that are not met, by name, each with its reason. Nothing is skipped in another way.

const oneLayerForAll =
  'upstream takes the compression of all layers from the first one: it pushes plain layers as gzip and zstd as gzip';
const surplus = 'upstream pushes such a tarball without the layers for which the config has no diff id';

const firstChallenge =
  'upstream answers the first challenge that it can read; here every challenge is read, and a token is preferred';

/** topic → name of the case → why it is waived. */
export const waived: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  challenge: {
    'Basic realm="x", Bearer realm="https://auth.example.com/token",service="reg" from https://reg.example.com for repository:library/busybox:pull':
      firstChallenge,
    'Digest realm="x" | Basic realm="b" | Bearer realm="https://auth.example.com/token",service="registry.example.com" from https://reg.example.com for repository:library/busybox:pull':
      firstChallenge,
    'Basic | Bearer realm="https://auth.example.com/token",service="registry.example.com" from https://reg.example.com for repository:library/busybox:pull':
      firstChallenge,
  },
  synth: {
    'zstd layer': oneLayerForAll,
    'zstd and gzip': oneLayerForAll,
    'gzip then plain': oneLayerForAll,
    'more plain layers than diff ids': surplus,
    'plain layers but no diff ids': surplus,
  },
};
