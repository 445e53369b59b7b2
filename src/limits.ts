// The bounds on the size and count of foreign input: documents, archives, names. What exceeds one is an error.

const kibi = 1024;
const mebi = 1024 * kibi;

/** Bytes of a manifest, index, config or `manifest.json` on disk. More than any has; registries stop at 4 MiB. */
export const maximumDiskDocument: number = 32 * mebi;

/** Bytes of an extended header or a GNU long name of a tar archive, as in Go's archive/tar and libarchive. */
export const maximumExtendedHeader: number = mebi;

/** Bytes of the map of a sparse file in a tar archive, as in Go's archive/tar. */
export const maximumSparseMap: number = mebi;

/** Bytes of a file name or link target: PATH_MAX of Linux. The kernel takes no longer one. */
export const maximumPath = 4096;

/** Symbolic links followed in one path: as many as Linux follows. More are a cycle. */
export const maximumSymlinks = 40;

/** Bytes of a name from an archive that an error message quotes; an archive may hold names of a megabyte. */
export const maximumQuotedName = 200;

/** Bytes of one header of a response. Challenges and signed URLs are a few kilobytes long. */
export const maximumHeader: number = 64 * kibi;

/** Bytes of all headers of a response. */
export const maximumHeaders: number = 128 * kibi;

/** Bytes of the body of a refusal, and of other answers that are short, such as tokens. */
export const maximumErrorBody: number = 64 * kibi;

/** Redirects of one request, as in Go's net/http. */
export const maximumRedirects = 10;

/** Bytes of a manifest or index from a registry. Most registries accept no more than 4 MiB. */
export const maximumManifest: number = 8 * mebi;

/** Bytes of a manifest, index or config that is read together with many others; larger ones are read one at a time. */
export const maximumSmallDocument: number = 256 * kibi;

/** Bytes of a document that is read without the garbage of earlier ones being collected before. */
export const maximumUncollected: number = mebi;

/** Bytes of all manifests and indexes that one copy holds in memory, and of the indexes inside each other. */
export const maximumHeldDocuments: number = 16 * mebi;

/** Bytes of one page of a list of tags, repositories or referrers. 1000 of the longest tags have 131 KB. */
export const maximumListPage: number = 8 * mebi;

/** Bytes of all pages of such a list: several hundred thousand tags of usual length. */
export const maximumListBytes: number = 16 * mebi;

/** Entries of all pages of such a list. Shorter ones than usual must not need more memory. */
export const maximumListEntries = 1_500_000;

/** Pages of such a list. A registry that never stops naming a next page must not keep a check busy for ever. */
export const maximumListPages = 10_000;

/** Bytes of a tag list with digests, which Google's registries send as one page. */
export const maximumDigestList: number = 64 * mebi;

/** Bytes of an image config from a registry. */
export const maximumConfig: number = 32 * mebi;

/** Signatures of one image that are verified, in each of the two formats. More only keep a client busy. */
export const maximumSignatures = 128;

/** Bytes of a signature: a bundle with certificates, log entries and timestamps has some 10 KB. */
export const maximumSignature: number = mebi;

/** Characters in JSON of what verifies a signature: certificate, log entries, timestamps. Those of cosign have 10 KB. */
export const maximumMaterial: number = 64 * kibi;

/** Log entries, and timestamps, of one signature. It has one or two. */
export const maximumProofs = 32;

/** Bytes of what is claimed by an attestation. Lists of packages of large images have 20 MB. */
export const maximumPredicate: number = 32 * mebi;

/** Bytes of an attestation: its claim in base64, and as much beside it as a signature has. */
export const maximumAttestation: number = 48 * mebi;

/** Bytes of a trusted root: that of the public deployment of sigstore has 7 KB. */
export const maximumTrustedRoot: number = mebi;

/** Indexes in indexes that are followed to find the image for a platform. More are a cycle or an attack. */
export const maximumIndexDepth = 8;

/** Objects and lists inside each other in an image config that is compared. Configs have five. */
export const maximumConfigDepth = 100;

/** The same in what an attestation claims. Go's decoder, and so cosign, takes 10,000; documents have less than a hundred. */
export const maximumPredicateDepth = 1000;

/** Bytes of a file with a key, a certificate or a token. */
export const maximumKeyFile: number = mebi;

/** Bytes of a file that lists tags. */
export const maximumTagFile: number = mebi;

/** Bytes of a file that contains a version, or the digest or the repository that a get wrote. */
export const maximumVersionFile: number = 4 * kibi;

/** Bytes of a YAML file: a hundred times the largest list of images of Kubernetes, which has 600 KB. */
export const maximumYamlFile: number = 64 * mebi;

/** Maps and lists inside each other in a YAML file. Manifests have five. */
export const maximumYamlDepth = 64;

/** Tokens of a YAML file. The library needs half a kilobyte for each; 20,000 digests have 220,000. */
export const maximumYamlTokens = 1_000_000;

/** Characters of a line of a saved plan. The reason of an edge that could not be planned is the longest. */
export const maximumPlanLine: number = mebi;

/** Values that the aliases of a YAML file repeat, all together: a few lines of them can stand for billions. */
export const maximumYamlRepetitions = 1_000_000;

/** Folders inside each other in a directory of thin manifests. It needs three. */
export const maximumTreeDepth = 16;

/** Files and folders in a directory of thin manifests. Kubernetes has less than a thousand. */
export const maximumTreeEntries = 20_000;

/** Bytes of a list of packages in an image that is compared. That of a Debian desktop has 4 MB. */
export const maximumPackageList: number = 64 * mebi;
