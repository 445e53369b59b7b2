// Whose certificates count: who vouches for an identity (the issuer), and the identity itself (the subject).
import { UserError } from '../errors.ts';
import { compileWholePattern } from '../policy/pattern.ts';

/** An entry of `identities` as configured; empty strings are unset. */
export interface IdentitySettings {
  readonly issuer: string;
  readonly subject: string;
  /** RE2; it has to match the whole subject. */
  readonly subjectRegexp: string;
}

/** An identity that is trusted. */
export interface Identity {
  readonly issuer: string;
  /** The subject or the pattern, for people. */
  readonly name: string;
  isSubject(subject: string): boolean;
}

/** Checks an entry of `identities`. Throws a UserError that begins with `where`. */
export function readIdentity({ issuer, subject, subjectRegexp }: IdentitySettings, where: string): Identity {
  if (issuer === '') {
    throw new UserError(`${where} has no issuer`, {
      hint: 'name the OpenID provider that vouches for the subject, such as https://accounts.google.com',
    });
  }
  if ((subject === '') === (subjectRegexp === '')) {
    const found = subject === '' ? 'neither subject nor subject_regexp' : 'both subject and subject_regexp';
    throw new UserError(`${where} has ${found}`, {
      hint: 'set subject to whose signatures count, or subject_regexp to a pattern for all of it',
    });
  }
  if (subject !== '') {
    return { issuer, name: subject, isSubject: (candidate) => candidate === subject };
  }
  const pattern = compileWholePattern(subjectRegexp, `${where}.subject_regexp`);
  return { issuer, name: subjectRegexp, isSubject: (candidate) => pattern.matches(candidate) };
}
