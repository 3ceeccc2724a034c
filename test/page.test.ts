// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderPage } from '../src/inspect/page.js';
import { asHeard, levelCells, stepFor } from '../src/inspect/page_levels.js';
import { cellOf, dbOf, ROW_KINDS, type PageMeta } from '../src/inspect/page_data.js';
import { foldRows } from '../src/inspect/page_rows.js';
import type { RecordingLine } from '../src/recording/format.js';
import { parseRecording } from '../src/recording/parse.js';
import { CallMaker } from './support/made_up_call.js';
import { pageAssets } from './support/page_assets.js';

const ASSETS = { script: 'run("</script>");', style: 'body{}' };
const call = new CallMaker(1).make(60_000);

/** The bytes of each chunk of a page. */
function chunksOf(html: string): Map<string, Buffer> {
  const found = html.matchAll(
    /<script type="application\/x-deflate-base64" id="([^"]+)">([^<]*)</g,
  );
  const unpacked = (text: string): Buffer => inflateRawSync(Buffer.from(text, 'base64'));
  return new Map([...found].map(([, id = '', text = '']) => [id, unpacked(text)]));
}
const metaOf = (html: string): PageMeta =>
  JSON.parse(chunksOf(html).get('chunk-meta')?.toString() ?? '') as PageMeta;

function rowsOf(html: string): unknown[] {
  const blocks = [...chunksOf(html)].filter(([id]) => id.startsWith('chunk-rows'));
  return blocks.flatMap(([, bytes]) =>
    bytes
      .toString()
      .split('\n')
      .map((json) => JSON.parse(json) as unknown),
  );
}

const line = (t: number, dir: string, rest: object): RecordingLine =>
  ({ t, connection: 1, dir, ...rest }) as unknown as RecordingLine;
const mic = (t: number, data = '<640 bytes -30 dB>') =>
  line(t, 'out', {
    frame: { realtimeInput: { audio: { data, mimeType: 'audio/pcm;rate=16000' } } },
  });
const model = (t: number, db: number) =>
  line(t, 'in', {
    frame: {
      serverContent: {
        modelTurn: {
          parts: [
            { inlineData: { data: `<1920 bytes ${db} dB>`, mimeType: 'audio/pcm;rate=24000' } },
          ],
        },
      },
    },
  });
const recordingOf = (lines: RecordingLine[], isTimed = true) => ({
  ...{ head: { format: 1 }, lines, isTimed, problems: [] },
  numbers: lines.map((_, index) => index + 1),
});

