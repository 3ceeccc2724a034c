// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../src/errors.js';
import { Teller } from '../src/livekit/teller.js';
import { ManualClock } from './support/manual_clock.js';

type Logger = ConstructorParameters<typeof Teller>[3];

/** A teller whose log is kept. */
function teller() {
  const lines: { detail: Record<string, unknown>; text: string }[] = [];
  const log = (detail: unknown, text?: string): void => {
    if (typeof detail === 'string') lines.push({ detail: {}, text: detail });
    else lines.push({ detail: detail as Record<string, unknown>, text: text ?? '' });
  };
  const session = new EventEmitter();
  const logger = { warn: log, error: log } as unknown as Logger;
  const tell = new Teller(
    session as unknown as llm.RealtimeSession,
    'l',
    { clock: new ManualClock(), recorder: undefined },
    logger,
  );
  return { tell, session, lines };
}

/** Logged words outside of fields that telemetry takes for private. */
const shown = (lines: ReturnType<typeof teller>['lines']): string =>
  JSON.stringify(
    lines.map(({ detail, text }) => [
      text,
      Object.entries(detail).filter(([key]) => !key.startsWith('lk.pii.')),
    ]),
  );

describe('the log keeps words of the call to private fields', () => {
  it('when a listener throws what it was told', () => {
    const { tell, session, lines } = teller();
    session.on('gemini_report', () => {
      throw new Error('I choked on "my PIN is 1234"');
    });
    tell.report('thought', 'my PIN is 1234');
    expect(lines).toHaveLength(1);
    expect(shown(lines)).not.toContain('1234');
    expect(lines[0]!.detail['lk.pii.error']).toContain('1234');
  });

  it.each([Object.create(null), undefined, 'a string', { toString: null }])(
    'whatever a listener throws (%#)',
    (thrown) => {
      const { tell, session, lines } = teller();
      session.on('x', () => {
        throw thrown;
      });
      expect(() => tell.emit('x', {})).not.toThrow();
      expect(lines).toHaveLength(1);
    },
  );

  it.each([{ attempt: 1, afterMs: 10 }, undefined])(
    "when the service's reason quotes them (retry: %j)",
    (retry) => {
      const { tell, session, lines } = teller();
      const errors: { error: Error }[] = [];
      session.on('error', (event: { error: Error }) => errors.push(event));
      const reason = 'Cannot read: my PIN is 1234';
      const failure: Failure = {
        kind: 'setup',
        message: `The service refused a message. (1007 mid-session: ${reason})`,
        hint: 'Look.',
        retryable: true,
        ...{ code: 1007, reason, phase: 'session' },
      };
      tell.error(failure, retry);
      expect(shown(lines)).not.toContain('1234');
      expect(lines[0]!.text).toContain('The service refused a message. (1007 mid-session)');
      expect(lines[0]!.detail['lk.pii.reason']).toBe(reason);
      expect(errors[0]!.error.message).toContain(reason);
    },
  );
});
