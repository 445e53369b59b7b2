// The vector cases that are skipped, by name, each with its reason. Nothing is skipped in another way.

/** topic → name of the case → why it is waived. */
export const waived: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
