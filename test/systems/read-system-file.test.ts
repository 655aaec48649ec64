// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how a system.yaml writes its variables
import { describe, expect, it } from '@jest/globals';
import { type Fault, Faults, printFault } from '../../src/systems/fault.ts';
import { readSystemFile } from '../../src/systems/read-system-file.ts';

const GOOD = `title: Kaiku24
sector: social
transport:
  kind: http-json
  baseUrl: \${KAIKU_URL:-https://kaiku.example}/api
  auth:
    kind: bearer
    secret: \${KAIKU_SECRET}
routes:
  - name: contact
    on: Task
    when: status = 'requested'
    map: task.fml
    send: { method: POST, path: /contacts }
`;

const ENVIRONMENT = { KAIKU_SECRET: 'hyvin-salainen' };

function faultsOf(
  text: string,
  environment: Record<string, string | undefined> = ENVIRONMENT,
): readonly Fault[] {
  try {
    readSystemFile(text, 'mappings/kaiku24/system.yaml', { environment, sandboxDefaults: true });
  } catch (error) {
    if (error instanceof Faults) return error.faults;
    throw error;
  }
  throw new Error('the file was taken, though it is broken');
}

const printed = (text: string, environment?: Record<string, string | undefined>) =>
  faultsOf(text, environment).map((fault) => printFault(fault).replace('mappings/kaiku24/system.yaml:', ''));

describe('a system.yaml', () => {
  it('is read with its variables resolved', () => {
    const read = (environment: Record<string, string>) =>
      readSystemFile(GOOD, 'f', { environment, sandboxDefaults: true }).content;
    const content = read(ENVIRONMENT);
    expect(content.transport).toEqual({
      kind: 'http-json',
      baseUrl: 'https://kaiku.example/api',
      auth: { kind: 'bearer', secret: 'hyvin-salainen' },
    });
    const elsewhere = { ...ENVIRONMENT, KAIKU_URL: 'http://localhost:7' };
    expect(read(elsewhere).transport.baseUrl).toBe('http://localhost:7/api');
  });

  it('connects over plain http in production only when the file says so, and names the place otherwise', () => {
    const plain = GOOD.replace('https://kaiku.example', 'http://kaiku.example');
    const read = (text: string) =>
      readSystemFile(text, 'f', { environment: ENVIRONMENT, sandboxDefaults: true, requireHttps: true });
    const faultOf = (text: string) => {
      try {
        read(text);
      } catch (error) {
        return (error as Faults).faults.map(printFault);
      }
      return [];
    };
    expect(faultOf(plain)).toEqual([expect.stringMatching(/^f:5:12: .*plain http is refused in production/)]);
    expect(faultOf(plain.replace('http://', 'HTTP://'))).toHaveLength(1);
    const token = plain
      .replace('http://kaiku.example', 'https://kaiku.example')
      .replace(
        /kind: bearer\n {4}secret: \S+/,
        'kind: oauth2-client-credentials\n    tokenUrl: http://login.example/token\n    clientId: silta\n    clientSecret: ${KAIKU_SECRET}',
      );
    expect(faultOf(token)).toEqual([expect.stringMatching(/^f:8:15: .*plain http/)]);
    const said = plain.replace('routes:', '  options: { plainHttp: true }\nroutes:');
    expect(read(said).content.transport.options).toEqual({ plainHttp: true });
    expect(faultOf(GOOD)).toEqual([]);
  });

  it('takes defaults for addresses and secrets in the sandbox only', () => {
    const text = GOOD.replace('${KAIKU_SECRET}', '${KAIKU_SECRET:-sandbox}');
    const read = (environment: Record<string, string>, sandboxDefaults: boolean) =>
      readSystemFile(text, 'f', { environment, sandboxDefaults }).content.transport;
    expect(read({}, true).auth['secret']).toBe('sandbox');
    expect(read({ KAIKU_SECRET: '' }, true).auth['secret']).toBe('sandbox');
    expect(() => read({ KAIKU_URL: 'https://kaiku.example' }, false)).toThrow(
      /^f:\d+:\d+: the environment variable KAIKU_SECRET is not set$/,
    );
    expect(() => read({ KAIKU_SECRET: 'x' }, false)).toThrow(/KAIKU_URL is not set$/);
    expect(read({ KAIKU_URL: 'https://kaiku.example', KAIKU_SECRET: 'x' }, false).auth['secret']).toBe('x');
  });

  it.each([
    ['sector: social', 'sector: sosiaali', "2:9: 'sector' must be one of health, social"],
    ['title: Kaiku24', 'titel: Kaiku24', "1:1: unknown property 'titel' in the file; known are title,"],
    ['  kind: http-json', '  kind: soap', "4:9: 'transport.kind' must be one of http-json, odata, fhir"],
    ['    secret: ${KAIKU_SECRET}', '    secret: abc123', "8:13: 'transport.auth.secret' is a secret"],
    ['    secret: ${KAIKU_SECRET}', '    token: ${KAIKU_SECRET}', "7:5: 'transport.auth' lacks 'secret'"],
    ["status = 'requested'", "status == 'requested'", '12:11: not FHIRPath: '],
    ['    map: task.fml', '    map: task.fml\n    with: { patient: for. }', '14:22: not FHIRPath: '],
    ['    on: Task', '    on: task', "11:9: 'routes.0.on' must match"],
    ['    map: task.fml', '    map: ../task.fml', "13:10: 'routes.0.map' must match"],
    ['path: /contacts', 'collection: X', "14:27: unknown property 'collection'"],
    ['method: POST', 'method: GET', "14:21: 'routes.0.send.method' must be one of POST, PUT"],
    [
      'https://kaiku.example',
      'ftp://kaiku.example',
      "5:12: only http and https addresses are connected to, not 'ftp:'",
    ],
    ['https://kaiku.example', 'https://me:pw@kaiku.example', '5:12: credentials belong under auth'],
    [
      '${KAIKU_URL:-https://kaiku.example}',
      '${KAIKU_URL}',
      '5:12: the environment variable KAIKU_URL is not set',
    ],
    [
      '  kind: http-json',
      '  kind: http-json\n  options: { csrf: true }',
      "5:14: 'transport.options.csrf' is not an option",
    ],
  ])('with %j instead as %j is refused at its place', (was, becomes, expected) => {
    expect(printed(GOOD.replace(was, becomes))).toEqual(
      expect.arrayContaining([expect.stringContaining(expected)]),
    );
  });

  it('reports every mistake, not only the first', () => {
    const text = GOOD.replace('sector: social', 'sector: x').replace('    on: Task', '    on: task');
    expect(faultsOf(text).map((fault) => fault.line)).toEqual([2, 11]);
  });

  it('is refused with the place when it is not YAML or names a key twice', () => {
    expect(printed(`${GOOD}title: uudelleen\n`)[0]).toMatch(/^15:1: Map keys must be unique/);
    expect(printed('title: [')[0]).toMatch(/^1:\d+: /);
    expect(printed('')[0]).toMatch(/^1:1: /);
    expect(printed('- a')[0]).toMatch(/^1:1: /);
  });

  it('is refused when two routes have the same name', () => {
    const [, second = ''] = GOOD.split('routes:\n');
    expect(printed(GOOD + second)).toEqual(["15:11: 'contact' is there already; a name names one entry"]);
  });

  it('never shows a secret in a fault', () => {
    const text = GOOD.replace('https://kaiku.example', 'ftp://x').replace(
      '${KAIKU_SECRET}',
      'julkinen-salaisuus',
    );
    expect(printed(text).join()).not.toMatch(/hyvin-salainen|julkinen-salaisuus/);
  });
});
