// SPDX-License-Identifier: Apache-2.0
import { optionsError } from './errors.js';
import type { Backend, Capabilities } from './models/capabilities.js';
import type { Endpoint, Environment, RealtimeModelOptions } from './options.js';

/** Where and with which credentials a session dials. */
export function chooseEndpoint(
  options: RealtimeModelOptions,
  backend: Backend,
  row: Capabilities,
  env: Environment,
): Endpoint {
  const auth = options.googleAuthOptions;
  const express = backend === 'vertex' && options.apiKey !== undefined;
  // An explicit key is express mode; a key from the environment belongs to the other service.
  const apiKey =
    options.apiKey ??
    (backend === 'gemini'
      ? env['GOOGLE_API_KEY'] || env['GEMINI_API_KEY'] || undefined
      : undefined);
  const project = express
    ? undefined
    : (options.project ??
      (env['GOOGLE_CLOUD_PROJECT'] || undefined) ??
      auth?.projectId ??
      undefined);
  const http = options.httpOptions ?? {};
  const endpoint = { backend, apiKey, project, baseUrl: http.baseUrl || undefined };
  reachable(endpoint, options.tokenProvider !== undefined);
  // Express mode has no region; the fields of both options are unknown elsewhere, even as false.
  const region = express ? 'global' : env['GOOGLE_CLOUD_LOCATION'] || 'us-central1';
  const dialog = options.enableAffectiveDialog ?? options.proactivity;
  const special = dialog !== undefined ? row.optionApiVersion : null;
  return {
    backend,
    apiKey,
    project,
    baseUrl: endpoint.baseUrl,
    location: options.location ?? region,
    apiVersion: options.apiVersion ?? http.apiVersion ?? special ?? row.apiVersion,
    headers: { ...http.headers },
    googleAuthOptions: auth,
    apiVersionIsGiven: (options.apiVersion ?? http.apiVersion) !== undefined,
    tokenProvider: options.tokenProvider,
    agent: options.agent,
  };
}

type Address = Pick<Endpoint, 'backend' | 'apiKey' | 'project' | 'baseUrl'>;

/** Refuses what could only fail at the first dial. */
function reachable({ backend, apiKey, project, baseUrl }: Address, hasProvider: boolean): void {
  if (backend === 'gemini' && !apiKey && !hasProvider) {
    throw optionsError(
      'No API key for the Gemini API.',
      'Pass apiKey, or set GOOGLE_API_KEY or GEMINI_API_KEY; for Vertex AI set vertexai: true.',
    );
  }
  if (backend === 'vertex' && !apiKey && !project) {
    throw optionsError(
      'No Google Cloud project for Vertex AI.',
      'Pass project, or set GOOGLE_CLOUD_PROJECT; with an API key pass apiKey (express mode).',
    );
  }
  if (backend === 'vertex' && apiKey?.startsWith('auth_tokens/')) {
    throw optionsError(
      'Vertex AI takes no ephemeral tokens.',
      'Set vertexai: false, or give credentials of Google Cloud.',
    );
  }
  if (baseUrl !== undefined && !/^(http|ws)s?:\/\/[^/]/i.test(baseUrl)) {
    throw optionsError(
      `httpOptions.baseUrl is '${baseUrl}'.`,
      "Give a whole address, such as 'https://proxy.example'.",
    );
  }
}
