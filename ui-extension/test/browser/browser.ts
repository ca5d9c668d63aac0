// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { chromium, type Browser, type Frame, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Rig } from './rig';

const SCREENSHOTS = resolve(import.meta.dirname, '../../../target/screenshots');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(SCREENSHOTS, { recursive: true });

/** Debian's own Chromium; as root it runs without its sandbox only. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
}

interface Options {
  readonly user?: string;
  readonly theme?: 'light' | 'dark';
  /** What the console may say, such as of a server that a test has stopped. */
  readonly expected?: RegExp;
}

/** The portal in a browser, with somebody logged in. */
export class Portal {
  readonly page: Page;
  private readonly complaints: string[] = [];

  private constructor(page: Page, expected: RegExp | undefined) {
    this.page = page;
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => {
      if (message.type() === 'error' && !expected?.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  static async open(browser: Browser, rig: Rig, options: Options = {}): Promise<Portal> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const portal = new Portal(page, options.expected);
    const user = options.user ?? 'admin';
    await page.goto(`${rig.url}/ovirt-engine/webadmin/?theme=${options.theme ?? 'light'}`);
    await page.getByLabel('Username').fill(`${user}@internal`);
    await page.getByLabel('Password').fill(user === 'user3' ? 'U3' : user);
    await page.getByRole('button', { name: 'Log In' }).click();
    await page.waitForFunction("window.standIn.states()['isolated-ports'] === 'IN_USE'");
    return portal;
  }

  /** Goes to a list, or to the tab of an entity. */
  async go(place: string, id?: string, tab?: string): Promise<void> {
    const parts = [place, id, tab].filter((part) => part !== undefined).map(encodeURIComponent);
    await this.page.evaluate((hash) => {
      window.location.hash = hash;
    }, parts.join('/'));
  }

  /** The frame of our tab about an entity. */
  async tab(place: string, id: string, page: string): Promise<Frame> {
    await this.go(place, id, `isolated-ports-${page}`);
    return this.frame('iframe[title="Isolation"]', `${page}.html#${id}`);
  }

  async dialog(title: string): Promise<Frame> {
    return this.frame(`[role=dialog] iframe[title="${title}"]`, '.html');
  }

  /** A frame that is just being replaced is not it: the one of this address is waited for. */
  private async frame(selector: string, address: string): Promise<Frame> {
    const end = Date.now() + 60_000;
    for (;;) {
      const element = await this.page.waitForSelector(selector);
      const frame = await element.contentFrame().catch(() => null);
      if (frame?.url().includes(address) === true) {
        await frame.waitForSelector('#root > *');
        return frame;
      }
      if (Date.now() > end) {
        throw new Error(`${selector} shows ${frame?.url() ?? 'nothing'}, not ${address}.`);
      }
      await this.page.waitForTimeout(100);
    }
  }

  /** Pictures for people to look at: at both widths, light and, where asked for, dark. */
  async picture(name: string, dark = false): Promise<void> {
    await this.shoot(`${name}-light`);
    if (dark) {
      await this.theme('dark');
      await this.shoot(`${name}-dark`);
      await this.theme('light');
    }
  }

  /** The portal in another theme, and the frames in it as they would be had they been opened then. */
  private async theme(theme: 'light' | 'dark'): Promise<void> {
    for (const frame of this.page.frames()) {
      await frame.evaluate((dark) => {
        const root = document.documentElement;
        root.classList.toggle(window === window.top ? 'dark' : 'pf-v6-theme-dark', dark);
        root.style.setProperty('--isolated-ports--page', dark ? 'rgb(31, 31, 31)' : 'rgb(255, 255, 255)');
      }, theme === 'dark');
    }
  }

  private async shoot(name: string): Promise<void> {
    for (const [width, height] of [
      [1280, 800],
      [1920, 1080],
    ] as const) {
      await this.page.setViewportSize({ width, height });
      await this.page.waitForTimeout(150);
      await this.page.screenshot({ path: resolve(SCREENSHOTS, `${name}-${width}.png`) });
    }
    await this.page.setViewportSize({ width: 1280, height: 800 });
  }

  /** What axe finds in a frame of ours must be nothing. */
  async accessible(frame: Frame): Promise<void> {
    await frame.evaluate(AXE);
    const found = await frame.evaluate(async () => {
      // A colour that is still on its way to another has neither's contrast.
      const passing = document
        .getAnimations()
        .filter((each) => each.effect?.getComputedTiming().iterations !== Infinity);
      await Promise.allSettled(passing.map((each) => each.finished));
      const axe = (window as unknown as { axe: typeof import('axe-core') }).axe;
      const result = await axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
        // A page in a frame of the portal has the portal's heading and landmarks around it.
        rules: { 'page-has-heading-one': { enabled: false }, region: { enabled: false } },
      });
      return result.violations.map(
        (violation) =>
          `${violation.id}: ${violation.nodes.map((node) => `${node.html.slice(0, 200)} (${node.failureSummary ?? ''})`).join(' | ')}`,
      );
    });
    expect(found).toEqual([]);
  }

  /** The plugin is in service, nothing was thrown, and the console is silent. */
  async close(): Promise<void> {
    const states = await this.page.evaluate("window.standIn.states()['isolated-ports']");
    const log = await this.page.evaluate<string[]>(
      "window.standIn.log.filter((entry) => entry.level === 'severe').map((entry) => entry.message)",
    );
    await this.page.close();
    expect(log).toEqual([]);
    expect(states).toBe('IN_USE');
    expect(this.complaints).toEqual([]);
  }
}
