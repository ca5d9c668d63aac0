// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const PROJECT = resolve(import.meta.dirname, '../../..');
const INTEGRATION = resolve(PROJECT, 'tests/integration/target');

/** What makes Java start soon, for processes that live for seconds to minutes. */
const SHORT_LIVED = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

export interface Answer {
  readonly id: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

/** Takes an order to the rig and brings its answer. */
type Orders = (line: string) => Promise<string>;

/** Our server, the engine's and the portal's stand-in, in a process that takes orders line by line. */
export class Rig {
  readonly url: string;
  private readonly orders: Orders;
  readonly stop: () => Promise<void>;
  private token = '';

  private constructor(url: string, orders: Orders, stop: () => Promise<void>) {
    this.url = url;
    this.orders = orders;
    this.stop = stop;
  }

  /**
   * Starts one. To run tests again and again while writing them, ISOLATED_PORTS_RIG names a directory where one
   * runs already, reading from the pipe "in" and writing to the file "out".
   */
  static async start(kind: 'hook' | 'native' = 'hook'): Promise<Rig> {
    const running = process.env['ISOLATED_PORTS_RIG'];
    return running === undefined ? Rig.spawn(kind) : Rig.attach(running);
  }

  private static async spawn(kind: string): Promise<Rig> {
    const dependencies = readFileSync(resolve(INTEGRATION, 'demo.classpath'), 'utf8').trim();
    const child = spawn(
      'java',
      [
        ...SHORT_LIVED,
        `-Dot.epg.working-dir=${resolve(PROJECT, 'target/postgresql')}`,
        `-Disolated-ports.test.jvm=${SHORT_LIVED.join(' ')}`,
        '-cp',
        `${resolve(INTEGRATION, 'classes')}:${dependencies}`,
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
        'org.ovirt.isolatedports.rig.PortalRig',
        PROJECT,
        kind,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const waiting: ((line: string) => void)[] = [];
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => waiting.shift()?.(line));
    lines.on('close', () => {
      waiting.splice(0).forEach((each) => {
        each('error The rig has ended.');
      });
    });
    const next = () => new Promise<string>((done) => waiting.push(done));
    const ended = new Promise<void>((done) => {
      child.once('exit', () => {
        done();
      });
    });
    return new Rig(
      result(await next()),
      (line) => {
        const answer = next();
        child.stdin.write(`${line}\n`);
        return answer;
      },
      () => {
        child.stdin.end();
        return ended;
      },
    );
  }

  private static attach(directory: string): Rig {
    const answers = () => readFileSync(resolve(directory, 'out'), 'utf8').trimEnd().split('\n');
    return new Rig(
      result(answers()[0] ?? ''),
      async (line) => {
        const before = answers().length;
        appendFileSync(resolve(directory, 'in'), `${line}\n`);
        while (answers().length === before) {
          await new Promise((done) => setTimeout(done, 50));
        }
        return answers()[before] ?? '';
      },
      () => Promise.resolve(),
    );
  }

  /** Carries out an order; see PortalRig. */
  async order(line: string): Promise<string> {
    return result(await this.orders(line));
  }

  /** A request as the administrator, at the engine's API or ours. */
  async api(at: 'engine' | 'ours', method: string, path: string, body?: unknown): Promise<Answer> {
    if (this.token === '') {
      this.token = await this.login('admin@internal', 'admin');
    }
    const base = at === 'engine' ? '/ovirt-engine/api' : '/ovirt-isolated-ports/api';
    const response = await fetch(this.url + base + path, {
      method,
      headers: {
        Accept: 'application/json',
        'Content-Type': 'application/json',
        Authorization: `Bearer ${this.token}`,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return (text === '' ? {} : JSON.parse(text)) as Answer;
  }

  private async login(username: string, password: string): Promise<string> {
    const response = await fetch(`${this.url}/ovirt-engine/sso/oauth/token`, {
      method: 'POST',
      headers: { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'password', scope: 'ovirt-app-api', username, password }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  async dataCenter(): Promise<string> {
    const found = (await this.api('engine', 'GET', '/datacenters')) as unknown as { data_center: Answer[] };
    return found.data_center[0]?.id ?? '';
  }

  async cluster(name: string): Promise<string> {
    const found = (await this.api('engine', 'GET', '/clusters')) as unknown as { cluster: Answer[] };
    return found.cluster.find((each) => each.name === name)?.id ?? '';
  }

  /** Creates a network and attaches it to the cluster Default. */
  async network(name: string, isolated: boolean, more: object = {}): Promise<Answer> {
    const made = await this.api('ours', 'POST', '/networks', {
      name,
      data_center: { id: await this.dataCenter() },
      port_isolation: isolated,
      ...more,
    });
    await this.api('ours', 'POST', `/clusters/${await this.cluster('Default')}/networks`, {
      id: made.id,
      required: false,
    });
    return made;
  }

  /** What there is of that name, or else what is made; a rig may have been used before. */
  async once(at: string, element: string, name: string, make: () => Promise<unknown>): Promise<string> {
    const find = async () => {
      const found = (await this.api('engine', 'GET', at)) as unknown as Record<string, Answer[] | undefined>;
      return found[element]?.find((each) => each.name === name)?.id;
    };
    const there = await find();
    if (there !== undefined) {
      return there;
    }
    await make();
    return (await find()) ?? '';
  }

  async profileOf(network: string): Promise<string> {
    const found = (await this.api('ours', 'GET', `/networks/${network}/vnicprofiles`)) as unknown as {
      vnic_profile: Answer[];
    };
    return found.vnic_profile[0]?.id ?? '';
  }

  async vm(name: string): Promise<string> {
    const found = (await this.api(
      'engine',
      'GET',
      `/vms?search=${encodeURIComponent(`name="${name}"`)}`,
    )) as unknown as { vm?: Answer[] };
    return found.vm?.[0]?.id ?? '';
  }
}

function result(line: string): string {
  if (!line.startsWith('ok')) {
    throw new Error(line);
  }
  return line.slice(3);
}
