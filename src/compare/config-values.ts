// The values of an image config that are compared: every one but the diff ids, where those are the layers.
import { UserError } from '../errors.ts';
import { maximumConfigDepth } from '../limits.ts';
import { isJsonObject, isNestedDeeper, type JsonObject } from '../oci/json.ts';

/** Which values of a config are compared. */
export interface ConfigValueOptions {
  /** Whether times of creation count, of the image and in its history. */
  readonly times: boolean;
  /** Whether the diff ids do: they are left out where they are compared as layers. */
  readonly diffIds: boolean;
}

/** The one object whose keys usually have dots in them, and whose values are texts. */
const labels = 'config.Labels';

/**
 * Every value of a config by its path, such as `config.Env[0]`, as JSON. A member that is null is the same as none. A key that
 * could be read as a path is quoted, `config.Volumes["/etc/app.d"]`, so that no two values have one path; those of labels need
 * not be. Throws a UserError for a config that is nested deeper than any is.
 */
export function configValues(config: JsonObject, options: ConfigValueOptions): ReadonlyMap<string, string> {
  if (isNestedDeeper(config, maximumConfigDepth)) {
    throw new UserError(`it has more than ${maximumConfigDepth} objects and lists inside each other`);
  }
  const values = new Map<string, string>();
  add('', config);
  return values;

  function add(path: string, value: unknown): void {
    if (value === null || value === undefined || isLeftOut(path, options)) {
      return;
    }
    if (Array.isArray(value)) {
      addEmpty(path, value.length, '[]');
      for (const [index, item] of value.entries()) {
        addValue(`${path}[${index}]`, item);
      }
    } else if (isJsonObject(value)) {
      const members = Object.entries(value);
      addEmpty(path, members.length, '{}');
      for (const [key, item] of members) {
        if (path === labels && item !== null) {
          values.set(`${path}.${key}`, JSON.stringify(item));
        } else {
          add(memberPath(path, key), item);
        }
      }
    } else {
      values.set(path, JSON.stringify(value));
    }
  }

  /** An item of a list counts also when it is null: the others have their places by it. */
  function addValue(path: string, item: unknown): void {
    if (item === null) {
      values.set(path, 'null');
    } else {
      add(path, item);
    }
  }

  function addEmpty(path: string, length: number, text: string): void {
    if (length === 0 && path !== '') {
      values.set(path, text);
    }
  }
}

function memberPath(path: string, key: string): string {
  if (key === '' || /[.[\]"]/.test(key)) {
    return `${path}[${JSON.stringify(key)}]`;
  }
  return path === '' ? key : `${path}.${key}`;
}

function isLeftOut(path: string, { times, diffIds }: ConfigValueOptions): boolean {
  return (!diffIds && path === 'rootfs.diff_ids') || (!times && /^(?:history\[\d+\]\.)?created$/.test(path));
}
