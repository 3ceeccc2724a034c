// SPDX-License-Identifier: Apache-2.0
import { readMark } from '../recording/format.js';

/** One thing that a frame says: its name on the wire, and its content in a few words. */
export interface Member {
  /** E.g. `serverContent outputTranscription`, `toolCall pay`, `realtimeInput audio`. */
  kind: string;
  /** Undefined where the name says it all. */
  detail?: string | undefined;
  /** Of audio: its length. */
  ms?: number;
}

/** Longer words are cut. */
const WORDS = 60;
const RATES = { in: 24_000, out: 16_000 };

type Json = Record<string, unknown>;
type Direction = 'in' | 'out';

/** What a frame says, member by member, in the order in which it stands there. */
export function membersOf(frame: unknown, dir: Direction): Member[] {
  if (!isObject(frame)) return [{ kind: 'no JSON object', detail: quoted(frame) }];
  return Object.entries(frame).flatMap(([name, value]) => message(name, value, dir));
}

/** Is it nothing but audio? Its length in ms then. */
export function audioMs(frame: unknown, dir: Direction): number | undefined {
  const members = membersOf(frame, dir);
  if (members.length === 0 || members.some(({ ms }) => ms === undefined)) return undefined;
  return members.reduce((sum, { ms = 0 }) => sum + ms, 0);
}

/** A frame in one line, e.g. `serverContent audio 40 ms + outputTranscription "Hello."`. */
export function told(frame: unknown, dir: Direction): string {
  const members = membersOf(frame, dir);
  let last = '';
  const words = members.map(({ kind, detail }) => {
    const [name = '', ...rest] = kind.split(' ');
    const short = name === last && rest.length > 0 ? rest.join(' ') : kind;
    last = name;
    return detail === undefined ? short : `${short} ${detail}`;
  });
  return words.length === 0 ? 'an empty frame' : words.join(' + ');
}

/** In quotation marks, and not too long. */
export function quoted(value: unknown, length = WORDS): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? '');
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function message(name: string, value: unknown, dir: Direction): Member[] {
  if (!isObject(value)) return [{ kind: name, detail: quoted(value) }];
  switch (name) {
    case 'setup':
      return [setup(value)];
    case 'serverContent':
    case 'realtimeInput':
      return parts(name, value, dir);
    case 'clientContent':
      return content(value);
    case 'contextUpdate':
      return [{ kind: name, detail: update(value) }];
    case 'toolCall':
      return list(value['functionCalls']).map((call) => ({
        kind: `toolCall ${word(call['name'])}`,
        detail: `${idOf(call)}${quoted(call['args'] ?? {})}`,
      }));
    case 'toolResponse':
      return list(value['functionResponses']).map((response) => ({
        kind: `toolResponse ${word(response['name'])}`,
        detail: `${idOf(response)}${quoted(response['response'])}${asides(response)}`,
      }));
    default:
      return [{ kind: name, detail: small(name, value) }];
  }
}

function setup(value: Json): Member {
  const resumes = isObject(value['sessionResumption']) && value['sessionResumption']['handle'];
  const names = functionNames(value['tools']);
  const detail = [
    ...(typeof resumes === 'string' ? [`resumes ${resumes}`] : []),
    ...(names.length > 0 ? [`declares ${names.join(' ')}`] : []),
  ].join(', ');
  return { kind: 'setup', ...(detail && { detail }) };
}

function update(value: Json): string {
  const tools = value['tools'];
  const names = isObject(tools) ? functionNames(tools['tools']) : undefined;
  return [
    ...('systemInstruction' in value ? [`instructions ${texts(value['systemInstruction'])}`] : []),
    ...(names ? [`declares ${names.join(' ') || 'nothing'}`] : []),
  ].join(', ');
}

/** Names of the functions that a list of tools declares. */
export function functionNames(tools: unknown): string[] {
  return list(tools)
    .flatMap((tool) => list(tool['functionDeclarations']))
    .map(({ name }) => word(name));
}

function content(value: Json): Member[] {
  const said = list(value['turns']).map((turn) => `${word(turn['role'])} ${texts(turn)}`);
  const detail = [...said, ...(value['turnComplete'] === true ? ['turnComplete'] : [])].join(', ');
  return [{ kind: 'clientContent', ...(detail && { detail }) }];
}

function parts(message: string, value: Json, dir: Direction): Member[] {
  return Object.entries(value).flatMap(([name, member]): Member[] => {
    const kind = `${message} ${name}`;
    if (name === 'modelTurn' && isObject(member)) {
      return list(member['parts']).map((part) => partOf(message, part, dir));
    }
    if (member === true) return [{ kind }];
    if (name === 'audio' && isObject(member)) return [audio(kind, member, dir)];
    if (!isObject(member)) return [{ kind, detail: quoted(member) }];
    if ('data' in member) return [{ kind, detail: word(member['mimeType']) }];
    const { text } = member;
    return [{ kind, ...(typeof text === 'string' && { detail: quoted(text) }) }];
  });
}

function partOf(message: string, part: Json, dir: Direction): Member {
  const { inlineData, text, thought } = part;
  if (isObject(inlineData)) {
    const mime = word(inlineData['mimeType'] ?? 'audio/pcm');
    if (mime.startsWith('audio/')) return audio(`${message} audio`, inlineData, dir);
    return { kind: `${message} media`, detail: mime };
  }
  if (typeof text !== 'string') return { kind: `${message} ${Object.keys(part).join(' ')}` };
  return { kind: `${message} ${thought === true ? 'thought' : 'text'}`, detail: quoted(text) };
}

function audio(kind: string, { data, mimeType }: Json, dir: Direction): Member {
  const text = typeof data === 'string' ? data : '';
  const rate = Number(/rate=(\d+)/.exec(word(mimeType))?.[1] ?? RATES[dir]);
  const bytes = readMark(text)?.bytes ?? Math.floor((text.replace(/=+$/, '').length * 3) / 4);
  const ms = (bytes / 2 / rate) * 1000;
  return { kind, detail: `${Math.round(ms)} ms`, ms };
}

/** Messages of a few members, none of which is long. */
function small(name: string, value: Json): string | undefined {
  if (name === 'setupComplete') return undefined;
  if (name === 'usageMetadata') return `${word(value['totalTokenCount'] ?? '?')} tokens`;
  if (name === 'sessionResumptionUpdate') {
    return value['resumable'] === true ? word(value['newHandle']) : 'not resumable';
  }
  const [only, ...more] = Object.values(value);
  return more.length === 0 && typeof only === 'string' ? only : quoted(value);
}

function asides({ scheduling, willContinue }: Json): string {
  const words = [
    ...(typeof scheduling === 'string' ? [scheduling] : []),
    ...(willContinue === true ? ['more follows'] : []),
  ];
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function idOf({ id }: Json): string {
  return typeof id === 'string' && id !== '' ? `${id} ` : '';
}

function texts(turn: unknown): string {
  const all = isObject(turn) ? list(turn['parts']).map(({ text }) => word(text ?? '<media>')) : [];
  return quoted(all.join(' '));
}

/** What should be a word or a number, but the file may say anything. */
function word(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
