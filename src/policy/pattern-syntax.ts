// Rewrites patterns that Go accepts and re2js refuses: loose and long names of Unicode classes, repeated group names.

/** Canonical long name of a Unicode category ("General_Category" in PropertyValueAliases) → short name. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['Casedletter', 'LC'],
  ['Closepunctuation', 'Pe'],
  ['Cntrl', 'Cc'],
  ['Combiningmark', 'M'],
  ['Connectorpunctuation', 'Pc'],
  ['Control', 'Cc'],
  ['Currencysymbol', 'Sc'],
  ['Dashpunctuation', 'Pd'],
  ['Decimalnumber', 'Nd'],
  ['Digit', 'Nd'],
  ['Enclosingmark', 'Me'],
  ['Finalpunctuation', 'Pf'],
  ['Format', 'Cf'],
  ['Initialpunctuation', 'Pi'],
  ['Lc', 'LC'],
  ['Letter', 'L'],
  ['Letternumber', 'Nl'],
  ['Lineseparator', 'Zl'],
  ['Lowercaseletter', 'Ll'],
  ['Mark', 'M'],
  ['Mathsymbol', 'Sm'],
  ['Modifierletter', 'Lm'],
  ['Modifiersymbol', 'Sk'],
  ['Nonspacingmark', 'Mn'],
  ['Number', 'N'],
  ['Openpunctuation', 'Ps'],
  ['Other', 'C'],
  ['Otherletter', 'Lo'],
  ['Othernumber', 'No'],
  ['Otherpunctuation', 'Po'],
  ['Othersymbol', 'So'],
  ['Paragraphseparator', 'Zp'],
  ['Privateuse', 'Co'],
  ['Punct', 'P'],
  ['Punctuation', 'P'],
  ['Separator', 'Z'],
  ['Spaceseparator', 'Zs'],
  ['Spacingmark', 'Mc'],
  ['Surrogate', 'Cs'],
  ['Symbol', 'S'],
  ['Titlecaseletter', 'Lt'],
  ['Unassigned', 'Cn'],
  ['Uppercaseletter', 'Lu'],
]);

// In order: a quotation, a named class, another escape, the start of a named group, a whole bracket expression.
const tokens =
  /\\Q.*?(?:\\E|$)|\\[pP](?:\{[^}]*\}|[A-Za-z])|\\.|\(\?P?<\w+>|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]])*/gs;
// In order: the opening, a named class, a Perl class, a POSIX class, a range (which no class may end), the rest.
const tokensInBrackets =
  /^\[\^?|\\[pP](?:\{[^}]*\}|[A-Za-z])|\\[dswDSW]|\[:\^?\w+:\]|(?:\\.|[^\\])-(?!\])(?:\\[pP](?:\{[^}]*\}|[A-Za-z])|\\.|.)|\\.|./gs;
const namedClass = /^\\([pP])\{?(\^?)([^}]+)\}?$/;

/**
 * The pattern in the syntax of re2js, with its meaning in Go 1.25: `\p{Letter}`, `\p{lu}` and `\p{ASCII}` become
 * `\p{L}`, `\p{Lu}` and `[[:ascii:]]`, and groups lose their names, which are never used. An invalid pattern stays
 * invalid.
 */
export function toRe2jsSyntax(text: string): string {
  return text.replace(tokens, (token) => {
    if (token.startsWith('(')) {
      return '(?:';
    }
    return token.startsWith('[')
      ? token.replace(tokensInBrackets, (inner) => rewriteClass(inner, true))
      : rewriteClass(token, false);
  });
}

function rewriteClass(token: string, inBrackets: boolean): string {
  const match = namedClass.exec(token);
  if (!match) {
    return token;
  }
  const [, sign, caret, name = ''] = match;
  const isNegated = (sign === 'P') !== (caret === '^');
  const canonical = canonicalName(name);
  if (canonical === 'Ascii') {
    const ascii = isNegated ? '[:^ascii:]' : '[:ascii:]';
    return inBrackets ? ascii : `[${ascii}]`;
  }
  return `\\${isNegated ? 'P' : 'p'}{${shortNames.get(canonical) ?? canonical}}`;
}

/** Go's canonical form of a class name: `uppercase_letter` and `UPPERCASE LETTER` are `Uppercaseletter`. */
function canonicalName(name: string): string {
  const bare = name.replace(/[_\- ]/g, '').toLowerCase();
  return bare.slice(0, 1).toUpperCase() + bare.slice(1);
}
