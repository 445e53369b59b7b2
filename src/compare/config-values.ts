// The values of an image config that are compared: every one but the diff ids, which are the layers.
import { isJsonObject, type JsonObject } from '../oci/json.ts';

/**
 * Every value of a config by its path, such as `config.Env[0]`, as JSON. A member that is null is the same as none. Without
 * `times` the times of creation, of the image and in its history, are left out.
 */
export function configValues(config: JsonObject, times: boolean): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  add('', config);
  return values;

  function add(path: string, value: unknown): void {
    if (value === null || value === undefined || isLeftOut(path, times)) {
      return;
    }
    if (Array.isArray(value)) {
      addEmpty(path, value.length, '[]');
      for (const [index, item] of value.entries()) {
        add(`${path}[${index}]`, item ?? 'null');
      }
    } else if (isJsonObject(value)) {
      const members = Object.entries(value);
      addEmpty(path, members.length, '{}');
      for (const [key, item] of members) {
        add(path === '' ? key : `${path}.${key}`, item);
      }
    } else {
      values.set(path, JSON.stringify(value));
    }
  }

  function addEmpty(path: string, length: number, text: string): void {
    if (length === 0 && path !== '') {
      values.set(path, text);
    }
  }
}

function isLeftOut(path: string, times: boolean): boolean {
  return path === 'rootfs.diff_ids' || (!times && /^(?:history\[\d+\]\.)?created$/.test(path));
}
