// How many requests of one kind a command sends at the same time.

/** Tags that `check` looks up; a client opens up to 32 connections to a host. */
export const lookUpConcurrency = 24;

/** Blobs that `in` downloads into a layout. */
export const downloadConcurrency = 4;

/** Blobs and manifests that `out` uploads, as upstream. */
export const uploadConcurrency = 4;

/** Tags that `out` asks for, moves, or moves back after a failure. */
export const tagConcurrency = 4;
