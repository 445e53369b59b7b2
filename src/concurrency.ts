// How many requests of one kind are sent to a registry at the same time.

/** Tags that `check` looks up; as many as a client opens connections to a host. */
export const lookUpConcurrency = 32;

/** Blobs and manifests that are uploaded to a registry, or downloaded from it into a layout; as upstream. */
export const transferConcurrency = 4;

/** Tags that a put asks for, moves, or moves back after a failure; as upstream. */
export const tagConcurrency = 4;