describe('a page', () => {
  it('allows its own script and style, and nothing from anywhere', () => {
    const html = renderPage({ ...call, title: 'call', assets: ASSETS });
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? '';
    const script = /<script>([^]*?)<\/script>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(script).digest('base64');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src 'sha256-${hash}';`);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(script).toBe('run("<\\/script>");');
    expect(html.match(/(?:src|href)="(?!data:)/g)).toBeNull();
  });

  it('holds what was said in no form that a browser could take for markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (noise) => {
        const text = `${noise}</script><script>alert(1)</script><!-- \u2028\ud800`;
        const frame = { serverContent: { inputTranscription: { text } } };
        const utterances = [{ itemId: 'u', from: 0, to: 1, text }];
        const levels = { caller: [], agent: [] };
        const report = { ...call.report, levels, utterances, durationMs: 1000 };
        const recording = recordingOf([line(0, 'in', { frame })]);
        const html = renderPage({ recording, report, title: text, assets: ASSETS });
        expect(html).not.toContain('alert(1)</script>');
        expect(html.match(/<script/g)?.length).toBe(chunksOf(html).size + 1);
        expect(html.match(/<!--/g)).toBeNull();
        expect(rowsOf(html)).toEqual([{ t: 0, connection: 1, dir: 'in', frame }]);
        expect(metaOf(html).report.utterances[0]?.text).toBe(text);
      }),
      { numRuns: 25 },
    );
  });

  it('blots out a secret that another client recorded', () => {
    const key = `AIza${'x'.repeat(35)}`;
    const recording = parseRecording(`{"dir":"out","frame":{"setup":{"note":"${key}"}}}\n`);
    const html = renderPage({ recording, report: call.report, title: 'a', assets: ASSETS });
    expect(JSON.stringify(rowsOf(html))).not.toContain(key);
  });

  it('has the levels and the queue of the call', () => {
    const html = renderPage({ ...call, title: 'call', assets: ASSETS });
    const chunks = chunksOf(html);
    const { levels, blocks, report } = metaOf(html);
    expect(chunks.get('chunk-caller-0')?.length).toBe(levels.caller);
    expect(levels.caller).toBe(Math.ceil(report.durationMs / 20));
    expect(chunks.get('chunk-queue')?.length).toBe(call.report.queue.length * 12);
    expect(chunks.get('chunk-kinds')?.length).toBe(blocks.reduce((sum, rows) => sum + rows, 0));
  });

  it('stays small: a minute is less than 40 KB beside the script', () => {
    const html = renderPage({ ...call, title: 'call', assets: ASSETS });
    expect(html.length).toBeLessThan(40_000);
  });

  it('can be written with the script as it is', async () => {
    const { script, style } = await pageAssets();
    expect(script).not.toMatch(
      /\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval)\b/,
    );
    expect(script).not.toMatch(/\b(?:fetch|XMLHttpRequest|WebSocket|sendBeacon|importScripts)\b/);
    expect(style).not.toMatch(/url\(|@import/);
  });
});

describe('rows', () => {
  it('fold audio into one for each second and direction, and nothing else', () => {
    const lines = [...Array(120).keys()].map((at) => mic(at * 20));
    const rows = foldRows(recordingOf(lines)).map(({ t, json }) => ({ t, ...JSON.parse(json) }));
    expect(rows.map(({ t, audio }) => [t, audio.frames, audio.ms])).toEqual([
      [0, 50, 1000],
      [1000, 50, 1000],
      [2000, 20, 400],
    ]);
    expect(rows[0].audio.peakDb).toBe(-30);
  });

  it('keep audio before an event apart from audio after it', () => {
    const done = { frame: { serverContent: { interrupted: true } } };
    const rows = foldRows(
      recordingOf([mic(0), model(5, -9), mic(20), line(30, 'in', done), mic(40)]),
    );
    const kinds = rows.map(({ kind }) => ROW_KINDS[kind]);
    expect(kinds).toEqual(['audio out', 'audio in', 'in', 'audio out']);
    expect(rows.map(({ t }) => t)).toEqual([0, 5, 30, 40]);
  });

  it('hold no audio that was recorded whole', () => {
    const data = 'AAEC'.repeat(200);
    const parts = [{ inlineData: { data, mimeType: 'audio/pcm;rate=24000' } }, { text: 'x' }];
    const bundled = line(1, 'in', { frame: { serverContent: { modelTurn: { parts } } } });
    const json = foldRows(recordingOf([mic(0, data), bundled]))
      .map((row) => row.json)
      .join();
    expect(json).not.toContain(data);
    expect(json.match(/<600 bytes -\d+ dB>/g)).toHaveLength(2);
  });

  it('never go back in time, and take what is no time as the one before', () => {
    const rest = { frame: {} };
    const times = [5, 3, NaN, Infinity, 9, 1e15].map((t) => line(t, 'in', rest));
    expect(foldRows(recordingOf(times)).map(({ t }) => t)).toEqual([5, 5, 5, 5, 9, 2 ** 32 - 1]);
  });

  it('are one after the other where no times were recorded', () => {
    const lines = [1, 2, 3].map(() => line(0, 'in', { frame: {} }));
    expect(foldRows(recordingOf(lines, false)).map(({ t }) => t)).toEqual([0, 20, 40]);
  });
});

describe('levels', () => {
  it('go into cells and come back', () => {
    for (const db of [-90, -33, 0]) expect(dbOf(cellOf(db))).toBe(db);
    expect(dbOf(cellOf(undefined))).toBeUndefined();
    expect(dbOf(0)).toBeUndefined();
  });

  it('keep the loudest of a cell, and end with the call', () => {
    const points = [
      { t: 0, ms: 40, db: -50 },
      { t: 30, ms: 20, db: -20 },
      { t: 90, ms: 40, db: -10 },
    ];
    expect([...levelCells(points, 100, 20)].map(dbOf)).toEqual([-50, -20, -20, undefined, -10]);
  });

  it('have longer cells in a longer recording, whatever it claims', () => {
    expect(stepFor(10 * 3_600_000)).toBe(20);
    expect(2 ** 32 / stepFor(2 ** 32)).toBeLessThanOrEqual(2_000_000);
  });

  it('stand where they would be heard, without what an interruption threw away', () => {
    const burst = [0, 1, 2, 3].map((t) => ({ t, ms: 100, db: -9 }));
    expect(asHeard(burst, []).map(({ t }) => t)).toEqual([0, 100, 200, 300]);
    expect(asHeard(burst, [150])).toEqual([
      { t: 0, ms: 100, db: -9 },
      { t: 100, ms: 50, db: -9 },
    ]);
    const later = [...burst, { t: 180, ms: 100, db: -5 }];
    expect(asHeard(later, [150]).at(-1)).toEqual({ t: 180, ms: 100, db: -5 });
  });
});
