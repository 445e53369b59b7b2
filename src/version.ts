// The version of this project, for --version; a test compares it with package.json.

/** As in package.json, which the executables do not contain. */
export const version = '0.1.0';
