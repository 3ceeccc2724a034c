// SPDX-License-Identifier: Apache-2.0
import type { Agent } from 'node:http';
import type { Endpoint } from '../options.js';

export interface Target {
  /** May carry a key: never log it. */
  url: string;
  headers: Record<string, string>;
  agent?: Agent | undefined;
}

/** Ephemeral tokens are documented for this version only. */
const TOKEN_VERSION = 'v1alpha';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** Address and headers of one dial. `bearer`: a credential made for this dial. */
export function target(endpoint: Endpoint, bearer: string | undefined): Target {
  const headers: Record<string, string> = { ...endpoint.headers };
  if (endpoint.backend === 'vertex') {
    const express = endpoint.apiKey !== undefined && !endpoint.tokenProvider;
    if (express) headers['x-goog-api-key'] = endpoint.apiKey ?? '';
    else if (bearer !== undefined) headers['authorization'] = `Bearer ${bearer}`;
    const path = `google.cloud.aiplatform.${endpoint.apiVersion}.LlmBidiService/BidiGenerateContent`;
    return { url: `${base(endpoint)}/ws/${path}`, headers };
  }
  const key = bearer ?? endpoint.apiKey ?? '';
  const isToken = key.startsWith('auth_tokens/');
  const version = isToken && !endpoint.apiVersionIsGiven ? TOKEN_VERSION : endpoint.apiVersion;
  const service = `google.ai.generativelanguage.${version}.GenerativeService`;
  if (isToken) {
    headers['authorization'] = `Token ${key}`;
    return { url: `${base(endpoint)}/ws/${service}.BidiGenerateContentConstrained`, headers };
  }
  const query = `key=${encodeURIComponent(key)}`;
  return { url: `${base(endpoint)}/ws/${service}.BidiGenerateContent?${query}`, headers };
}

function base({ backend, baseUrl, location }: Endpoint): string {
  if (baseUrl !== undefined) return baseUrl.replace(/^http/, 'ws').replace(/\/+$/, '');
  if (backend === 'gemini') return 'wss://generativelanguage.googleapis.com';
  if (location === 'global') return 'wss://aiplatform.googleapis.com';
  if (location === 'us' || location === 'eu')
    return `wss://aiplatform.${location}.rep.googleapis.com`;
  return `wss://${location}-aiplatform.googleapis.com`;
}

/** Everything of one dial; credentials are fetched anew, because calls outlive tokens. */
export async function dialTarget(endpoint: Endpoint): Promise<Target> {
  const { agent } = endpoint;
  return { ...target(endpoint, await accessToken(endpoint)), ...(agent && { agent }) };
}

async function accessToken(endpoint: Endpoint): Promise<string | undefined> {
  if (endpoint.tokenProvider) return endpoint.tokenProvider();
  if (endpoint.backend !== 'vertex' || endpoint.apiKey !== undefined) return undefined;
  if (Object.keys(endpoint.headers).some((name) => name.toLowerCase() === 'authorization')) {
    return undefined;
  }
  const { GoogleAuth } = await import('google-auth-library');
  const auth = new GoogleAuth({ scopes: SCOPE, ...endpoint.googleAuthOptions });
  return (await auth.getAccessToken()) ?? undefined;
}
