/** `silta validate`: what `$validate` of a gateway says, about files and without a gateway. */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { OperationOutcome } from 'fhir/r4';
import { readConfig } from '../config.ts';
import { createConformance, type Language } from '../conformance/index.ts';
import { type Definitions, loadDefinitions } from '../definitions/index.ts';
import { completeResponse } from '../forms/index.ts';
import { type Issue, SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import { BODY_DEPTH, createResourceReader, describeFindings, findIssues, type Judge } from '../rest/index.ts';
import { createBuiltIn, createCodeJudge } from '../terminology/index.ts';
import { CommandError } from './exit.ts';
import { type Input, listInputs, readStandardInput, STANDARD_INPUT } from './input-files.ts';
import { profilesDirectory } from './installation.ts';
import { countFindings, printFindings, type Total } from './print-findings.ts';
import { createQuestionnaireShelf, type QuestionnaireShelf } from './questionnaire-shelf.ts';

export interface ValidateOptions {
  readonly profile: readonly string[];
  readonly questionnaire: readonly string[];
  readonly format: string;
  /** Of what is said about answers: see LANGUAGES; English when not given. */
  readonly language?: string;
}

/** What was read of an input: a resource, or why there is none. */
interface Document extends Input {
  readonly text: string;
  readonly resource?: Resource;
  readonly issues?: readonly Issue[];
}

const LANGUAGES: readonly Language[] = ['en', 'fi', 'sv'];
const XML = 'application/fhir+xml';
const JSON_TYPE = 'application/fhir+json';

/**
 * Judges files by base R4, by the profiles they claim and those named, and answers by their Questionnaire: one of
 * `--questionnaire`, of the files themselves, or of the installation's profiles.
 *
 * @param files files, directories (searched for `*.json` and `*.xml`), or `-` for the standard input
 * @throws CommandError when a resource is invalid (1), or the call is wrong (2)
 */
export async function validateFiles(files: readonly string[], options: ValidateOptions): Promise<void> {
  const { format, profile } = options;
  if (format !== 'text' && format !== 'json') throw new CommandError("--format must be 'text' or 'json'", 2);
  const language = readLanguage(options.language);
  const inputs = await listInputs(files);
  const config = readConfig({ ...process.env, SILTA_MODE: 'sandbox' });
  const definitions = await loadDefinitions({ profiles: profilesDirectory(config) });
  const unknown = profile.find((each) => !definitions.structure(each));
  if (unknown !== undefined) throw new CommandError(`--profile: '${unknown}' is not known here`, 2);
  const read = createDocumentReader(definitions);
  const shelf = createQuestionnaireShelf(definitions.content);
  for (const file of options.questionnaire) await addQuestionnaire(shelf, file, read);
  const judge = createJudge(definitions, shelf);
  const outcomes: { readonly name: string; readonly outcome: OperationOutcome }[] = [];
  const total: Total = { files: 0, invalid: 0, errors: 0, warnings: 0 };
  await eachDocument(inputs, read, shelf, async (document) => {
    const issues = document.issues ?? (await judgeDocument(document, judge, profile, language));
    countFindings(total, issues);
    if (format === 'text') printFindings(document.name, document.text, issues);
    else outcomes.push({ name: document.name, outcome: describeFindings(issues) });
  });
  if (total.files === 0) throw new CommandError('there is no resource in what was given', 2);
  if (format === 'json') printOutcomes(outcomes);
  else
    process.stdout.write(
      `${total.files} validated: ${total.files - total.invalid} valid, ${total.invalid} invalid\n`,
    );
  if (total.invalid > 0) throw new CommandError(`${total.errors} error(s), ${total.warnings} warning(s)`);
}

type ReadDocument = (input: Input) => Promise<Document | undefined>;

/** Reads a file as the API reads a body. Files found in a directory that do not claim to be resources are left out. */
function createDocumentReader(definitions: Definitions): ReadDocument {
  const readResource = createResourceReader(definitions, BODY_DEPTH);
  return async (input) => {
    const bytes = input.name === STANDARD_INPUT ? await readStandardInput() : await readFile(input.name);
    const text = bytes.toString('utf8');
    const isXml = /^\ufeff?\s*</.test(text);
    const claims = isXml ? text.includes('http://hl7.org/fhir') : text.includes('"resourceType"');
    if (input.found && !claims) return undefined;
    try {
      return { ...input, text, resource: readResource(isXml ? XML : JSON_TYPE, bytes) };
    } catch (error) {
      if (!(error instanceof SiltaError)) throw error;
      return { ...input, text, issues: error.issues };
    }
  };
}

/** Answers come last, when all Questionnaires of the files are known. */
async function eachDocument(
  inputs: readonly Input[],
  read: ReadDocument,
  shelf: QuestionnaireShelf,
  work: (document: Document) => Promise<void>,
): Promise<void> {
  const answers: Document[] = [];
  const progress = createProgress(inputs.length);
  for (const input of inputs) {
    progress();
    const document = await read(input);
    if (!document) continue;
    const { resource } = document;
    if (resource?.resourceType === 'Questionnaire') shelf.add(resource);
    if (resource?.resourceType === 'QuestionnaireResponse') answers.push(document);
    else await work(document);
  }
  for (const answer of answers) await work(answer);
}

const MANY = 100;

/** Counts on a terminal's standard error, where it disturbs no output. */
function createProgress(files: number): () => void {
  if (!process.stderr.isTTY || files < MANY) return () => undefined;
  let done = 0;
  return () => {
    done++;
    if (done % MANY === 0 || done === files)
      process.stderr.write(`\r${done}/${files}${done === files ? '\n' : ''}`);
  };
}

function createJudge(definitions: Definitions, shelf: QuestionnaireShelf): Judge {
  const codes = createCodeJudge(createBuiltIn(definitions));
  return {
    conformance: createConformance({ definitions, codes }),
    forms: { completeResponse },
    store: { resolveCanonical: async (_type, canonical) => shelf.find(canonical) },
    terminology: { prepareFor: codes.prepareFor },
  };
}

async function judgeDocument(
  { resource }: Document,
  judge: Judge,
  profiles: readonly string[],
  language: Language,
): Promise<readonly Issue[]> {
  return resource ? (await findIssues(judge, resource, profiles, language)).issues : [];
}

function readLanguage(asked = 'en'): Language {
  const language = LANGUAGES.find((each) => each === asked);
  if (!language) throw new CommandError("--language must be 'fi', 'sv' or 'en'", 2);
  return language;
}

async function addQuestionnaire(shelf: QuestionnaireShelf, file: string, read: ReadDocument): Promise<void> {
  const document = await read({ name: file, found: false }).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`--questionnaire ${file}: cannot be read: ${error.code ?? error.message}`, 2);
  });
  if (document?.resource?.resourceType === 'Questionnaire') {
    shelf.prefer(document.resource);
    return;
  }
  const [issue] = document?.issues ?? [];
  throw new CommandError(
    `--questionnaire ${file}: is no Questionnaire${issue ? `: ${issue.diagnostics}` : ''}`,
    2,
  );
}

/** One outcome as it is; several as a Bundle of them, each under its file's URL. */
function printOutcomes(
  outcomes: readonly { readonly name: string; readonly outcome: OperationOutcome }[],
): void {
  const [first, ...others] = outcomes;
  const shown =
    others.length === 0
      ? first?.outcome
      : {
          resourceType: 'Bundle',
          type: 'collection',
          entry: outcomes.map(({ name, outcome }) => ({
            ...(name !== STANDARD_INPUT && { fullUrl: pathToFileURL(name).href }),
            resource: outcome,
          })),
        };
  process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
}
