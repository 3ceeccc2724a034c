// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import type { Clock } from '../clock.js';
import type { Settings } from '../options.js';
import type { Command } from '../protocol/encode.js';
import type { Effect } from '../turn/effects.js';
import type { TurnState } from '../turn/state.js';
import { Caller, type CallerEvents } from './caller.js';
import type { Environment } from './environment.js';
import { Machine, type MachineEvents } from './machine.js';
import { Meter } from './meter.js';
import { Output, type OutputEvents } from './output.js';
import { perform } from './performer.js';
import { turnRules } from './rules.js';
import { Sync } from './sync.js';
import type { Teller } from './teller.js';
import { ToolCalls } from './tool_calls.js';

/** The rooms of one session, and what they tell each other. */
export class Rooms implements OutputEvents, MachineEvents, CallerEvents {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly tell: Teller;
  readonly output: Output;
  readonly sync: Sync;
  readonly calls: ToolCalls;
  readonly meter: Meter;
  readonly machine: Machine;
  readonly caller: Caller;

  /** @param byHand the app or the framework marks the caller's turns */
  constructor(
    settings: Settings,
    env: Environment,
    tell: Teller,
    model: llm.RealtimeModel,
    byHand: boolean,
  ) {
    this.settings = settings;
    this.clock = env.clock;
    this.tell = tell;
    this.output = new Output(settings, env.clock, this);
    this.sync = new Sync(settings, env, this);
    this.calls = new ToolCalls(this);
    this.meter = new Meter(settings, model, this.sync.health, tell);
    this.machine = new Machine(env, turnRules(settings), this);
    this.caller = new Caller(settings, byHand, env.clock, this);
  }

  /** Settings have changed. */
  refresh(): void {
    this.machine.rules = turnRules(this.settings);
    this.sync.news.refresh();
  }

  created(event: llm.GenerationCreatedEvent): void {
    this.tell.emit('generation_created', event);
  }

  underrun(ms: number): void {
    this.sync.health.underrun(ms);
  }

  perform(effect: Effect): void {
    perform(effect, this);
  }

  settled(): void {
    this.sync.link.flush();
    this.sync.link.checkRotation();
    this.caller.look();
  }

  send(command: Command): void {
    this.sync.link.send(command);
  }

  takeBack(): boolean {
    return this.sync.link.takeBackAudio();
  }

  committed(): void {
    this.machine.input({ type: 'turnCommitted' });
  }

  discarded(): void {
    this.machine.input({ type: 'turnDiscarded' });
  }

  loud(): void {
    this.machine.input({ type: 'callerLoud' });
  }

  missing(): void {
    this.tell.report('no_caller_audio');
  }

  state(): TurnState {
    return this.machine.state;
  }

  warnOnce(text: string): void {
    this.tell.warnOnce(text);
  }
}
