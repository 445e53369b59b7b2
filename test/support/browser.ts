// Drives a headless chromium over the DevTools protocol on a pipe: opens a file, clicks, types, and records what the page asks for.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { connectDevTools, type Message } from './dev-tools.ts';
import { findProgram } from './services.ts';

/** A page of a file in a browser of its own. */
export interface BrowserPage extends AsyncDisposable {
  /** The value of an expression in the page. Rejects when it throws. */
  evaluate(expression: string): Promise<unknown>;
  /** Clicks with the mouse in the middle of what a selector finds first. */
  click(selector: string): Promise<void>;
  /** Types into what has the focus. */
  type(text: string): Promise<void>;
  /** Presses a key on what has the focus. */
  press(key: 'Enter' | 'Tab' | ' '): Promise<void>;
  /** The colour scheme that the user prefers, and the width of the window in pixels. */
  show(scheme: 'light' | 'dark', width: number): Promise<void>;
  /** Prints the page as a PDF, which is thrown away. */
  print(): Promise<void>;
  /** Every URL that was asked for, the page itself too. */
  readonly requests: readonly string[];
  /** Messages of the console, errors of scripts, and violations of the policy. */
  readonly problems: readonly string[];
  /** The folder of the profile, which is in the command line of every process of this browser. */
  readonly profile: string;
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--remote-debugging-pipe',
  '--no-first-run',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-breakpad',
  '--disable-extensions',
  '--disable-background-networking',
  '--disable-component-update',
  '--host-resolver-rules=MAP * ~NOTFOUND',
];

/** Opens a file. Closing ends every process of the browser and removes its profile. */
export async function openInBrowser(file: string): Promise<BrowserPage> {
  const profile = await mkdtemp(join(tmpdir(), 'browser-'));
  const child = spawn(findProgram('chromium') ?? 'chromium', [...flags, `--user-data-dir=${profile}`], {
    env: { PATH: process.env.PATH, HOME: profile },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = once(child, 'exit');
  const killAll = () => {
    try {
      process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
    } catch {
      // All processes of the group have ended.
    }
  };
  process.once('exit', killAll);
  const requests: string[] = [];
  const problems: string[] = [];
  const browser = connectDevTools(child.stdio[3] as Writable, child.stdio[4] as Readable, ended);
  browser.on('Network.requestWillBeSent', ({ request }) => requests.push((request as { url: string }).url));
  for (const event of ['Runtime.consoleAPICalled', 'Runtime.exceptionThrown', 'Log.entryAdded']) {
    browser.on(event, (params) => problems.push(JSON.stringify(params)));
  }
  const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
  const send = (method: string, params: Message = {}) => browser.send(method, params, sessionId);
  await Promise.all(['Page', 'Runtime', 'Log', 'Network'].map((domain) => send(`${domain}.enable`)));
  const loaded = new Promise<void>((resolve) => browser.on('Page.loadEventFired', () => resolve()));
  await send('Page.navigate', { url: pathToFileURL(file).href });
  await Promise.race([loaded, ended]);
  const evaluate = async (expression: string) => {
    const answer = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (answer.exceptionDetails) {
      throw new Error(`${expression}: ${JSON.stringify(answer.exceptionDetails)}`);
    }
    return (answer.result as { value?: unknown }).value;
  };
  return {
    requests,
    problems,
    profile,
    evaluate,
    async click(selector) {
      const found = `document.querySelector(${JSON.stringify(selector)})`;
      const box = `(() => { const found = ${found}; found.scrollIntoView({ block: 'center' });
        const { x, y, width, height } = found.getBoundingClientRect(); return { x: x + width / 2, y: y + height / 2 }; })()`;
      const place = (await evaluate(box)) as Message;
      for (const type of ['mousePressed', 'mouseReleased']) {
        await send('Input.dispatchMouseEvent', { type, ...place, button: 'left', clickCount: 1 });
      }
    },
    async type(text) {
      await send('Input.insertText', { text });
    },
    async press(key) {
      const text = { Enter: '\r', Tab: '', ' ': ' ' }[key];
      const code = { Enter: 13, Tab: 9, ' ': 32 }[key];
      const what = { key, code: key === ' ' ? 'Space' : key, windowsVirtualKeyCode: code };
      await send('Input.dispatchKeyEvent', { type: text === '' ? 'rawKeyDown' : 'keyDown', text, ...what });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...what });
    },
    async show(value, width) {
      await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
      await send('Emulation.setDeviceMetricsOverride', {
        ...{ width, height: 900, deviceScaleFactor: 1, mobile: false },
      });
    },
    async print() {
      await send('Page.printToPDF');
    },
    async [Symbol.asyncDispose]() {
      process.removeListener('exit', killAll);
      await Promise.race([browser.send('Browser.close'), ended]).catch(() => {});
      await ended;
      killAll();
      await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}
