// SPDX-License-Identifier: Apache-2.0
import type { Part } from '@google/genai';
import type { Backend, Capabilities } from '../models/capabilities.js';
import type { ServerContent, ServerFrame, WireUsage } from '../protocol/frames.js';
import type { Session } from './session_store.js';
import { OUTPUT_RATE, pcmBase64 } from './voice.js';

/** One piece of model output: what is sent, and how long it sounds. */
export interface Piece {
  readonly content: ServerContent;
  readonly audioMs: number;
  /** What part of the text it says, for the server's own memory. */
  readonly said: string;
}

/** What a model says, before it is cut into frames. */
export interface Utterance {
  readonly text: string;
  readonly pcm: Int16Array;
  /** Length of one piece of audio, in ms. */
  readonly chunkMs: number;
  /** Does the client want a transcript? */
  readonly transcribed: boolean;
  /** Audio and transcript in one frame, as newer models send them? */
  readonly bundled: boolean;
  /** Does the model write instead of speaking? */
  readonly written: boolean;
  readonly backend: Backend;
}

/** An utterance → pieces in the order of the wire, transcript slightly ahead of its audio. */
export function pieces(utterance: Utterance): Piece[] {
  const { transcribed, bundled, backend } = utterance;
  const words = deltas(utterance.text);
  if (utterance.written) return words.map((said) => textPiece(said, backend));
  const audio = audioPieces(utterance.pcm, utterance.chunkMs, backend);
  if (backend === 'vertex' && transcribed && !bundled) return [...transcript(words), ...audio];
  const result: Piece[] = [];
  let next = 0;
  for (const [index, piece] of audio.entries()) {
    const until = Math.ceil(((index + 1) * words.length) / audio.length);
    const said = words.slice(next, until).join('');
    next = until;
    if (said === '') {
      result.push(piece);
    } else if (!transcribed) {
      result.push({ ...piece, said });
    } else if (bundled) {
      const content = { ...piece.content, outputTranscription: { text: said } };
      result.push({ ...piece, content, said });
    } else {
      result.push({ content: { outputTranscription: { text: said } }, audioMs: 0, said }, piece);
    }
  }
  return result;
}

/** As recorded of a 2.5 model on Vertex AI: whole before the audio, with an empty piece at either end. */
function transcript(words: readonly string[]): Piece[] {
  if (words.length === 0) return [];
  const texts = words.map((said) => ({ piece: { text: said }, said }));
  const all = [{ piece: {}, said: '' }, ...texts, { piece: { finished: true }, said: '' }];
  return all.map(({ piece, said }) => {
    return { content: { outputTranscription: piece }, audioMs: 0, said };
  });
}

/** Vertex AI names the role and not the rate, the Gemini API the rate and not the role (recorded). */
function modelTurn(parts: Part[], backend: Backend): ServerContent {
  return { modelTurn: backend === 'vertex' ? { role: 'model', parts } : { parts } };
}

function textPiece(said: string, backend: Backend): Piece {
  return { content: modelTurn([{ text: said }], backend), audioMs: 0, said };
}

/** Samples (24 kHz) → pieces of at most `chunkMs`. */
export function audioPieces(pcm: Int16Array, chunkMs: number, backend: Backend): Piece[] {
  const mimeType = backend === 'vertex' ? 'audio/pcm' : `audio/pcm;rate=${OUTPUT_RATE}`;
  const size = Math.max(1, Math.round((OUTPUT_RATE * chunkMs) / 1000));
  const result: Piece[] = [];
  for (let start = 0; start < pcm.length; start += size) {
    const chunk = pcm.subarray(start, start + size);
    const inlineData = { mimeType, data: pcmBase64(chunk) };
    result.push({
      content: modelTurn([{ inlineData }], backend),
      audioMs: (chunk.length / OUTPUT_RATE) * 1000,
      said: '',
    });
  }
  return result;
}

/** A text → its words, each with the space before it, as transcripts stream in. */
export function deltas(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

/** Audio tokens per second, in and out (Live API guide). */
const TOKENS_PER_SECOND = 25;

/** What a turn cost: the whole context is counted again each time. */
export function usageOf(
  session: Session,
  setup: unknown,
  spokenMs: number,
  backend: Backend,
): WireUsage {
  const instructions = JSON.stringify(setup)?.length ?? 0;
  const said = session.history.reduce((sum, entry) => sum + entry.text.length, 0);
  const textTokens = Math.ceil((instructions + said) / 4);
  const heardTokens = Math.round((session.heardMs / 1000) * TOKENS_PER_SECOND);
  const spokenTokens = Math.round((spokenMs / 1000) * TOKENS_PER_SECOND);
  const prompt = textTokens + heardTokens;
  const promptTokensDetails = [
    { modality: 'TEXT', tokenCount: textTokens },
    ...(heardTokens > 0 ? [{ modality: 'AUDIO', tokenCount: heardTokens }] : []),
  ];
  const details = [{ modality: 'AUDIO', tokenCount: spokenTokens }];
  const answer = backend === 'vertex' ? 'candidates' : 'response';
  return {
    promptTokenCount: prompt,
    [`${answer}TokenCount`]: spokenTokens,
    totalTokenCount: prompt + spokenTokens,
    promptTokensDetails,
    [`${answer}TokensDetails`]: details,
  } as WireUsage;
}

/** The frames that end a turn. Usage shares the frame on older models, and follows on newer ones. */
export function boundary(
  row: Capabilities,
  content: ServerContent,
  usageMetadata: WireUsage | undefined,
): ServerFrame[] {
  const status = row.requestEnds === 'idle' && { interactionStatus: 'IDLE' };
  const serverContent: ServerContent = { turnComplete: true, ...status, ...content };
  if (!usageMetadata) return [{ serverContent }];
  if (row.usageAfterBoundary) return [{ serverContent }, { usageMetadata }];
  return [{ serverContent, usageMetadata }];
}
