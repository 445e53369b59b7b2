// The commands of a shell script as words: quotes, continued lines and comments, and nothing that is substituted.

/** The commands of a script in order, each as its words without redirections. */
export function shellCommands(script: string): string[][] {
  const commands: string[][] = [[]];
  const token =
    /\\\n|[^\S\n]+|(?<!\S)#[^\n]*|\d?>>?\s*[^\s;|&]+|(\n|;|\|\|?|&&)|((?:'[^']*'|"(?:\\.|[^"\\])*"|\\[^\n]|[^\s'"\\;|&])+)/g;
  for (const [, separator, word] of script.matchAll(token)) {
    if (separator !== undefined) {
      commands.push([]);
    } else if (word !== undefined) {
      commands.at(-1)?.push(unquoted(word));
    }
  }
  return commands.filter((words) => words.length > 0);
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\([\\"$`])/g, '$1') ?? escaped ?? '',
  );
}
