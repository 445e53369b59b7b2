// Registry errors are formatted as by go-containerregistry.
import { describe, expect, test } from 'vitest';
import { maximumErrorBody } from '../../src/limits.ts';
import { OversizedBodyError, RegistryError } from '../../src/transport/registry-error.ts';
import { loadCases } from './cases.ts';

interface ErrorCase {
  method: string;
  url: string;
  status: number;
  body?: string;
  body_repeat?: { text: string; count: number };
  kind: 'registry' | 'other';
  text: string;
  text_then_body?: boolean;
  codes: string[];
  temporary: boolean;
}

const nameOf = ({ method, url, status, body, body_repeat }: ErrorCase) =>
  `${method} ${url} ${status} ${body ?? JSON.stringify(body_repeat)}`;

const bodyOf = ({ body, body_repeat }: ErrorCase) =>
  body ?? body_repeat?.text.repeat(body_repeat.count) ?? '';

describe('vectors of registry errors', () => {
  test.each(loadCases<ErrorCase>('error-text', nameOf).map((vector) => [nameOf(vector), vector] as const))(
    'formats the error %s',
    (_name, vector) => {
      const body = bodyOf(vector);
      const tooLong = Buffer.byteLength(body) > maximumErrorBody;
      expect(tooLong).toBe(vector.kind === 'other');
      if (tooLong) {
        const error = new OversizedBodyError(vector.method, vector.url, maximumErrorBody);
        expect(error.message).toBe(vector.text);
        expect(error).not.toBeInstanceOf(RegistryError);
        return;
      }
      for (const form of [body, Buffer.from(body)]) {
        const error = new RegistryError({ ...vector, body: form });
        expect(error.message).toBe(vector.text_then_body ? vector.text + body : vector.text);
        expect(error).toMatchObject({
          codes: vector.codes,
          temporary: vector.temporary,
          status: vector.status,
          method: vector.method,
        });
      }
    },
  );
});
