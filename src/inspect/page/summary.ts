// SPDX-License-Identifier: Apache-2.0
import { duration } from './time.js';

/** What one row of the frame list says. */
export interface Summary {
  /** `→` sent, `←` received, `·` neither. */
  arrow: string;
  what: string;
  text: string;
}

const MOST = 240;

/** One line of JSON in a few words. */
export function summaryOf(json: string): Summary {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return { arrow: '·', what: 'unreadable', text: cut(json) };
  }
  const dir = String(line['dir']);
  const arrow = dir === 'in' ? '←' : dir === 'out' ? '→' : '·';
  if (isObject(line['audio'])) return { arrow, what: 'audio', text: audioText(line['audio']) };
  if (dir === 'in' || dir === 'out') return { arrow, ...frameSummary(line['frame']) };
  return { arrow, ...otherSummary(dir, line) };
}

type Said = Omit<Summary, 'arrow'>;

function frameSummary(frame: unknown): Said {
  if (!isObject(frame)) return { what: 'no JSON object', text: cut(JSON.stringify(frame) ?? '') };
  const [path, value] = descend(frame);
  return { what: path, text: cut(textOf(value)) };
}

/** `serverContent.turnComplete`: as deep as there is only one way, or no other that is an object. */
function descend(frame: Record<string, unknown>): [path: string, value: unknown] {
  const path: string[] = [];
  let value: unknown = frame;
  while (isObject(value) && path.length < 2) {
    const keys = Object.keys(value);
    const [first] = keys;
    if (first === undefined) break;
    if (keys.length > 1 && path.length > 0) {
      path.push(keys.join(' + '));
      break;
    }
    path.push(keys.length > 1 ? keys.join(' + ') : first);
    if (keys.length > 1) break;
    value = value[first];
  }
  return [path.join('.') || 'empty', value];
}

function otherSummary(dir: string, line: Record<string, unknown>): Said {
  const { input, call, args, event, what, detail, commands, audioMs, note } = line;
  switch (dir) {
    case 'local':
      return named(input, 'type');
    case 'connection':
      return named(event, 'is');
    case 'call':
      return { what: `${String(call)}()`, text: cut(textOf(args)) };
    case 'report':
      return { what: `report ${String(what)}`, text: cut(textOf(detail)) };
    case 'queue':
      return {
        what: 'queue',
        text: `${Number(commands)} waiting, ${duration(Number(audioMs))} of audio`,
      };
    default:
      return { what: dir, text: cut(textOf(note)) };
  }
}

function named(value: unknown, key: string): Said {
  const { [key]: name, ...rest } = isObject(value) ? value : {};
  return { what: String(name), text: cut(textOf(rest)) };
}

function audioText({ frames, ms, peakDb }: Record<string, unknown>): string {
  const level = typeof peakDb === 'number' ? `, peak ${peakDb} dB` : '';
  return `${Number(frames)} frames, ${duration(Number(ms))}${level}`;
}

/** A text as it is, another thing as JSON without its braces. */
function textOf(value: unknown): string {
  if (value === undefined || value === true) return '';
  if (typeof value === 'string') return value;
  if (isObject(value) && typeof value['text'] === 'string') return value['text'];
  const json = JSON.stringify(value);
  return json === '{}' ? '' : json.replace(/^\{(.*)\}$/s, '$1');
}

const cut = (text: string): string => (text.length > MOST ? `${text.slice(0, MOST)}…` : text);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
